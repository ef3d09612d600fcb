"""A fresh twin of each vendor for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.sources.desk import Desk, Reader
from tests.connectors.sources.twins import VENDORS, hosting, standing
from tests.connectors.sources.vendor import Vendor
from tests.served import Host


@pytest.fixture(scope="session")
def hosts() -> Iterator[dict[str, Host]]:
    with hosting() as hosts:
        yield hosts


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest, hosts: dict[str, Host]) -> Iterator[Vendor]:
    with standing(hosts, str(request.param)) as vendor:
        yield vendor


@pytest.fixture
def reader(vendor: Vendor) -> Reader:
    desk = Desk()
    return Reader(vendor.client(desk), vendor.kind, desk)
