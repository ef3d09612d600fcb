"""What has had its time leaves the ledger, a small batch a transaction.

Two classes: payloads (values that were read and sent) go first and leave the trail (who was told of what, when and
why) behind, which goes later. What is unfinished stays whole, with all arrivals of its record; so does the newest
arrival of each record, by which an unchanged re-read is recognised and the next change is worked out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, delete, exists, insert, select

from worker.ledger.tables import (
    InboxState,
    MessageState,
    NoticeState,
    action,
    card,
    inbox,
    message,
    message_notice,
    message_person,
    missed,
    notice,
    snapshot,
    trail,
)

WINDOW = 200
"""Rows that are looked at, and at most changed, in one transaction."""

_KEY = ("source", "kind", "record_id")
_other = inbox.alias()
_UNFINISHED = exists().where(
    and_(*(_other.c[name] == inbox.c[name] for name in _KEY)),
    notice.c.seq == _other.c.seq,
    notice.c.state.in_([NoticeState.WAITING, NoticeState.FRAMED, NoticeState.HELD]),
)
_UNDECIDED = exists().where(and_(*(_other.c[name] == inbox.c[name] for name in _KEY)), _other.c.state == InboxState.NEW)
_NEWEST = exists().where(and_(*(snapshot.c[name] == inbox.c[name] for name in _KEY)), snapshot.c.seq == inbox.c.seq)
_DONE = and_(inbox.c.state != InboxState.NEW, ~_NEWEST, ~_UNFINISHED, ~_UNDECIDED)


@dataclass(frozen=True, slots=True)
class Limits:
    """What was received or composed before these times (microseconds since the epoch) has had its time."""

    payloads: int
    trail: int


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring rows: what is to go of them, and where the next window begins (None: what follows is younger)."""

    drop: Sequence[int]
    strip: Sequence[int]
    next: int | None

    def __bool__(self) -> bool:
        return bool(self.drop or self.strip)


def arrivals(connection: Connection, after: int, limits: Limits) -> Window:
    """Return what is to go of the arrivals that follow number `after`."""
    columns = (inbox.c.seq, inbox.c.received_at.label("at"), inbox.c.payload.is_not(None).label("whole"))
    query = select(*columns, _DONE.label("done")).where(inbox.c.seq > after).order_by(inbox.c.seq).limit(WINDOW)
    return _window(connection.execute(query).all(), limits)


def messages(connection: Connection, after: int, limits: Limits) -> Window:
    """Return of which messages that follow number `after` the bytes are to go; a message goes with its last notice."""
    done = message.c.state.in_([MessageState.DELIVERED, MessageState.DEAD])
    columns = (message.c.id, message.c.framed_at.label("at"), message.c.payload.is_not(None).label("whole"))
    query = select(*columns, done.label("done")).where(message.c.id > after).order_by(message.c.id).limit(WINDOW)
    return _window(connection.execute(query).all(), Limits(limits.payloads, 0))


def _window(rows: Sequence[Any], limits: Limits) -> Window:
    old = [row for row in rows if row.at < max(limits.payloads, limits.trail)]
    drop = [row[0] for row in old if row.done and row.at < limits.trail]
    strip = [row[0] for row in old if row.done and row.whole and limits.trail <= row.at < limits.payloads]
    return Window(drop, strip, rows[-1][0] if len(rows) == WINDOW and old else None)


def forget_arrivals(connection: Connection, window: Window) -> None:
    """Delete and strip arrivals of a window, with all that was made of them, as far as they still are to go."""
    done = _still(connection, [*window.drop, *window.strip])
    _drop(connection, [seq for seq in window.drop if seq in done])
    strip = [seq for seq in window.strip if seq in done]
    shed(connection, inbox, inbox.c.seq.in_(strip))
    shed(connection, notice, notice.c.seq.in_(strip))


def forget_messages(connection: Connection, window: Window) -> None:
    """Take the bytes out of the messages of a window."""
    shed(connection, message, message.c.id.in_(window.strip))


def _still(connection: Connection, seqs: Sequence[int]) -> set[int]:
    return set(connection.execute(select(inbox.c.seq).where(inbox.c.seq.in_(seqs), _DONE)).scalars())


def _drop(connection: Connection, seqs: Collection[int]) -> None:
    told = list(connection.execute(select(notice.c.id).where(notice.c.seq.in_(seqs))).scalars())
    carried = delete(message_notice).where(message_notice.c.notice_id.in_(told)).returning(message_notice.c.message_id)
    sent = sorted(set(connection.execute(carried).scalars()))
    connection.execute(delete(trail).where(trail.c.seq.in_(seqs)))
    connection.execute(delete(trail).where(trail.c.notice_id.in_(told)))
    connection.execute(delete(missed).where(missed.c.notice_id.in_(told)))
    connection.execute(delete(notice).where(notice.c.id.in_(told)))
    connection.execute(delete(inbox).where(inbox.c.seq.in_(seqs)))
    empty = and_(message.c.id.in_(sent), ~exists().where(message_notice.c.message_id == message.c.id))
    gone = list(connection.execute(delete(message).where(empty).returning(message.c.id)).scalars())
    connection.execute(delete(trail).where(trail.c.message_id.in_(gone)))
    asked = connection.execute(delete(card).where(card.c.message_id.in_(gone)).returning(card.c.key)).scalars().all()
    connection.execute(delete(action).where(action.c.card.in_(asked)))
    connection.execute(delete(message_person).where(message_person.c.message_id.in_(gone)))


def shed(connection: Connection, table: Table, which: Any) -> None:
    """Take the payload out of these rows; the key stays, by which the trail can be read.

    A row is deleted and written anew, because SQLite returns a page only when rows leave it.
    """
    kept: list[Column[Any]] = [column for column in table.c if column.name != "payload"]
    rows = connection.execute(delete(table).where(which).returning(*kept)).mappings().all()
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])
