"""The twin over real HTTP: uvicorn in a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.salesforce.sandbox.served import Host, Served


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    host = Host()
    host.start()
    yield host
    host.stop()


@pytest.fixture
def sf(host: Host) -> Iterator[Served]:
    with host.fresh() as served:
        yield served
