"""When each source was last heard of, and what stands in a destination's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from worker.ledger.tables import NoticeState, budget, cursor, inbox, notice, refused


@dataclass(frozen=True, slots=True)
class Poll:
    """How polling a source for one kind of record goes; times in microseconds, None: never."""

    kind: str
    succeeded_at: int | None
    failure: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """Pushes of a source that were not taken, for one reason."""

    reason: str
    count: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What the ledger knows of a source apart from any record."""

    source: str
    polls: tuple[Poll, ...]
    pushed_at: int | None
    refusals: tuple[Refusals, ...]


@dataclass(frozen=True, slots=True)
class Quota:
    """What a destination's quota waits for; microseconds, 0: nothing."""

    blocked_until: int = 0
    free_at: int = 0
    waits_for: str = ""


def sources(connection: Connection) -> set[str]:
    """Return every source that the ledger has heard of or asked."""
    columns = (cursor.c.source, refused.c.source)
    found = {name for column in columns for name in connection.execute(select(column).distinct()).scalars()}
    name: str | None = ""
    # from name to name through the index: there are few sources and many arrivals
    while (
        name := connection.execute(select(func.min(inbox.c.source)).where(inbox.c.source > name)).scalar()
    ) is not None:
        found.add(name)
    return found


def heard(connection: Connection, source: str) -> Heard:
    """Return when `source` was last heard of."""
    pushes = select(inbox.c.received_at).where(inbox.c.source == source, inbox.c.pushed).order_by(inbox.c.seq.desc())
    refusals = select(refused).where(refused.c.source == source).order_by(refused.c.reason)
    return Heard(
        source,
        polls(connection, source),
        connection.execute(pushes.limit(1)).scalar(),
        tuple(Refusals(reason, count, last_at) for _, reason, count, last_at in connection.execute(refusals)),
    )


def polls(connection: Connection, source: str) -> tuple[Poll, ...]:
    """Return how polling `source` goes, by kind; what is only read by its hints is not among them."""
    polled = or_(cursor.c.succeeded_at.is_not(None), cursor.c.failure != "")
    query = select(cursor).where(cursor.c.source == source, polled).order_by(cursor.c.kind)
    return tuple(Poll(row.kind, row.succeeded_at, row.failure) for row in connection.execute(query))


def quotas(connection: Connection) -> Mapping[str, Quota]:
    """Return what each destination's quota waits for."""
    return {
        row.destination: Quota(row.blocked_until, row.free_at, row.waits_for)
        for row in connection.execute(select(budget))
    }


def another_on_its_way(connection: Connection, destination: str, subject: bytes) -> bool:
    """Tell whether a message about this record is on its way to this destination."""
    flying = select(notice.c.id).where(
        notice.c.state == NoticeState.FRAMED, notice.c.destination == destination, notice.c.subject == subject
    )
    return connection.execute(flying.limit(1)).first() is not None
