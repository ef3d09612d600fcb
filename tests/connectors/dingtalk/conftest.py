"""The twin over real HTTP: uvicorn in a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.dingtalk.sandbox import create
from tests.connectors.dingtalk.sandbox.served import Client, fresh
from tests.served import Host, serving


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def twin(host: Host) -> Iterator[Client]:
    with fresh(host) as client:
        yield client
