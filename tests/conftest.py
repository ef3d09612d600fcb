"""Fixtures that more than one package uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import running
from worker.embedded import EmbeddedValkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real Valkey for the whole session: its URL, unix://path. Tests part by key prefix or flush it."""
    directory: Path = tmp_path_factory.mktemp("valkey")
    with EmbeddedValkey(directory) as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Run a real PostgreSQL for the whole session: the URL of a database from which others can be made."""
    with running() as url:
        yield url
