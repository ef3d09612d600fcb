"""The ledger at 10 thousand events and at 1 million: what claims and `explain` take."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from connectors.contract import Delivery, Outcome
from tests.bench.events import ROUTES, bridge, destination, event
from tests.bench.figures import Report, at_most
from tests.bench.inside import decide_all, inside, receive
from worker.explain import explain
from worker.ledger import arrivals, outbox, settling
from worker.ledger.engine import now
from worker.ledger.plans import Plans
from worker.ledger.tables import inbox, metadata
from worker.ledger.waiting import waiting
from worker.wiring import Wiring

SMALL, LARGE = 10_000, 1_000_000
MOST_TIMES = 1.5
FRESH = 64
FIRST_ASKED = 90_000_001
ASKED = 60
TRIES = 200
TOGETHER = 100
HOOKS = {"HOOK": "http://127.0.0.1:9/robot/send?access_token=bench"}
FIRST = {
    "inbox": "seq <= 100",
    "snapshot": "seq <= 100",
    "notice": "id <= 50",
    "message": "id <= 50",
    "message_notice": "message_id <= 50",
    "trail": "id <= 150",
}
"""What the first hundred events left in each table."""


def run(report: Report, folder: Path) -> None:
    """Fill two ledgers, and ask them in turn, so that both meet the same moments of the machine."""
    section = report.section()
    file = bridge(destination("sink"), ROUTES)
    with inside(folder / "small", file, HOOKS) as small, inside(folder / "large", file, HOOKS) as large:
        at = time.monotonic()
        for wiring, count in ((small, SMALL), (large, LARGE)):
            _begin(wiring)
            _fill(wiring.settings.state_dir / "ledger.sqlite3", count)
            _freshen(wiring)
        filled = time.monotonic() - at
        events = [_reading(wiring, _count) for wiring in (small, large)]
        took = _compared(small, large)
        size = (folder / "large" / "ledger.sqlite3").stat().st_size
    section.end()
    for name, (of_small, of_large) in took.items():
        section.tell(
            f"{name}_at_1m_rows",
            of_large / of_small,
            "times at 10k",
            at_most(MOST_TIMES),
            at_10k_ms=round(of_small, 3),
            at_1m_ms=round(of_large, 3),
            events=events,
            of="lower quartile of turns, which other processes disturb least",
            ledger_gb=round(size / 1e9, 2),
            filling_s=round(filled),
        )


def _begin(wiring: Wiring) -> None:
    """Some events go the whole way, and are what the rest is copied from."""
    receive(wiring, [event(number) for number in range(100)])
    decide_all(wiring)
    with wiring.ledger.write() as connection:
        waits = waiting(wiring.ledger, connection, "sink", (0, 1, 2, 3), 100)
        frozen = [
            outbox.Frozen("sink", f"{one.id:032x}", 2, b"x" * 500, (one.id,), 0, repeatable=True, sending=True)
            for one in waits
        ]
        at = now()
        ids = outbox.frame(wiring.ledger, connection, frozen, "bench", at, at + 10**7)
        told = Delivery(Outcome.DELIVERED, "0", "ok")
        settling.settle(
            wiring.ledger, connection, [settling.Settled(id_, "sink", told, at, None) for id_ in ids], "bench"
        )


def _fill(database: Path, count: int) -> None:
    """Copy the first hundred events with all that became of them until there are `count`.

    A copy has ids, keys and numbers of its own; its sealed columns are those of the original, which nothing that is
    measured opens but `explain`, and that asks only for records whose sealed columns are their own.
    """
    line = sqlite3.connect(database, isolation_level=None)
    line.execute("PRAGMA synchronous=OFF")
    line.execute("PRAGMA cache_size=-1000000")
    for table, key in FIRST.items():
        line.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table} WHERE {key}")  # noqa: S608 - names of our own
    blocks = range(1, count // 100)
    for start in range(0, len(blocks), TOGETHER):
        line.execute("BEGIN IMMEDIATE")
        for table in FIRST:
            line.executemany(_copy(table), [{"n": block} for block in blocks[start : start + TOGETHER]])
        line.execute("COMMIT")
    line.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    line.close()


def _copy(table: str) -> str:
    names = [column.name for column in metadata.tables[table].columns]
    values = ", ".join(_OTHER[table].get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table} ({columns}) SELECT {values} FROM first_{table}"  # noqa: S608 - names of our own


_RECORD = "'R' || (substr(record_id, 2) + 1000 * :n)"
_SEQ = {"seq": "seq + 100 * :n"}
_NOTICE, _MESSAGE = ({name: f"{name} + 50 * :n"} for name in ("notice_id", "message_id"))
_OTHER: Mapping[str, Mapping[str, str]] = {
    "inbox": {**_SEQ, "record_id": _RECORD},
    "snapshot": {**_SEQ, "record_id": _RECORD, "number": "'EV-' || (substr(number, 4) + 1000 * :n)"},
    "notice": {**_SEQ, "id": "id + 50 * :n", "subject": "randomblob(16)"},
    "message": {"id": "id + 50 * :n", "key": "hex(randomblob(16))"},
    "message_notice": {**_NOTICE, **_MESSAGE},
    "trail": {**_SEQ, **_NOTICE, **_MESSAGE, "id": "id + 150 * :n"},
}
"""What a copy has of its own."""


def _freshen(wiring: Wiring) -> None:
    """Add events that have gone the whole way but for being sent, and some that are undecided."""
    receive(wiring, [event(FIRST_ASKED + n) for n in range(ASKED)])
    decide_all(wiring)
    receive(wiring, [event(FIRST_ASKED + ASKED + n) for n in range(FRESH)])


def _compared(small: Wiring, large: Wiring) -> dict[str, tuple[float, float]]:
    """Milliseconds of each question, of the small ledger and of the large one."""
    actions: dict[str, tuple[int, Callable[[Wiring], Callable[[], object]]]] = {
        "claim_events": (TRIES, lambda wiring: lambda: _reading(wiring, _events)),
        "claim_messages": (TRIES, lambda wiring: lambda: _reading(wiring, _messages)),
        "tick": (TRIES, lambda wiring: lambda: _reading(wiring, _tick)),
        "explain": (ASKED, lambda wiring: _asking(wiring, (f"EV-{FIRST_ASKED + n}" for n in range(ASKED)))),
        "explain_unknown": (ASKED, lambda wiring: _asking(wiring, (f"SO-{n}" for n in range(ASKED)))),
    }
    return {name: _in_turn(tries, make(small), make(large)) for name, (tries, make) in actions.items()}


def _in_turn(tries: int, small: Callable[[], object], large: Callable[[], object]) -> tuple[float, float]:
    pairs = [(_ms(small), _ms(large)) for _ in range(tries)]
    of_small, of_large = (statistics.quantiles(times, n=4)[0] for times in zip(*pairs, strict=True))
    return of_small, of_large


def _asking(wiring: Wiring, numbers: Iterator[str]) -> Callable[[], object]:
    plans = Plans(wiring.ledger)
    return lambda: explain(wiring.ledger, next(numbers), plans, datetime.now(UTC))


def _reading(wiring: Wiring, ask: Callable[[Wiring, Any], object]) -> object:
    with wiring.ledger.read() as connection:
        return ask(wiring, connection)


def _count(_: Wiring, connection: Any) -> object:
    return connection.execute(select(func.count()).select_from(inbox)).scalar_one()


def _events(_: Wiring, connection: Any) -> object:
    return arrivals.undecided(connection, frozenset(range(arrivals.SHARDS)), FRESH)


def _messages(wiring: Wiring, connection: Any) -> object:
    outbox.due(wiring.ledger, connection, ["sink"], now(), FRESH)
    return waiting(wiring.ledger, connection, "sink", (0, 1, 2, 3), FRESH)


def _tick(_: Wiring, connection: Any) -> object:
    arrivals.backlog(connection)
    outbox.any_lost(connection, now())
    return arrivals.oldest_undecided(connection), outbox.any_waiting(connection, now())


def _ms(act: Callable[[], object]) -> float:
    at = time.perf_counter()
    act()
    return (time.perf_counter() - at) * 1000
