from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from tests.worker.stand_ins import SEALER, rows
from worker.ledger.engine import MICROSECONDS, Ledger, LedgerFault, now
from worker.ledger.tables import meter, schedule

ROOT = Path(__file__).parents[2]
WRITES = 60
WRITER = """
import sys
from sqlalchemy import insert, select, update
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer
from worker.ledger.tables import meter, schedule
url, name, writes = sys.argv[1], sys.argv[2], int(sys.argv[3])
ledger = Ledger(url, Sealer(b"k" * 32))
for n in range(writes):
    with ledger.write() as connection:
        used = connection.execute(select(meter.c.used)).scalar_one()
        connection.execute(insert(schedule).values(name=f"{name} {n}", due_at=n))
        connection.execute(update(meter).values(used=used + 1))
"""


def count_to(ledger: Ledger, number: int) -> None:
    with ledger.write() as connection:
        connection.execute(insert(meter).values(budget="all", used=number, allowed=0, observed_at=0))


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_writers_of_several_processes_and_threads_lose_nothing(ledger: Ledger) -> None:
    count_to(ledger, 0)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, ledger.url, name, str(WRITES)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]

    def here(name: str) -> None:
        for n in range(WRITES):
            with ledger.write() as connection:
                used = connection.execute(select(meter.c.used)).scalar_one()
                connection.execute(insert(schedule).values(name=f"{name} {n}", due_at=n))
                connection.execute(meter.update().values(used=used + 1))

    threads = [threading.Thread(target=here, args=(name,)) for name in ("three", "four")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    errors = [process.communicate(timeout=40)[1] for process in processes]
    assert errors == [b"", b""]
    (total,) = rows(ledger, meter)
    assert total.used == 4 * WRITES
    assert len(rows(ledger, schedule)) == 4 * WRITES


def test_an_error_rolls_the_whole_write_back(ledger: Ledger) -> None:
    def write(*names: str) -> None:
        with ledger.write() as connection:
            for name in names:
                connection.execute(insert(schedule).values(name=name, due_at=len(name)))
            if "ours" in names:
                raise KeyError

    with pytest.raises(KeyError):
        write("a", "ours")
    assert rows(ledger, schedule) == []
    with pytest.raises(IntegrityError):
        write("a", "b", "a")
    assert rows(ledger, schedule) == []
    with ledger.write() as connection:
        connection.execute(insert(schedule).values(name="a", due_at=3))
    assert [row.due_at for row in rows(ledger, schedule)] == [3]


def test_a_read_sees_what_is_committed_and_nothing_else(ledger: Ledger) -> None:
    with ledger.read() as reading:
        with ledger.write() as connection:
            connection.execute(insert(schedule).values(name="a", due_at=1))
            assert reading.execute(select(schedule.c.name)).all() == []
        assert reading.execute(select(schedule.c.name)).all() == [("a",)]


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_commit_is_on_disk_and_readers_do_not_stop_it(ledger: Ledger) -> None:
    with ledger.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL


def test_the_clock_counts_microseconds(ledger: Ledger) -> None:
    with ledger.read() as connection:
        assert abs(ledger.now(connection) - now()) < MICROSECONDS
    assert 1_700_000_000 < now() / MICROSECONDS < 4_000_000_000


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://user:hidden@host/db", "names 'mysql'; the ledger runs on sqlite or postgresql"),
        ("oracle://host", "names 'oracle'"),
        ("user:hidden@host", "is no database URL"),
        ("", "is no database URL"),
        ("sqlite://", "in memory; the ledger needs a file"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_another_database_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(LedgerFault, match=sentence) as told:
        Ledger(url, SEALER)
    assert "hidden" not in str(told.value)


def test_nothing_is_made_before_the_first_connection(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", SEALER).close()
    assert list(tmp_path.iterdir()) == []


def test_an_error_does_not_carry_values_into_a_log(ledger: Ledger) -> None:
    values = [{"name": "a-name-of-somebody", "due_at": 1}] * 2
    with pytest.raises(IntegrityError) as told, ledger.write() as connection:
        connection.execute(insert(schedule), values)
    assert "somebody" not in str(told.value)
