"""A scripted vendor of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.dynamics.dataverse.parts import Desk
from tests.connectors.dynamics.dataverse.vendor import Vendor, vending


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vending() as vendor:
        yield vendor


@pytest.fixture
def desk() -> Desk:
    return Desk()
