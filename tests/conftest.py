"""Fixtures that more than one package uses."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.postgres import running
from worker.embedded import EmbeddedValkey

# How long an example takes says more of the machine than of the code; and what is checked before a change lands is the
# same each time. `--hypothesis-profile=default` looks for new examples.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


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


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Undo what a command that ran in this process did to the log: its stderr is closed when its test ends."""
    yield
    structlog.reset_defaults()
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(handler)
