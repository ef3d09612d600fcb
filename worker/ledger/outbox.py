"""Notices on their way into messages, and messages on their way out.

A message row is written in state `SENDING` with a lease before its request leaves; a worker that dies leaves the
lease to run out, and the same bytes go out again under the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, false, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connectors.contract import Outcome
from pipelines.verdict import HELD, Reason
from worker.ledger import mutes, recipients
from worker.ledger.cards import Asked, lay
from worker.ledger.decisions import NOTE, Contested, entry
from worker.ledger.engine import MICROSECONDS, Ledger, lock_names
from worker.ledger.seal import DataKey, Unsealable
from worker.ledger.tables import MessageState, NoticeState, Step, budget, disclosure, message, message_notice, notice

MESSAGE = b"message"
DETAILS = "details"
"""Why somebody is told one to one, in the trail: a group was told less."""

TOO_LATE = "it is too long ago to send it again under its key"

SAME_KEY_WITHIN_S = 600
"""How long the same bytes may go out again under the same key: the vendor does not say how long it remembers."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A message about to be written: its bytes under its key, and what it carries."""

    destination: str
    key: str
    lane: int
    body: bytes
    notices: tuple[int, ...]
    withheld: int
    repeatable: bool
    """Whether the channel recognises the same key, so that a send without an answer may be repeated."""
    sending: bool
    """False: the quota has no room for it yet, so it is due rather than on its way."""
    asked: Asked | None = None
    """Of a message that asks for a decision."""
    again: frozenset[int] = frozenset()
    """Those of its notices that are told once more, with a mark, when nobody knows whether they were shown."""
    classes: frozenset[str] = frozenset()
    """The data classes beside `public` that it shows."""
    cleared_at: int = 0
    """When those were asked for who may see them, in microseconds."""
    look_in: int | None = None
    """After how many microseconds it is looked who reads it by then; None: nobody can list them."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that goes out (again): its frozen bytes."""

    id: int
    destination: str
    lane: int
    body: bytes
    attempts: int
    framed_at: int
    first_sent_at: int | None
    classes: frozenset[str] = frozenset()
    """The data classes beside `public` that it shows."""
    unsent: bool = True
    """Whether it was certainly not shown, and is not for some of its people alone."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A due message that must not go out any more, and why, for the operator."""

    id: int
    sentence: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Holding:
    """What one destination's turn changes beside its messages."""

    superseded: Sequence[tuple[int, int]]
    held: Sequence[tuple[int, Reason, str]]
    withheld: Mapping[int, tuple[str, ...]]
    details: Sequence[tuple[int, str]] = ()
    """Notices that single people are told as well: each with a recipient."""


# asked of one row at a time, by an index: see what waits
_SHOWS = select(disclosure.c.classes).where(disclosure.c.message_id == message.c.id).scalar_subquery()
_DUE = (
    select(message, _SHOWS.label("classes"))
    .where(
        message.c.state == MessageState.DUE,
        message.c.due_at <= bindparam("at"),
        message.c.destination.in_(bindparam("names", expanding=True)),
    )
    .order_by(message.c.due_at, message.c.id)
    .limit(bindparam("most"))
)


def due(
    ledger: Ledger, connection: Connection, destinations: Sequence[str], at: int, limit: int
) -> tuple[list[Due], list[GivenUp]]:
    """Return messages of these destinations that are due by `at` (microseconds), oldest first; the bad ones apart."""
    found: list[Due] = []
    given_up: list[GivenUp] = []
    for row in connection.execute(_DUE, {"at": at, "names": list(destinations), "most": limit}):
        # its turn may have come late: nothing ran, or its destination was blocked
        if row.outcome == Outcome.UNKNOWN and row.first_sent_at <= at - SAME_KEY_WITHIN_S * MICROSECONDS:
            given_up.append(GivenUp(row.id, TOO_LATE, Outcome.UNKNOWN))
            continue
        try:
            body = ledger.sealer.open(row.data_key).unseal(row.payload, MESSAGE)
        except Unsealable as error:
            given_up.append(GivenUp(row.id, str(error), Outcome.REFUSED))
            continue
        classes = frozenset(row.classes.split(",") if row.classes else ())
        unsent = row.outcome != Outcome.UNKNOWN and row.rest_of is None
        found.append(
            Due(
                row.id,
                row.destination,
                row.lane,
                body,
                row.attempts,
                row.framed_at,
                row.first_sent_at,
                classes,
                unsent,
            )
        )
    return found, given_up


def take(connection: Connection, ids: Sequence[int], owner: str, at: int, lease_until: int) -> set[int]:
    """Set these due messages to sending, and return the ids of those that were still due."""
    if not ids:
        return set()
    mine = (
        update(message)
        .where(message.c.id.in_(ids), message.c.state == MessageState.DUE)
        .values(
            state=int(MessageState.SENDING),
            owner=owner,
            lease_until=lease_until,
            attempts=message.c.attempts + 1,
            first_sent_at=func.coalesce(message.c.first_sent_at, at),
        )
        .returning(message.c.id)
    )
    return set(connection.execute(mine).scalars())


_FRAME = insert(message).returning(message.c.id, sort_by_parameter_order=True)
_CARRY = insert(message_notice)
_DISCLOSE = insert(disclosure)


def frame(
    ledger: Ledger, connection: Connection, messages: Sequence[Frozen], owner: str, at: int, lease_until: int
) -> list[int]:
    """Write messages and mark what they carry; returns their ids in order.

    Raises `Contested` when a notice no longer waits: then nothing of this may be sent.
    """
    if not messages:
        return []
    rows = [_row(ledger.sealer.fresh(), one, owner, at, lease_until) for one in messages]
    ids: list[int] = list(connection.execute(_FRAME, rows).scalars())
    pairs = [
        {"message_id": id_, "notice_id": n, "again": n in one.again}
        for id_, one in zip(ids, messages, strict=True)
        for n in one.notices
    ]
    connection.execute(_CARRY, pairs)
    if shows := [_disclosed(id_, one, at) for id_, one in zip(ids, messages, strict=True) if one.classes]:
        connection.execute(_DISCLOSE, shows)
    for id_, one in zip(ids, messages, strict=True):
        if one.asked is not None:
            lay(connection, id_, one.key, one.notices[0], one.asked)
    carried = sorted({pair["notice_id"] for pair in pairs})
    try:
        mark(connection, carried, NoticeState.FRAMED)
    except IntegrityError:
        # another worker has a message on its way that tells of the same record
        raise Contested from None
    return ids


def _disclosed(id_: int, one: Frozen, at: int) -> dict[str, Any]:
    look_at = None if one.look_in is None else at + one.look_in
    return {
        "message_id": id_,
        "destination": one.destination,
        "classes": ",".join(sorted(one.classes)),
        "cleared_at": one.cleared_at,
        "look_at": look_at,
    }


def lock_destinations(connection: Connection, names: Iterable[str]) -> None:
    """Let no other worker move what belongs to these destinations meanwhile: call it before anything is written."""
    lock_names(connection, (f"destination {name}" for name in names))


def _row(key: DataKey, one: Frozen, owner: str, at: int, lease_until: int) -> dict[str, Any]:
    return {
        "destination": one.destination,
        "key": one.key,
        "lane": one.lane,
        "state": int(MessageState.SENDING if one.sending else MessageState.DUE),
        "due_at": at,
        "owner": owner if one.sending else "",
        "lease_until": lease_until if one.sending else 0,
        "attempts": 1 if one.sending else 0,
        "framed_at": at,
        "first_sent_at": at if one.sending else None,
        "repeatable": one.repeatable,
        "facts": len(one.notices),
        "withheld": one.withheld,
        "data_key": key.wrapped,
        "payload": key.seal(one.body, MESSAGE),
    }


_MARK = (
    update(notice)
    .where(notice.c.id.in_(bindparam("ids", expanding=True)), notice.c.state == NoticeState.WAITING)
    .values(state=bindparam("to"), parted=false())
)


def mark(connection: Connection, ids: Sequence[int], state: NoticeState) -> None:
    """Move waiting notices to `state`.

    Raises `Contested` when one no longer waits, or when another state of its record is in flight by now.
    """
    if not ids:
        return
    try:
        count = connection.execute(_MARK, {"ids": list(ids), "to": int(state)}).rowcount
    except IntegrityError as error:
        raise Contested from error
    if count != len(ids):
        raise Contested


def hold(connection: Connection, holding: Holding, at: int) -> None:
    """Write what was superseded, held and withheld; raises `Contested`."""
    entries = []
    if holding.superseded:
        mark(connection, [old for old, _ in holding.superseded], NoticeState.SUPERSEDED)
        entries += [
            entry(at, Step.SUPERSEDED, notice_id=old, reason=Reason.SUPERSEDED, detail=str(new))
            for old, new in holding.superseded
        ]
    for id_, reason, detail in holding.held:
        kept = reason in HELD
        mark(connection, [id_], NoticeState.HELD if kept else NoticeState.DROPPED)
        connection.execute(update(notice).where(notice.c.id == id_).values(reason=str(reason), detail=detail))
        step = Step.HELD if kept else Step.DROPPED
        entries.append(entry(at, step, notice_id=id_, reason=reason, detail=detail))
    mutes.keep(connection, [id_ for id_, reason, _ in holding.held if reason is Reason.MUTED], at)
    for id_, names in holding.withheld.items():
        entries.append(entry(at, Step.FRAMED, notice_id=id_, reason="withheld", detail=", ".join(names)))
    if entries:
        connection.execute(NOTE, entries)
    recipients.copy(connection, holding.details, DETAILS, at)


def any_waiting(connection: Connection, at: int) -> bool:
    """Tell whether any notice waits or any message is due by `at`."""
    waits = select(notice.c.id).where(notice.c.state == NoticeState.WAITING)
    again = select(message.c.id).where(message.c.state == MessageState.DUE, message.c.due_at <= at)
    # in the order of an index, so that no database thinks of reading a table instead
    waits = waits.order_by(notice.c.destination, notice.c.lane, notice.c.id)
    again = again.order_by(message.c.due_at, message.c.id)
    return any(connection.execute(query.limit(1)).first() is not None for query in (waits, again))


def any_lost(connection: Connection, at: int) -> bool:
    """Tell whether the lease of a message that is on its way has ended."""
    lost = select(message.c.id).where(message.c.state == MessageState.SENDING, message.c.lease_until < at)
    return connection.execute(lost.order_by(message.c.lease_until).limit(1)).first() is not None


def note_calls(ledger: Ledger, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write when a destination was last called, until when it is blocked, and when its quota frees; the last counts."""
    if not rows:
        return
    by_destination: dict[str, dict[str, Any]] = {}
    for values in rows:
        by_destination.setdefault(values["destination"], {}).update(values)
    for _, values in sorted(by_destination.items()):
        changed = tuple(sorted(values.keys() - {"destination"}))
        connection.execute(ledger.upsert(budget, "destination", changed), {"called_at": 0, **values})
