"""Facts that are told again: which are meant, what forbids it, and the notices that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select

from pipelines.notice import Notice
from pipelines.verdict import Reason, Verdict
from worker.ledger.decisions import entry, notice_row
from worker.ledger.held import Slip
from worker.ledger.tables import NoticeState, Step, inbox, message, message_notice, notice, trail

LATER = (NoticeState.WAITING, NoticeState.FRAMED, NoticeState.SHOWN, NoticeState.DEAD)
"""A later state in one of these was shown, may have been shown, or is about to be."""

READ = 500
"""Ids in one query."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which facts are meant: all that is given has to fit. Times in microseconds, of when a fact was due.

    `reason` is the outcome of the fact's message or the vendor's code. Without messages and reason: what was given up.
    """

    messages: tuple[int, ...] = ()
    reason: str = ""
    route: str = ""
    source: str = ""
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The notices to be repeated, oldest first, and those that a later one among them makes old."""

    ids: tuple[int, ...]
    older: tuple[int, ...]
    unknown_messages: tuple[int, ...]


def choose(connection: Connection, which: Which, limit: int | None = None) -> Chosen:
    """Return what is meant: of each record on each way the newest state, at most `limit` of them."""
    newest: dict[tuple[str, str, bytes], tuple[tuple[int, int, int], int]] = {}
    older = []
    for row in connection.execute(_query(which)):
        way, order = (row.route, row.destination, row.subject), (row.stamp, row.seq, row.again)
        known = newest.get(way)
        if known is not None and known[0] > order:
            older.append(row.id)
            continue
        if known is not None:
            older.append(known[1])
        newest[way] = (order, row.id)
    ids = sorted(id_ for _, id_ in newest.values())
    found = set(connection.execute(select(message.c.id).where(message.c.id.in_(which.messages))).scalars())
    unknown = tuple(id_ for id_ in which.messages if id_ not in found)
    return Chosen(tuple(ids[:limit]), tuple(sorted(older)), unknown)


def _query(which: Which) -> Select[tuple[int, int, str, str, bytes, int, int]]:
    columns = (notice.c.id, notice.c.seq, notice.c.route, notice.c.destination, notice.c.subject, notice.c.again)
    query = select(*columns, inbox.c.stamp).join(inbox, inbox.c.seq == notice.c.seq)
    if which.messages or which.reason:
        query = query.join(message_notice, message_notice.c.notice_id == notice.c.id)
        query = query.join(message, message.c.id == message_notice.c.message_id).distinct()
    return query.where(*_conditions(which)).order_by(notice.c.id)


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.messages:
        found.append(message.c.id.in_(which.messages))
    elif which.reason:
        found.append(notice.c.state.in_([NoticeState.SHOWN, NoticeState.DEAD]))
    else:
        found.append(notice.c.state == NoticeState.DEAD)
    if which.reason:
        found.append(or_(message.c.outcome == which.reason, message.c.code == which.reason))
    if which.route:
        found.append(notice.c.route == which.route)
    if which.source:
        found.append(inbox.c.source == which.source)
    if which.since is not None:
        found.append(notice.c.created_at >= which.since)
    if which.until is not None:
        found.append(notice.c.created_at < which.until)
    return found


def states(connection: Connection, ids: Sequence[int]) -> Mapping[int, NoticeState]:
    """Return where these notices stand."""
    query = select(notice.c.id, notice.c.state).where(notice.c.id.in_(ids))
    return {row.id: NoticeState(row.state) for row in connection.execute(query)}


def under_way(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Return which of these facts wait or are on their way, as these notices or as others."""
    one, other = notice.alias(), notice.alias()
    same = and_(other.c.seq == one.c.seq, other.c.route == one.c.route, other.c.destination == one.c.destination)
    query = select(one.c.id).join(other, same).where(one.c.id.in_(ids))
    return set(connection.execute(query.where(other.c.state.in_([NoticeState.WAITING, NoticeState.FRAMED]))).scalars())


def overtaken(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Return which of these notices have a later state of their record on the same way."""
    one, other, mine, theirs = notice.alias(), notice.alias(), inbox.alias(), inbox.alias()
    same_record = and_(
        theirs.c.source == mine.c.source, theirs.c.kind == mine.c.kind, theirs.c.record_id == mine.c.record_id
    )
    same_way = and_(other.c.seq == theirs.c.seq, other.c.route == one.c.route, other.c.destination == one.c.destination)
    later = or_(theirs.c.stamp > mine.c.stamp, and_(theirs.c.stamp == mine.c.stamp, theirs.c.seq > mine.c.seq))
    query = (
        select(one.c.id)
        .join(mine, mine.c.seq == one.c.seq)
        .join(theirs, same_record)
        .join(other, same_way)
        .where(one.c.id.in_(ids), later, other.c.state.in_(LATER))
    )
    return set(connection.execute(query).scalars())


def repeat(
    connection: Connection, told: Iterable[tuple[Slip, Notice]], at: int, said: tuple[str, str]
) -> Mapping[int, int]:
    """Write a further notice of each fact, which waits; returns the new ids by the old. `said` is for the trail."""
    pairs = [(slip, what, slip.key) for slip, what in told]
    if not pairs:
        return {}
    last = _last(connection, [slip.id for slip, *_ in pairs])
    rows = [
        {
            **notice_row(what, key, at, NoticeState.WAITING, Verdict(slip.route, Reason.TOLD)),
            "again": last[slip.id] + 1,
        }
        for slip, what, key in pairs
        if key is not None
    ]
    statement = insert(notice).returning(notice.c.id, sort_by_parameter_order=True)
    new = list(connection.execute(statement, rows).scalars())
    became = dict(zip((slip.id for slip, _, key in pairs if key is not None), new, strict=True))
    reason, detail = said
    entries = [
        entry(at, Step.REPLAYED, notice_id=old, reason=reason, detail=f"{as_} {detail}") for old, as_ in became.items()
    ]
    connection.execute(insert(trail), entries)
    return became


def _last(connection: Connection, ids: Sequence[int]) -> Mapping[int, int]:
    one, other = notice.alias(), notice.alias()
    same = and_(other.c.seq == one.c.seq, other.c.route == one.c.route, other.c.destination == one.c.destination)
    query = select(one.c.id, func.max(other.c.again)).join(other, same).where(one.c.id.in_(ids)).group_by(one.c.id)
    return {row[0]: row[1] for row in connection.execute(query)}
