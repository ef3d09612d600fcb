"""The ledger at 10 thousand events and at 1 million: what claims and `explain` take."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update

from tests.bench.events import ROUTES, bridge, destination, event
from tests.bench.figures import Report, at_most
from tests.bench.inside import decide_all, inside, receive
from worker.explain import explain
from worker.ledger import arrivals, outbox
from worker.ledger.engine import now
from worker.ledger.plans import Plans
from worker.ledger.tables import NoticeState, notice
from worker.wiring import Wiring

SMALL, LARGE = 10_000, 1_000_000
MOST_TIMES = 1.5
FRESH = 64
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
    """Fill, measure, fill on, measure again."""
    section = report.section()
    with inside(folder / "growth", bridge(destination("sink"), ROUTES), HOOKS) as wiring:
        database = folder / "growth" / "ledger.sqlite3"
        at = time.monotonic()
        _begin(wiring)
        small = _grown(wiring, database, SMALL)
        large = _grown(wiring, database, LARGE)
        took = time.monotonic() - at
        size = database.stat().st_size
    section.end()
    for name in small:
        section.tell(
            f"{name}_at_1m_rows",
            large[name] / small[name],
            "times at 10k",
            at_most(MOST_TIMES),
            at_10k_ms=round(small[name], 3),
            at_1m_ms=round(large[name], 3),
            ledger_gb=round(size / 1e9, 2),
            filled_and_measured_s=round(took),
        )


def _begin(wiring: Wiring) -> None:
    """Some events go the whole way, and are what the rest is copied from."""
    receive(wiring, [event(number) for number in range(100)])
    decide_all(wiring)
    with wiring.ledger.write() as connection:
        waits = outbox.waiting(wiring.ledger, connection, "sink", (0, 1, 2, 3), 100)
        frozen = [
            outbox.Frozen("sink", f"{one.id:032x}", 2, b"x" * 500, (one.id,), 0, repeatable=True, sending=True)
            for one in waits
        ]
        at = now()
        ids = outbox.frame(wiring.ledger, connection, frozen, "bench", at, at + 10**7)
        told = outbox.Delivery(outbox.Outcome.DELIVERED, "0", "ok")
        outbox.settle(connection, [outbox.Settled(id_, "sink", told, at, None) for id_ in ids], "bench")


def _grown(wiring: Wiring, database: Path, count: int) -> dict[str, float]:
    _fill(database, count)
    return _measured(wiring, count)


def _fill(database: Path, count: int) -> None:
    """Copy the first hundred events with all that became of them until there are `count`.

    A copy has ids, keys and numbers of its own; its sealed columns are those of the original, which nothing that is
    measured opens but `explain`, and that asks only for records whose sealed columns are their own.
    """
    line = sqlite3.connect(database, isolation_level=None)
    line.execute("PRAGMA synchronous=OFF")
    line.execute("PRAGMA cache_size=-1000000")
    for table, key in FIRST.items():
        line.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table} WHERE {key}")
    have = line.execute("SELECT max(seq) FROM inbox").fetchone()[0]
    blocks = range(have // 100 + (have > 100), count // 100)
    for start in range(0, len(blocks), TOGETHER):
        line.execute("BEGIN IMMEDIATE")
        for table in FIRST:
            line.executemany(_COPIES[table], [{"n": block} for block in blocks[start : start + TOGETHER]])
        line.execute("COMMIT")
    line.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    line.close()


_COPIES = {
    "inbox": """
        INSERT INTO inbox SELECT seq + 100 * :n, source, kind, 'R' || (substr(record_id, 2) + 1000 * :n), version, digest,
        stamp, received_at, pushed, baseline, shard, state, data_key, payload FROM first_inbox""",
    "snapshot": """
        INSERT INTO snapshot SELECT source, kind, 'R' || (substr(record_id, 2) + 1000 * :n), seq + 100 * :n, stamp,
        'EV-' || (substr(number, 4) + 1000 * :n), url, deleted, data_key, payload FROM first_snapshot""",
    "notice": """
        INSERT INTO notice SELECT id + 50 * :n, seq + 100 * :n, route, destination, randomblob(16), lane, state, reason,
        detail, created_at, source_at, again, payload FROM first_notice""",
    "message": """
        INSERT INTO message SELECT id + 50 * :n, destination, hex(randomblob(16)), lane, state, due_at, owner, lease_until,
        attempts, framed_at, first_sent_at, settled_at, outcome, code, reason, repeatable, facts, withheld, data_key,
        payload FROM first_message""",
    "message_notice": """
        INSERT INTO message_notice SELECT message_id + 50 * :n, notice_id + 50 * :n FROM first_message_notice""",
    "trail": """
        INSERT INTO trail SELECT id + 150 * :n, at, step, seq + 100 * :n, notice_id + 50 * :n, message_id + 50 * :n,
        reason, detail, payload FROM first_trail""",
}


def _measured(wiring: Wiring, count: int) -> dict[str, float]:
    """Milliseconds of each, the lower quartile of many, which other processes disturb least, on a ledger of `count` events of which a few are fresh."""
    first = 10_000_000 + count
    receive(wiring, [event(first + n) for n in range(ASKED)])
    decide_all(wiring)
    receive(wiring, [event(first + ASKED + n) for n in range(FRESH)])
    plans = Plans(wiring.ledger)
    at = datetime.now(UTC)
    names = iter(range(first, first + ASKED))

    def asked() -> None:
        explain(wiring.ledger, f"EV-{next(names)}", plans, at)

    unknown = (f"SO-{count}-{n}" for n in range(ASKED))

    def silent() -> None:
        explain(wiring.ledger, next(unknown), plans, at)

    results = {
        "claim_events": _quartile(lambda: _reading(wiring, _events), TRIES),
        "claim_messages": _quartile(lambda: _reading(wiring, _messages), TRIES),
        "tick": _quartile(lambda: _reading(wiring, _tick), TRIES),
        "explain": _quartile(asked, ASKED),
        "explain_unknown": _quartile(silent, 8),
    }
    decide_all(wiring)
    with wiring.ledger.write() as connection:
        # the next measurement begins with as little waiting as this one
        connection.execute(update(notice).values(state=int(NoticeState.SHOWN)).where(notice.c.state == NoticeState.WAITING))
    return results


def _reading(wiring: Wiring, claim: Callable[[Wiring, Any], object]) -> None:
    with wiring.ledger.read() as connection:
        claim(wiring, connection)


def _events(_: Wiring, connection: Any) -> object:
    return arrivals.undecided(connection, frozenset(range(arrivals.SHARDS)), FRESH)


def _messages(wiring: Wiring, connection: Any) -> object:
    outbox.due(wiring.ledger, connection, ["sink"], now(), FRESH)
    return outbox.waiting(wiring.ledger, connection, "sink", (0, 1, 2, 3), FRESH)


def _tick(_: Wiring, connection: Any) -> object:
    arrivals.backlog(connection)
    outbox.any_lost(connection, now())
    return arrivals.oldest_undecided(connection), outbox.any_waiting(connection, now())


def _quartile(act: Callable[[], object], tries: int) -> float:
    return statistics.quantiles(_timed(act, tries), n=4)[0]


def _timed(act: Callable[[], object], tries: int) -> Iterator[float]:
    for _ in range(tries):
        at = time.perf_counter()
        act()
        yield (time.perf_counter() - at) * 1000
