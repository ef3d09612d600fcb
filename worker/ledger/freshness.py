"""How old facts were when they were shown, and where the time went; what became of each send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from connectors.contract import Outcome
from worker.ledger.tables import Step, inbox, message, message_notice, notice, trail


@dataclass(frozen=True, slots=True)
class Way:
    """The times of one fact in one message that was delivered, in microseconds since the epoch.

    `source_at` is the source's clock, all others are ours: `read_at` when it was stored, or its hint arrived,
    `decided_at`, `sent_at` when its first request left, `shown_at` when the answer came that it was delivered.
    """

    source: str
    kind: str
    pushed: bool
    source_at: int
    read_at: int
    decided_at: int
    sent_at: int
    shown_at: int


def newest(connection: Connection, after: int = 0, until: int | None = None) -> int:
    """Return the newest trail entry after `after` that was written by `until` (microseconds); else `after`."""
    query = select(func.max(trail.c.id)).where(trail.c.id > after)
    if until is not None:
        query = query.where(trail.c.at <= until)
    return connection.execute(query).scalar() or after


def shown(connection: Connection, after: int, until: int) -> Iterator[Way]:
    """Give the facts that were shown for the first time between two trail entries."""
    query = (
        select(
            inbox.c.source,
            inbox.c.kind,
            inbox.c.pushed,
            notice.c.source_at,
            func.coalesce(inbox.c.hinted_at, inbox.c.received_at),
            notice.c.created_at,
            func.coalesce(message.c.first_sent_at, trail.c.at),
            trail.c.at,
        )
        .select_from(trail)
        .join(message, message.c.id == trail.c.message_id)
        .join(message_notice, message_notice.c.message_id == message.c.id)
        .join(notice, notice.c.id == message_notice.c.notice_id)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(trail.c.id > after, trail.c.id <= until, trail.c.step == Step.ATTEMPT)
        # what somebody released or repeated says nothing of how fast the program is
        .where(trail.c.reason.in_([Outcome.DELIVERED, Outcome.PARTLY]), message.c.rest_of.is_(None))
        .where(notice.c.again == 0, notice.c.reason == "told", notice.c.unanswered == 0)
    )
    for row in connection.execute(query):
        yield Way(*row)


def outcomes(connection: Connection, after: int, until: int) -> dict[tuple[str, str], int]:
    """Return how many sends came to each outcome between two trail entries, by destination and outcome."""
    query = (
        select(message.c.destination, trail.c.reason, func.count())
        .join(message, message.c.id == trail.c.message_id)
        .where(trail.c.id > after, trail.c.id <= until, trail.c.step == Step.ATTEMPT)
        .group_by(message.c.destination, trail.c.reason)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}
