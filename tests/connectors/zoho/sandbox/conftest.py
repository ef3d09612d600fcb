"""One server for all tests of the twin, a fresh organisation for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.zoho.sandbox import create
from tests.connectors.zoho.sandbox.served import Served, fresh
from tests.served import Host, serving


@pytest.fixture(scope="session")
def zoho_host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def crm(zoho_host: Host) -> Iterator[Served]:
    with fresh(zoho_host) as served:
        yield served
