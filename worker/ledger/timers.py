"""What waits for a time: one row for each record and route whose condition holds, kept until it no longer does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from pipelines.waiting import Timing
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger
from worker.ledger.tables import InboxState, TimerState, inbox, timer

Subject: TypeAlias = tuple[str, str, str]
Timings: TypeAlias = Sequence[tuple[Subject, Timing]]

MINE = (
    timer.c.source == bindparam("of_source"),
    timer.c.kind == bindparam("of_kind"),
    timer.c.record_id == bindparam("of_record_id"),
    timer.c.route == bindparam("of_route"),
)
_KEY = (timer.c.source, timer.c.kind, timer.c.record_id, timer.c.route)
_FOUND = select(*_KEY).where(tuple_(*_KEY).in_(bindparam("keys", expanding=True)))
_END = delete(timer).where(*MINE)
_DUE = (
    select(timer)
    .where(timer.c.state == TimerState.WAITING, timer.c.due_at <= bindparam("at"))
    .order_by(timer.c.due_at)
    .limit(bindparam("most"))
)
_ANY = select(timer.c.due_at).where(timer.c.state == TimerState.WAITING, timer.c.due_at <= bindparam("at")).limit(1)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that is due; times in microseconds since the epoch."""

    subject: Subject
    route: str
    since: int
    due_at: int


def any_due(connection: Connection, at: int) -> bool:
    """Tell whether a timer is due at `at` (microseconds)."""
    return connection.execute(_ANY, {"at": at}).first() is not None


def due(connection: Connection, at: int, most: int) -> list[Timer]:
    """Return what is due at `at` (microseconds), longest due first."""
    rows = connection.execute(_DUE, {"at": at, "most": most})
    return [Timer((row.source, row.kind, row.record_id), row.route, row.since, row.due_at) for row in rows]


def of_record(connection: Connection, of: Subject) -> Mapping[str, int]:
    """Return when the routes that wait over a record are due, in microseconds."""
    mine = (timer.c.source == of[0], timer.c.kind == of[1], timer.c.record_id == of[2])
    query = select(timer.c.route, timer.c.due_at).where(*mine, timer.c.state == TimerState.WAITING)
    return {row.route: row.due_at for row in connection.execute(query)}


def keep(ledger: Ledger, connection: Connection, timings: Timings) -> list[tuple[Subject, str]]:
    """Start and end timers, in the transaction that decides the events which mean it; returns those that ended."""
    ended: list[tuple[Subject, str]] = []
    over: set[tuple[Subject, str]] = set()
    runs: dict[tuple[Subject, str], dict[str, Any]] = {}
    for of, one in timings:
        if one.due is None or one.anew:
            over.add((of, one.route))
            runs.pop((of, one.route), None)
        if one.due is not None:
            runs.setdefault((of, one.route), row(of, one))
    if over:
        found = connection.execute(_FOUND, {"keys": [(*of, route) for of, route in sorted(over)]})
        ended = [((r.source, r.kind, r.record_id), r.route) for r in found]
        connection.execute(_END, [named(*each) for each in sorted(over)])
    if runs:
        connection.execute(ledger.insert_new(timer), [runs[each] for each in sorted(runs)])
    return ended


def row(of: Subject, one: Timing) -> dict[str, Any]:
    """Return the row of a timer that runs."""
    if one.since is None or one.due is None:
        raise ValueError(f"the timer of {one.route} does not run")
    source, kind, record_id = of
    whose = {"source": source, "kind": kind, "record_id": record_id, "route": one.route}
    return {**whose, "since": micros(one.since), "due_at": micros(one.due), "state": int(TimerState.WAITING)}


def named(of: Subject, route: str) -> dict[str, Any]:
    """Return what the statements on one timer are bound to."""
    return dict(zip(("of_source", "of_kind", "of_record_id"), of, strict=True)) | {"of_route": route}


def undecided(connection: Connection, subjects: Sequence[Subject]) -> frozenset[Subject]:
    """Return those of these records of which something is still to be decided."""
    key = (inbox.c.source, inbox.c.kind, inbox.c.record_id)
    new = select(*key).where(inbox.c.record_id.in_([of[2] for of in subjects]), inbox.c.state == InboxState.NEW)
    return frozenset((r.source, r.kind, r.record_id) for r in connection.execute(new)) & frozenset(subjects)
