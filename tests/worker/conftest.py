"""A ledger and a Redis for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from pipelines.plan import Attestation, Route
from tests.postgres import Tables, new_database
from tests.worker import ledgers
from tests.worker.bureau import Clock
from tests.worker.office import Office
from tests.worker.repairs import Open
from tests.worker.shelf import Desk, Shelf
from tests.worker.stand_ins import SEALER, Chat, plan_of
from worker.ledger import migrate
from worker.ledger.engine import Ledger
from worker.ledger.tables import metadata
from worker.limiter import Limiter
from worker.members import Members

NUMBERS = count()


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger's file with empty tables, once, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "ledger.sqlite3"
    ledger = Ledger(f"sqlite:///{path}", SEALER)
    migrate.upgrade(ledger)
    ledger.close()
    return path


@pytest.fixture(scope="session")
def tables_of_postgres(postgres: str) -> Iterator[Tables]:
    with new_database(postgres) as url:
        tables = Tables(url)
        yield tables
        tables.close()


@pytest.fixture
def uncounted(postgres: str) -> Iterator[Ledger]:
    """A ledger of whose rows PostgreSQL knows nothing, from no other test and not by itself in between."""
    with new_database(postgres) as url:
        ledger = Ledger(url, SEALER)
        migrate.upgrade(ledger)
        with ledger.write() as connection:
            for table in metadata.tables:
                connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
        yield ledger
        ledger.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an empty ledger; a test that asks for it runs on both engines."""
    if request.param == "postgresql":
        kept: Tables = request.getfixturevalue("tables_of_postgres")
        return kept.empty()
    tables: Path = request.getfixturevalue("tables")
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(tables, path)
    return f"sqlite:///{path}"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = Ledger(ledger_url, SEALER)
    yield ledger
    ledger.close()


@pytest.fixture
def prefix() -> str:
    """Return a prefix of Redis keys that no other test has."""
    return f"test-{os.getpid()}-{next(NUMBERS)}"


@pytest.fixture
def client(valkey: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def limiter(client: redis.Redis, prefix: str) -> Limiter:
    return Limiter(client, prefix=prefix)


@pytest.fixture
def bridge(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    with ExitStack() as stack:

        def start(*routes: Route, word: Attestation | None = None) -> ledgers.Bridge:
            plan = ledgers.plan_of(*(routes or (ledgers.ROUTE,)), word=word)
            return stack.enter_context(ledgers.opened(ledger_url, monkeypatch, plan))

        yield start


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def office(ledger: Ledger, limiter: Limiter, chat: Chat) -> Office:
    return Office(ledger, limiter, plan_of(), [chat])


@pytest.fixture
def members(client: redis.Redis, prefix: str) -> Iterator[Members]:
    alive = Members(client, name="w1", prefix=prefix)
    alive.beat()
    yield alive
    alive.stop()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter, shelf: Shelf) -> Desk:
    return Desk(ledger, limiter, shelf)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Ledger, "now", lambda *_: clock.micros())
    monkeypatch.setattr("worker.senders.now", clock.micros)
    return clock
