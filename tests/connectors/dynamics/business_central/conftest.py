from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.dynamics.business_central.parts import Desk
from tests.connectors.dynamics.business_central.vendor import Vendor, vending


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vending() as vendor:
        yield vendor


@pytest.fixture
def desk() -> Desk:
    return Desk()
