"""Messages that show more than everybody may see: what they show, who looked on, and who lost the right to it since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from connectors.contract import Outcome
from pipelines.notice import Notice
from worker.ledger.closing import lock_notices
from worker.ledger.decisions import NOTE, NOTICE, entry
from worker.ledger.engine import Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.settling import finish
from worker.ledger.tables import (
    MessageState,
    NoticeState,
    Step,
    clearance,
    disclosure,
    inbox,
    loss,
    message,
    message_notice,
    notice,
    trail,
)
from worker.ledger.told import LONGEST_DETAIL

ALTERED = "its readers are not who they were when it was put together"
_SENT = (MessageState.SENDING, MessageState.DUE)


def thaw(connection: Connection, ids: Collection[int], at: int) -> None:
    """Take apart due messages that were certainly not shown; their facts wait for messages that fit today's readers.

    A fact of which another message carries a part is given up instead.
    """
    if not ids:
        return
    due = update(message).where(message.c.id.in_(ids), message.c.state == MessageState.DUE)
    values = {"outcome": str(Outcome.REFUSED), "reason": ALTERED, "settled_at": at}
    gone = sorted(
        connection.execute(due.values(state=int(MessageState.DEAD), **values).returning(message.c.id)).scalars()
    )
    carried = select(message_notice.c.notice_id).where(message_notice.c.message_id.in_(gone))
    found = sorted(set(connection.execute(carried).scalars()))
    lock_notices(connection, found)
    others = exists().where(message_notice.c.notice_id == notice.c.id, message_notice.c.message_id.not_in(gone))
    again = update(notice).where(notice.c.id.in_(found), notice.c.state == NoticeState.FRAMED, ~others)
    connection.execute(again.values(state=int(NoticeState.WAITING)))
    finish(connection, gone, NoticeState.DEAD)
    if gone:
        refused = Outcome.REFUSED
        connection.execute(
            NOTE, [entry(at, Step.ATTEMPT, message_id=id_, reason=refused, detail=ALTERED) for id_ in gone]
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that shows these data classes to whoever reads its destination; times in microseconds.

    Those who may see it were asked for at `cleared_at`, and it was put together at `framed_at`.
    `settled_at` None: it is not answered yet. `came`: it may have been shown.
    """

    message_id: int
    destination: str
    classes: frozenset[str]
    settled_at: int | None
    came: bool
    cleared_at: int
    framed_at: int


def any_due(connection: Connection, at: int) -> bool:
    """Tell whether it is to be looked who read a message, by `at` (microseconds)."""
    # in the order of an index, so that no database thinks of reading the table instead
    query = select(disclosure.c.look_at).where(disclosure.c.look_at <= at).order_by(disclosure.c.look_at)
    return connection.execute(query.limit(1)).first() is not None


def due(connection: Connection, at: int, most: int) -> list[Shown]:
    """Return messages of which it is to be looked who read them, by `at` (microseconds), at most so many."""
    query = (
        select(
            disclosure, *(message.c[name] for name in ("state", "outcome", "settled_at", "first_sent_at", "framed_at"))
        )
        .join(message, message.c.id == disclosure.c.message_id)
        .where(disclosure.c.look_at <= at)
        .order_by(disclosure.c.look_at)
        .limit(most)
    )
    return [
        Shown(
            row.message_id,
            row.destination,
            frozenset(row.classes.split(",")),
            None if row.state in _SENT else row.settled_at or at,
            row.outcome in {Outcome.DELIVERED, Outcome.PARTLY}
            or (row.outcome == Outcome.UNKNOWN and row.first_sent_at is not None),
            row.cleared_at,
            row.framed_at,
        )
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Carried:
    """A fact in a message, with the fields of it that the message withholds; None: nobody knows what it was."""

    message_id: int
    notice: Notice | None
    withheld: frozenset[str]


def carried(ledger: Ledger, connection: Connection, ids: Collection[int]) -> list[Carried]:
    """Return what these messages tell."""
    query = (
        select(
            message_notice.c.message_id,
            message.c.framed_at,
            notice.c.id,
            notice.c.destination,
            notice.c.payload,
            inbox.c.data_key,
        )
        .join(message, message.c.id == message_notice.c.message_id)
        .join(notice, notice.c.id == message_notice.c.notice_id)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(message_notice.c.message_id.in_(ids))
    )
    rows = connection.execute(query.order_by(message_notice.c.message_id, notice.c.id)).all()
    left_out = select(trail.c.notice_id, trail.c.at, trail.c.detail).where(
        trail.c.notice_id.in_({row.id for row in rows}), trail.c.step == Step.FRAMED
    )
    # what an earlier message withheld, this one may show; a list that was cut off may lack any field
    withheld = {
        (row.notice_id, row.at): frozenset(row.detail.split(", "))
        for row in connection.execute(left_out)
        if len(row.detail) < LONGEST_DETAIL
    }
    return [
        Carried(row.message_id, _opened(ledger, row), withheld.get((row.id, row.framed_at), frozenset()))
        for row in rows
    ]


def _opened(ledger: Ledger, row: Any) -> Notice | None:
    if row.data_key is None:
        return None
    try:
        return Notice.load(ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE), row.destination)
    except Unsealable:
        return None


def later(connection: Connection, ids: Collection[int], at: int) -> None:
    """Look at these again at `at` (microseconds)."""
    connection.execute(update(disclosure).where(disclosure.c.message_id.in_(ids)).values(look_at=at))


def looked(connection: Connection, ids: Collection[int]) -> None:
    """Note that nobody read these who may not."""
    connection.execute(update(disclosure).where(disclosure.c.message_id.in_(ids)).values(look_at=None))


@dataclass(frozen=True, slots=True)
class Overseen:
    """Who may have read a message that they may not see, and what became of the message; `at` in microseconds."""

    message_id: int
    destination: str
    classes: tuple[str, ...]
    people: tuple[str, ...]
    became: str
    at: int


def overseen(connection: Connection, found: Sequence[Overseen]) -> None:
    """Note who may have read messages that they may not see."""
    for one in found:
        values = {"look_at": None, "overseen_at": one.at, "overseen_by": list(one.people), "became": one.became}
        connection.execute(update(disclosure).where(disclosure.c.message_id == one.message_id).values(**values))
    entries = [
        entry(one.at, Step.OVERSEEN, message_id=one.message_id, reason=one.became, detail=", ".join(one.people))
        for one in found
    ]
    if entries:
        connection.execute(NOTE, entries)


def overseen_since(connection: Connection, since: int) -> list[Overseen]:
    """Return the messages that somebody may have read who may not see them, found since then (microseconds)."""
    query = select(disclosure).where(disclosure.c.overseen_at > since).order_by(disclosure.c.overseen_at)
    return [
        Overseen(
            row.message_id,
            row.destination,
            tuple(row.classes.split(",")),
            tuple(row.overseen_by),
            row.became,
            row.overseen_at,
        )
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Loss:
    """Somebody who may no longer see data classes, and in how many messages, and where, these were shown to them."""

    application: str
    user: str
    classes: tuple[str, ...]
    messages: int
    destinations: tuple[str, ...]
    at: int


def compare(
    ledger: Ledger, connection: Connection, application: str, now: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Keep who may see which classes; returns those that people could see when this was last asked, and cannot now."""
    mine = clearance.c.application == application
    before = {row.user: frozenset(row.classes) for row in connection.execute(select(clearance).where(mine))}
    everybody = {**dict.fromkeys(before, frozenset[str]()), **now}
    rows = [
        {"application": application, "user": user, "classes": sorted(classes)}
        for user, classes in everybody.items()
        if before.get(user) != classes
    ]
    if rows:
        fresh = ledger.insert(clearance)
        same = fresh.on_conflict_do_update(
            index_elements=["application", "user"], set_={"classes": fresh.excluded.classes}
        )
        connection.execute(same, rows)
    return {user: gone for user, had in before.items() if (gone := had - now.get(user, frozenset()))}


def shown(connection: Connection, destinations: Collection[str], classes: Collection[str]) -> dict[str, int]:
    """Return how many messages show any of these classes, by destination."""
    query = (
        select(disclosure.c.destination, disclosure.c.classes, func.count().label("messages"))
        .join(message, message.c.id == disclosure.c.message_id)
        .where(disclosure.c.destination.in_(destinations), message.c.state == MessageState.DELIVERED)
        .where(message.c.recalled_at.is_(None))
        .group_by(disclosure.c.destination, disclosure.c.classes)
    )
    found: defaultdict[str, int] = defaultdict(int)
    for row in connection.execute(query):
        if set(classes) & set(row.classes.split(",")):
            found[row.destination] += row.messages
    return dict(found)


def lost(connection: Connection, losses: Sequence[Loss]) -> None:
    """Keep the report of what people may no longer see and were shown."""
    rows = [{name: getattr(one, name) for name in Loss.__slots__} for one in losses]
    for row in rows:
        row["classes"], row["destinations"] = list(row["classes"]), list(row["destinations"])
    if rows:
        connection.execute(insert(loss), rows)


def lost_since(connection: Connection, since: int) -> list[Loss]:
    """Return what people may no longer see since then (microseconds) and were shown."""
    rows = connection.execute(select(loss).where(loss.c.at > since).order_by(loss.c.at, loss.c.user))
    return [
        Loss(row.application, row.user, tuple(row.classes), row.messages, tuple(row.destinations), row.at)
        for row in rows
    ]
