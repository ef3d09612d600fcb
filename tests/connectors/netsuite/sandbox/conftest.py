"""The twin over real HTTP: uvicorn in a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.netsuite.sandbox import create
from tests.connectors.netsuite.sandbox.served import Served, fresh
from tests.served import Host, serving


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def ns(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served
