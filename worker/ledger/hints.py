"""Hints: records that a source announced without their state, each once until it was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, func, select, tuple_, update

from connectors.contract import Hint
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS, Ledger, lock
from worker.ledger.tables import hint

FIRST_AGAIN_S = 2
LAST_AGAIN_S = 300
"""How long a hint waits that could not be settled: twice as long each time, up to this."""

GIVE_UP_S = 3600
"""How long a record may be read in an older state than was announced, or not at all."""

_KEY = ("source", "kind", "record_id")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hint that is due; times in microseconds.

    `stamp` is what its record must reach (0: one read is enough), `hinted_at` when it arrived, `renewed` counts the
    hints that were joined to it, `behind_since` is since when reads of its record have not settled it (0: none was).
    """

    id: str
    stamp: int
    hinted_at: int
    renewed: int
    attempts: int
    behind_since: int


@dataclass(frozen=True, slots=True)
class Announced:
    """The hints of one kind: how many wait and since when (microseconds), how many were given up and why."""

    source: str
    kind: str
    waiting: int
    since: int | None
    given_up: int
    reason: str


def row(source: str, of: Hint, at: int) -> dict[str, Any]:
    """Return the row of a hint that arrived at `at` (microseconds)."""
    stamp = micros(of.stamp) if of.stamp is not None else 0
    return {"source": source, "kind": of.kind, "record_id": of.id, "stamp": stamp, "hinted_at": at}


def put(ledger: Ledger, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store hints, those of one record as one; they are written in one order, so that no two writers lock each other."""
    if not rows:
        return
    newest: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for one in rows:
        key = (one["source"], one["kind"], one["record_id"])
        if key not in newest or one["stamp"] > newest[key]["stamp"]:
            newest[key] = one
    at = ledger.now(connection)
    upsert = ledger.insert(hint)
    given = upsert.excluded
    newer = given.stamp > hint.c.stamp
    joined = upsert.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "stamp": case((newer, given.stamp), else_=hint.c.stamp),
            "hinted_at": case((newer, given.hinted_at), else_=hint.c.hinted_at),
            "renewed": hint.c.renewed + 1,
            "due_at": given.due_at,
            "attempts": 0,
            "behind_since": case((hint.c.due_at.is_(None), 0), else_=hint.c.behind_since),
        },
    )
    connection.execute(joined, [{**newest[key], "due_at": at} for key in sorted(newest)])


def any_due(connection: Connection, source: str, kind: str, at: int) -> bool:
    """Tell whether a hint of this kind is due at `at` (microseconds)."""
    return connection.execute(select(hint.c.record_id).where(_due(source, kind, at)).limit(1)).first() is not None


def due(connection: Connection, source: str, kind: str, at: int, most: int) -> list[Waiting]:
    """Return the hints of this kind that are due at `at` (microseconds), those that wait longest first."""
    query = select(
        hint.c.record_id, hint.c.stamp, hint.c.hinted_at, hint.c.renewed, hint.c.attempts, hint.c.behind_since
    )
    query = query.where(_due(source, kind, at)).order_by(hint.c.due_at, hint.c.record_id).limit(most)
    return [Waiting(*found) for found in connection.execute(query)]


def _due(source: str, kind: str, at: int) -> ColumnElement[bool]:
    return and_(hint.c.source == source, hint.c.kind == kind, hint.c.due_at <= at)


def keep_order(connection: Connection, source: str, kind: str, ids: Collection[str]) -> None:
    """Take the rows of these hints for this transaction, in the order in which they are written."""
    mine = select(hint.c.record_id).where(hint.c.source == source, hint.c.kind == kind, hint.c.record_id.in_(ids))
    lock(connection, mine.order_by(hint.c.record_id.collate("C")), {})


def settle(connection: Connection, source: str, kind: str, reached: Sequence[Waiting]) -> None:
    """Remove hints whose records were read as they were announced; one that came again meanwhile stays."""
    if not reached:
        return
    mine = and_(hint.c.source == source, hint.c.kind == kind)
    as_read = tuple_(hint.c.record_id, hint.c.renewed).in_([(one.id, one.renewed) for one in reached])
    connection.execute(delete(hint).where(mine, as_read))
    again = hint.c.record_id.in_([one.id for one in reached])
    connection.execute(update(hint).where(mine, again).values(behind_since=0))


_POSTPONE = (
    update(hint)
    .where(
        hint.c.source == bindparam("of_source"),
        hint.c.kind == bindparam("of_kind"),
        hint.c.record_id == bindparam("of_id"),
        hint.c.renewed == bindparam("was"),
    )
    .values(
        due_at=bindparam("to_due_at"),
        attempts=bindparam("to_attempts"),
        behind_since=bindparam("to_behind_since"),
        read_at=bindparam("to_read_at"),
        reason=bindparam("to_reason"),
    )
)


def postpone(
    connection: Connection, source: str, kind: str, behind: Sequence[tuple[Waiting, str]], at: int
) -> list[str]:
    """Let hints wait for their next read, each for the reason beside it; returns the ids of those that are given up."""
    rows: list[dict[str, Any]] = []
    for one, reason in behind:
        since = one.behind_since or at
        wait_s = min(LAST_AGAIN_S, FIRST_AGAIN_S * 2 ** min(one.attempts, 16))
        over = at - since >= GIVE_UP_S * MICROSECONDS
        rows.append(
            {
                "of_source": source,
                "of_kind": kind,
                "of_id": one.id,
                "was": one.renewed,
                "to_due_at": None if over else at + wait_s * MICROSECONDS,
                "to_attempts": one.attempts + 1,
                "to_behind_since": since,
                "to_read_at": at,
                "to_reason": reason[:512],
            }
        )
    if rows:
        connection.execute(_POSTPONE, rows)
    return [each["of_id"] for each in rows if each["to_due_at"] is None]


def announced(connection: Connection, given_up_after: int = 0) -> list[Announced]:
    """Return what waits and what was given up after `given_up_after` (microseconds), by source and kind."""
    waits = hint.c.due_at.is_not(None)
    gone = and_(hint.c.due_at.is_(None), hint.c.read_at > given_up_after)
    query = (
        select(
            hint.c.source,
            hint.c.kind,
            func.sum(case((waits, 1), else_=0)),
            func.min(case((waits, hint.c.hinted_at))),
            func.sum(case((gone, 1), else_=0)),
            func.max(case((gone, hint.c.reason), else_="")),
        )
        .group_by(hint.c.source, hint.c.kind)
        .order_by(hint.c.source, hint.c.kind)
    )
    return [Announced(*found) for found in connection.execute(query)]


def forget(connection: Connection, before: int) -> None:
    """Delete the hints that arrived before `before` (microseconds) and wait for nothing that will still happen."""
    connection.execute(delete(hint).where(hint.c.hinted_at < before))
