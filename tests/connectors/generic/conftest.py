from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.generic.sandbox import create
from tests.connectors.generic.sandbox.served import Served, fresh
from tests.served import Host, serving


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def erp(host: Host) -> Iterator[Served]:
    """A company at the beginning of its day."""
    with fresh(host) as served:
        yield served
