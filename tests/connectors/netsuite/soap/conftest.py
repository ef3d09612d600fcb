"""A scripted vendor of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.netsuite.soap.parts import Desk
from tests.connectors.netsuite.soap.vendor import Vendor, currency, got, vending


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vending() as vendor:
        vendor.on("getList", got(currency("1", "HKD")))
        yield vendor


@pytest.fixture
def desk() -> Desk:
    return Desk()
