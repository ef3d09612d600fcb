"""The twin over real HTTP: uvicorn in a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.dynamics.sandbox import create
from tests.connectors.dynamics.sandbox.inbox import Inbox, listening
from tests.connectors.dynamics.sandbox.served import Served, fresh
from tests.served import Host, serving


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def d365(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with listening() as inbox:
        yield inbox
