"""What stands where now: what waits and for what, what is held, what was given up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select

from connectors.contract import Outcome
from worker.ledger import heard, peace
from worker.ledger.tables import (
    InboxState,
    MessageState,
    NoticeState,
    Step,
    cursor,
    inbox,
    message,
    message_notice,
    meter,
    notice,
    trail,
)

MONTH = "month"
"""What a destination waits for whose month is used up, in the ledger's words."""


class Wait(StrEnum):
    """Why something has not been shown yet."""

    QUEUE = "queue"
    PEACE = "left_in_peace"
    QUOTA = "quota"
    MONTH = "month_used_up"
    BLOCKED = "blocked"
    MISCONFIGURED = "misconfigured"
    RETRY = "retry"
    ON_ITS_WAY = "on_its_way"


@dataclass(frozen=True, slots=True)
class Unsent:
    """What waits for a destination for one reason: how much, and since when (microseconds).

    What waited so that people are left in peace waits since the end of that.
    """

    destination: str
    reason: Wait
    count: int
    since: int
    said: str = ""
    """What the vendor said last, where it said something."""


@dataclass(frozen=True, slots=True)
class Pile:
    """How many there are under a name, and since when (microseconds)."""

    name: str
    count: int
    since: int


@dataclass(frozen=True, slots=True)
class Meter:
    """What a vendor said of one of its quotas."""

    budget: str
    used: int
    allowed: int
    observed_at: int


def unsent(connection: Connection, at: int) -> list[Unsent]:
    """Return what waits for destinations: facts that are in no message yet, and messages."""
    messages = list(_messages(connection))
    broken = {one.destination for one in messages if one.reason is Wait.MISCONFIGURED}
    return [*_facts(connection, at, broken), *messages]


def _facts(connection: Connection, at: int, broken: set[str]) -> Iterator[Unsent]:
    waits = notice.c.state == NoticeState.WAITING
    spared = notice.c.lane.in_(peace.COUNTING)
    query = select(notice.c.destination, spared, func.count(), func.min(notice.c.id)).where(waits)
    piles = connection.execute(query.group_by(notice.c.destination, spared)).all()
    quotas, rests = heard.quotas(connection), peace.rests(connection)
    for name, is_spared, count, first in piles:
        since = connection.execute(select(notice.c.created_at).where(notice.c.id == first)).scalar_one()
        quota = quotas.get(name, heard.Quota())
        reason = Wait.QUEUE
        if is_spared and (rest := rests.get(name)) is not None:
            if rest.until > at:
                reason = Wait.PEACE
            else:
                since = min(at, max(since + rest.gathers, rest.until))
        if name in broken:
            reason = Wait.MISCONFIGURED
        elif quota.blocked_until > at:
            reason = Wait.BLOCKED
        elif quota.free_at > at:
            reason = Wait.MONTH if quota.waits_for == MONTH else Wait.QUOTA
        yield Unsent(name, reason, count, since)


_BY_OUTCOME = {"": Wait.QUOTA, Outcome.MISCONFIGURED: Wait.MISCONFIGURED, Outcome.THROTTLED: Wait.BLOCKED}


def _messages(connection: Connection) -> Iterator[Unsent]:
    said = func.max(message.c.reason)
    for state in (MessageState.DUE, MessageState.SENDING):
        query = (
            select(message.c.destination, message.c.outcome, func.count(), func.min(message.c.framed_at), said)
            .where(message.c.state == state)
            .group_by(message.c.destination, message.c.outcome)
        )
        for name, outcome, count, since, words in connection.execute(query):
            reason = _BY_OUTCOME.get(outcome, Wait.RETRY) if state is MessageState.DUE else Wait.ON_ITS_WAY
            yield Unsent(name, reason, count, since, words)


def held(connection: Connection) -> list[Pile]:
    """Return what is held, by reason."""
    query = select(notice.c.reason, func.count(), func.min(notice.c.created_at))
    return _piles(connection.execute(query.where(notice.c.state == NoticeState.HELD).group_by(notice.c.reason)).all())


def given_up(connection: Connection, after: int = 0) -> list[Pile]:
    """Return the messages that were given up after `after` (microseconds), by destination.

    One whose facts are held, or go out in another message, or are old by now, is none of them.
    """
    lost = exists().where(
        message_notice.c.message_id == message.c.id,
        notice.c.id == message_notice.c.notice_id,
        notice.c.state == NoticeState.DEAD,
    )
    query = select(message.c.destination, func.count(), func.min(_given_up_at())).where(
        message.c.state == MessageState.DEAD, _given_up_at() > after, lost
    )
    return _piles(connection.execute(query.group_by(message.c.destination)).all())


def _given_up_at() -> ColumnElement[int]:
    # one whose worker was lost has no answer, and its last due time is when that was seen
    return func.coalesce(message.c.settled_at, message.c.due_at)


def _piles(rows: Sequence[Any]) -> list[Pile]:
    return sorted((Pile(*row) for row in rows), key=lambda pile: pile.name)


def meters(connection: Connection) -> list[Meter]:
    """Return what the vendors said of their quotas."""
    return [Meter(*row) for row in connection.execute(select(meter).order_by(meter.c.budget))]


def last_arrival(connection: Connection, source: str) -> int | None:
    """Return when the newest record of a source arrived, in microseconds; None: never."""
    mine = select(inbox.c.received_at).where(inbox.c.source == source).order_by(inbox.c.seq.desc()).limit(1)
    # two looks into the index rather than all arrivals of the source sorted
    found = [connection.execute(mine.where(inbox.c.pushed.is_(pushed))).scalar() for pushed in (True, False)]
    return max((at for at in found if at is not None), default=None)


def newest_arrival(connection: Connection) -> int:
    """Return the number of the newest arrival; 0: there is none."""
    return connection.execute(select(func.max(inbox.c.seq))).scalar() or 0


def heard_between(connection: Connection, after: int, until: int) -> dict[str, int]:
    """Return when each source was last heard that sent something with these arrival numbers, in microseconds."""
    query = select(inbox.c.source, func.max(inbox.c.received_at)).where(inbox.c.seq > after, inbox.c.seq <= until)
    return {row[0]: row[1] for row in connection.execute(query.group_by(inbox.c.source))}


def failing_polls(connection: Connection) -> list[tuple[str, str, str]]:
    """Return source, kind and sentence of every kind that could not be read when it was last asked."""
    said = case((cursor.c.failure != "", cursor.c.failure), else_=cursor.c.hints_failure)
    query = select(cursor.c.source, cursor.c.kind, said).where(said != "")
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(cursor.c.source, cursor.c.kind))]


def silent(connection: Connection) -> list[tuple[str, str, int]]:
    """Return source and kind of what may not have been pushed and is not fetched yet, and since when (microseconds)."""
    query = select(cursor.c.source, cursor.c.kind, cursor.c.silent_since).where(cursor.c.silent_since.is_not(None))
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(cursor.c.source, cursor.c.kind))]


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows of a kind that could not be read and that nothing readable came after: how many, and the newest of them."""

    source: str
    kind: str
    count: int
    record_id: str
    sentence: str


def aside(connection: Connection, after: int) -> list[Aside]:
    """Return what could not be read since `after` (microseconds), by kind."""
    later = inbox.alias()
    same = and_(*(later.c[name] == inbox.c[name] for name in ("source", "kind", "record_id")))
    mended = exists().where(same, later.c.seq > inbox.c.seq, later.c.state != InboxState.UNREADABLE)
    query = (
        select(inbox.c.source, inbox.c.kind, inbox.c.record_id, trail.c.detail)
        .join(trail, and_(trail.c.seq == inbox.c.seq, trail.c.step == Step.UNREADABLE))
        .where(inbox.c.state == InboxState.UNREADABLE, inbox.c.received_at > after, ~mended)
        .order_by(inbox.c.seq)
    )
    piles: dict[tuple[str, str], Aside] = {}
    for row in connection.execute(query):
        before = piles.get((row.source, row.kind))
        count = before.count + 1 if before else 1
        piles[row.source, row.kind] = Aside(row.source, row.kind, count, row.record_id, row.detail)
    return list(piles.values())


def since(connection: Connection, at: int, *, without: str) -> tuple[int, int]:
    """Return how many records arrived since `at`, less those of one source, and how many messages were delivered."""
    arrived = select(func.count()).where(inbox.c.received_at > at, inbox.c.source != without)
    delivered = select(func.count()).where(message.c.state == MessageState.DELIVERED, message.c.settled_at > at)
    return connection.execute(arrived).scalar_one(), connection.execute(delivered).scalar_one()
