from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.postgres import new_database
from tests.worker.stand_ins import SEALER
from worker.ledger import migrate, version
from worker.ledger.engine import Ledger, LedgerFault

ROOT = Path(__file__).parents[2]
MIGRATOR = """
import sys
from worker.ledger import migrate, version
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer
sys.stdin.readline()
print(migrate.upgrade(Ledger(sys.argv[1], Sealer(b"k" * 32))))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
        return
    with new_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def fresh(fresh_url: str) -> Ledger:
    return Ledger(fresh_url, SEALER)


def test_the_migrations_make_the_tables_of_the_program(fresh: Ledger) -> None:
    assert migrate.upgrade(fresh) == version.NEEDED
    with fresh.read() as connection:
        assert migrate.differences(connection) == []
    fresh.close()


def test_a_second_run_changes_nothing(ledger: Ledger) -> None:
    assert migrate.upgrade(ledger) == migrate.upgrade(ledger) == version.NEEDED
    with ledger.read() as connection:
        assert migrate.differences(connection) == []


def test_processes_may_migrate_at_once(fresh_url: str) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, fresh_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write(b"\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=40) for racer in racers]
    assert said == [(f"{version.NEEDED}\n".encode(), b"")] * 3


def test_the_ledger_of_a_newer_program_is_left_alone(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.LedgerNewer, match="version 9999, which this program does not know"):
        migrate.upgrade(ledger)
    assert not version.fits(ledger)
    with pytest.raises(LedgerFault, match="has version 9999"):
        version.require(ledger)


def test_a_ledger_fits_when_it_answers_and_has_the_version(ledger: Ledger, tmp_path: Path) -> None:
    assert version.fits(ledger)
    version.require(ledger)
    nowhere = Ledger(f"sqlite:///{tmp_path / 'missing' / 'ledger.sqlite3'}", SEALER)
    assert not version.fits(nowhere)
    with pytest.raises(LedgerFault, match=r"cannot be opened: unable to open database file; check DATABASE_URL"):
        version.require(nowhere)


def test_a_ledger_without_tables_is_told_how_to_get_them(fresh: Ledger) -> None:
    assert not version.fits(fresh)
    with pytest.raises(
        LedgerFault, match=r"has no tables, and this program needs version .*: run dingbridge db upgrade"
    ):
        version.require(fresh)
    fresh.close()


def test_a_file_that_is_no_database_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(path) as plain:
        plain.execute("SELECT 1 FROM sqlite_master")
    ledger = Ledger(f"sqlite:///{path}", SEALER)
    assert not version.fits(ledger)
    with pytest.raises(LedgerFault, match="file is not a database"):
        version.require(ledger)
    ledger.close()
