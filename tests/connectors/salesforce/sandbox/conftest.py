"""The twin over real HTTP: uvicorn in a thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.salesforce.sandbox.served import Served, serve


@pytest.fixture
def sf() -> Iterator[Served]:
    with serve() as served:
        yield served
