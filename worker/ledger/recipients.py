"""Single people of a destination: what waits for them, and whom a fact is meant for by the source's user id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    and_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)

from pipelines.plan import ASKED, WITHIN, asked_of
from pipelines.verdict import Reason
from worker.ledger.decisions import NOTE, entry
from worker.ledger.engine import Ledger, lock_names
from worker.ledger.peace import COUNTING
from worker.ledger.tables import MessageState, NoticeState, Step, inbox, match, message, notice


def told_by(column: ColumnElement[str], channels: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a recipient is one of these channels, or a person of one that ends with a slash."""
    named = [name for name in channels if not name.endswith(WITHIN)]
    people = [name for name in channels if name.endswith(WITHIN)]
    prefixes = (column.startswith(f"{name[:-1]}{sign}") for name in people for sign in (WITHIN, ASKED))
    return or_(column.in_(named), *prefixes)


def waiting(connection: Connection, channel: str, at: int, most: int, resting: Sequence[str] = ()) -> list[str]:
    """Return people of a channel for whom something waits or is due by `at` (microseconds), who waited longest first.

    For those who are `resting` only what neither waits for that nor counts.
    """
    waits = select(notice.c.destination, func.min(notice.c.created_at).label("since")).where(
        notice.c.state == NoticeState.WAITING, notice.c.destination.startswith(channel)
    )
    if resting:
        waits = waits.where(or_(notice.c.lane.not_in(COUNTING), notice.c.destination.not_in(resting)))
    again = select(message.c.destination, func.min(message.c.due_at).label("since")).where(
        message.c.state == MessageState.DUE, message.c.destination.startswith(channel), message.c.due_at <= at
    )
    both = union(waits.group_by(notice.c.destination), again.group_by(message.c.destination)).subquery()
    longest = select(both.c.destination).group_by(both.c.destination).order_by(func.min(both.c.since))
    return list(connection.execute(longest.limit(most)).scalars())


@dataclass(frozen=True, slots=True)
class Meant:
    """A notice for somebody whom a field names by a source's user id; `application` and `user`: who that is, empty: nobody."""

    id: int
    route: str
    destination: str
    application: str = ""
    user: str = ""


def meant(connection: Connection, channels: Sequence[str], most: int) -> list[Meant]:
    """Return notices of these channels of which it is not settled yet who is told, oldest first."""
    signs = [notice.c.destination.startswith(f"{name.removesuffix(WITHIN)}{ASKED}") for name in channels]
    if not signs:
        return []
    waits = (
        select(notice.c.id, notice.c.route, notice.c.destination, inbox.c.source)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(notice.c.state == NoticeState.WAITING, or_(*signs))
        .order_by(notice.c.id)
        .limit(most)
    )
    return [_who(connection, row) for row in connection.execute(waits).all()]


def _who(connection: Connection, row: Any) -> Meant:
    mine = (match.c.source == row.source) & (match.c.source_user == asked_of(row.destination))
    query = select(match.c.application, match.c.user).where(mine, match.c.state == "matched")
    found = connection.execute(query).first()
    return Meant(row.id, row.route, row.destination, *(found or ("", "")))


@dataclass(frozen=True, slots=True)
class Addressed:
    """Who is told in the end, and in the trail why; nobody: no route tells it any more."""

    of: Meant
    recipients: tuple[str, ...]
    why: str


def settle(ledger: Ledger, connection: Connection, found: Sequence[Addressed]) -> None:
    """Give notices to their recipients; who is told already by the same event is not told twice."""
    lock_names(connection, ["recipients"])
    at = ledger.now(connection)
    entries: list[dict[str, Any]] = []
    for one in found:
        if not one.recipients:
            entries += _gone(connection, one.of, at)
            continue
        first, *others = one.recipients
        for recipient in others:
            entries += _copied(connection, one.of.id, recipient, one.why, at)
        entries += _moved(connection, one, first, at)
    if entries:
        connection.execute(NOTE, entries)


def copy(connection: Connection, pairs: Sequence[tuple[int, str]], why: str, at: int) -> None:
    """Tell further recipients what a notice tells, each once however often this is asked for."""
    entries = [each for id_, recipient in pairs for each in _copied(connection, id_, recipient, why, at)]
    if entries:
        connection.execute(NOTE, entries)


def _moved(connection: Connection, one: Addressed, recipient: str, at: int) -> Iterator[dict[str, Any]]:
    mine = (notice.c.id == one.of.id) & (notice.c.destination == one.of.destination)
    still = mine & (notice.c.state == NoticeState.WAITING)
    told = _told(recipient)
    if connection.execute(update(notice).where(still, ~told).values(destination=recipient)).rowcount:
        yield entry(at, Step.ADDRESSED, notice_id=one.of.id, reason=one.why)
    elif connection.execute(update(notice).where(still).values(state=int(NoticeState.DROPPED))).rowcount:
        yield entry(at, Step.DROPPED, notice_id=one.of.id, reason=Reason.ALREADY)


def _gone(connection: Connection, of: Meant, at: int) -> Iterator[dict[str, Any]]:
    reason = Reason.DESTINATION_GONE
    still = (notice.c.id == of.id) & (notice.c.state == NoticeState.WAITING)
    held = update(notice).where(still).values(state=int(NoticeState.HELD), reason=str(reason), detail=of.route)
    if connection.execute(held).rowcount:
        yield entry(at, Step.HELD, notice_id=of.id, reason=reason, detail=of.route)


def _told(recipient: str) -> ColumnElement[bool]:
    """Return the condition that the event of a notice is told to a recipient already."""
    other = notice.alias()
    once = and_(*(other.c[name] == notice.c[name] for name in ("seq", "route", "again")))
    return exists().where(once, other.c.destination == recipient)


_COPIED = [
    notice.c[name] for name in ("seq", "route", "subject", "lane", "reason", "detail", "source_at", "again", "payload")
]


def _copied(connection: Connection, id_: int, recipient: str, why: str, at: int) -> list[dict[str, Any]]:
    told = _told(recipient)
    own = (literal(recipient), literal(int(NoticeState.WAITING), Integer), literal(at, BigInteger))
    values: list[ColumnElement[Any]] = [*own, *_COPIED]
    names = ["destination", "state", "created_at", *(column.name for column in _COPIED)]
    rows = insert(notice).from_select(names, select(*values).where(notice.c.id == id_, ~told))
    fresh = connection.execute(rows.returning(notice.c.id)).scalars()
    return [entry(at, Step.ADDRESSED, notice_id=new, reason=why, detail=str(id_)) for new in fresh]
