"""What became of messages: answers, lost workers, what is given up, and what follows for the facts in them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, insert, literal, select, true, update

from connectors.contract import Delivery, Outcome, Reached
from pipelines.verdict import Reason
from worker.ledger import receipts
from worker.ledger.closing import close, lock_notices
from worker.ledger.decisions import NOTE, entry
from worker.ledger.engine import MICROSECONDS, Ledger, lock
from worker.ledger.outbox import MESSAGE, SAME_KEY_WITHIN_S, GivenUp, note_calls
from worker.ledger.tables import MessageState, NoticeState, Step, disclosure, message, message_notice, notice

UNANSWERED = "the worker stopped before the answer came"

REPEATED_AT_MOST = 3
"""How often a fact is told once more because no answer came; then a person decides."""

_SHOWN = (Outcome.DELIVERED, Outcome.PARTLY)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one send. `again_at` is when the same bytes go out again, `ask_at` when its people are asked about.

    None: never.
    """

    id: int
    destination: str
    delivery: Delivery
    answered_at: int
    again_at: int | None
    ask_at: int | None = None


def bury(connection: Connection, given_up: Sequence[GivenUp], at: int) -> None:
    """Give up due messages that must not go out, so that they stop nobody."""
    buried = []
    for one in given_up:
        gone = update(message).where(message.c.id == one.id, message.c.state == MessageState.DUE)
        values = {"outcome": str(one.outcome), "reason": one.sentence[:512]}
        if connection.execute(gone.values(state=int(MessageState.DEAD), settled_at=at, **values)).rowcount:
            buried.append(one)
    if buried:
        entries = [entry(at, Step.ATTEMPT, message_id=o.id, reason=o.outcome, detail=o.sentence) for o in buried]
        connection.execute(NOTE, entries)
    finish(connection, [one.id for one in buried], NoticeState.DEAD)


_SETTLE = (
    update(message)
    .where(
        message.c.id == bindparam("of"),
        message.c.state == MessageState.SENDING,
        message.c.owner == bindparam("whose"),
    )
    .values(
        state=bindparam("to"),
        due_at=bindparam("again"),
        ask_at=bindparam("ask"),
        settled_at=bindparam("answered"),
        outcome=bindparam("said"),
        code=bindparam("with_code"),
        reason=bindparam("because"),
        handle=bindparam("named"),
    )
)


def settle(ledger: Ledger, connection: Connection, settled: Sequence[Settled], owner: str) -> None:
    """Write outcomes. A message that is no longer ours (its lease ended) is left to who has it now.

    Whom flow control kept from a message gets it in another one, which is due when the vendor says.
    """
    if not settled:
        return
    mine = _ours(connection, settled, owner)
    settled = [_whole(one, mine.get(one.id)) for one in settled]
    connection.execute(
        _SETTLE,
        [{**_outcome(one), "whose": owner} for one in sorted(settled, key=lambda one: one.id)],
    )
    connection.execute(
        NOTE,
        [
            entry(
                one.answered_at,
                Step.ATTEMPT,
                message_id=one.id,
                reason=one.delivery.outcome,
                detail=" ".join(filter(None, (one.delivery.code, one.delivery.reason))),
            )
            for one in settled
        ],
    )
    for one in settled:
        if one.id in mine:
            receipts.note(ledger, connection, one.id, one.delivery.people, one.answered_at)
            if one.delivery.rest:
                _keep_rest(ledger, connection, mine[one.id], one)
    at = max(one.answered_at for one in settled)
    shown = [s.id for s in settled if s.delivery.outcome in _SHOWN]
    finish(connection, shown, NoticeState.SHOWN)
    close(connection, shown, at)
    over = [one for one in settled if _is_over(one) and one.id in mine]
    _doubt(connection, [s.id for s in over if s.delivery.outcome is Outcome.UNKNOWN], at)
    finish(connection, [s.id for s in over], NoticeState.DEAD)


def _is_over(one: Settled) -> bool:
    return one.again_at is None and one.delivery.outcome not in _SHOWN


def _ours(connection: Connection, settled: Sequence[Settled], owner: str) -> Mapping[int, Any]:
    """Return our messages, and keep others from them; nothing where no answer says more than an outcome."""
    if not any(one.delivery.people or one.delivery.rest or _is_over(one) for one in settled):
        return {}
    ids = [one.id for one in settled]
    lock(connection, select(message.c.id).where(message.c.id.in_(ids)).order_by(message.c.id), {})
    ours = and_(message.c.id.in_(ids), message.c.state == MessageState.SENDING, message.c.owner == owner)
    columns = [message.c[name] for name in ("id", "rest_of", *_OF_THE_FIRST)]
    return {row.id: row for row in connection.execute(select(*columns).where(ours))}


def _whole(one: Settled, row: Any) -> Settled:
    """Count a rest as delivered when all that was left are people whom the vendor does not know."""
    reached = set(one.delivery.people.values())
    if (
        row is None
        or row.rest_of is None
        or one.delivery.outcome is not Outcome.REFUSED
        or reached != {Reached.INVALID}
    ):
        return one
    return replace(one, delivery=replace(one.delivery, outcome=Outcome.PARTLY))


_OF_THE_FIRST = ("destination", "lane", "framed_at", "repeatable", "facts", "withheld")


def _keep_rest(ledger: Ledger, connection: Connection, first: Any, one: Settled) -> None:
    """Write the message for those alone who may get it later; it carries what the first one carries.

    Without an answer it is held and not told once more: that would go to everybody.
    """
    key = ledger.sealer.fresh()
    values = {
        **{name: getattr(first, name) for name in _OF_THE_FIRST},
        "key": secrets.token_hex(16),
        "state": int(MessageState.DUE),
        "due_at": one.answered_at + receipts.wait(one.delivery),
        "outcome": str(Outcome.THROTTLED),
        "reason": one.delivery.reason[:512],
        "rest_of": first.rest_of or first.id,
        "data_key": key.wrapped,
        "payload": key.seal(one.delivery.rest, MESSAGE),
    }
    id_ = connection.execute(insert(message).values(values).returning(message.c.id)).scalar_one()
    carried = connection.execute(_CARRIED, {"ids": [first.id]}).scalars()
    connection.execute(insert(message_notice), [{"message_id": id_, "notice_id": notice_id} for notice_id in carried])
    names = ("destination", "classes", "cleared_at", "look_at")
    same = select(literal(id_), *(disclosure.c[name] for name in names)).where(disclosure.c.message_id == first.id)
    connection.execute(insert(disclosure).from_select(["message_id", *names], same))


def _doubt(connection: Connection, ids: Sequence[int], at: int) -> None:
    """Do what the routes say about facts whose message got no answer, on a channel that would show it twice.

    They wait for a message of their own that says that it may be a repetition, or they are held.
    """
    if not ids:
        return
    unsure = and_(message.c.id.in_(ids), ~message.c.repeatable)
    ids = list(connection.execute(select(message.c.id).where(unsure)).scalars())
    carried = sorted(set(connection.execute(_CARRIED, {"ids": ids}).scalars())) if ids else []
    if not carried:
        return
    lock_notices(connection, carried)
    open_ = and_(notice.c.id.in_(carried), notice.c.state == NoticeState.FRAMED, _FINISHED)
    wanted = select(message_notice.c.notice_id).where(message_notice.c.message_id.in_(ids), message_notice.c.again)
    again = update(notice).where(open_, notice.c.unanswered < REPEATED_AT_MOST, notice.c.id.in_(wanted))
    again = again.values(state=int(NoticeState.WAITING), unanswered=notice.c.unanswered + 1)
    repeated = connection.execute(again.returning(notice.c.id)).scalars().all()
    held = update(notice).where(open_).values(state=int(NoticeState.HELD), reason=str(Reason.UNANSWERED), detail="")
    kept = connection.execute(held.returning(notice.c.id)).scalars().all()
    entries = [entry(at, Step.REPEATED, notice_id=id_, reason=Reason.UNANSWERED) for id_ in sorted(repeated)]
    entries += [entry(at, Step.HELD, notice_id=id_, reason=Reason.UNANSWERED) for id_ in sorted(kept)]
    if entries:
        connection.execute(NOTE, entries)


def give_back(connection: Connection, ids: Sequence[int], at: int, owner: str) -> None:
    """Make due again what was queued and certainly not sent; it counts as no attempt."""
    if not ids:
        return
    never = message.c.attempts <= 1
    connection.execute(
        update(message)
        .where(message.c.id.in_(ids), message.c.state == MessageState.SENDING, message.c.owner == owner)
        .values(
            state=int(MessageState.DUE),
            due_at=at,
            owner="",
            attempts=message.c.attempts - 1,
            first_sent_at=case((never, None), else_=message.c.first_sent_at),
        )
    )


def _outcome(one: Settled) -> dict[str, Any]:
    delivery = one.delivery
    state = MessageState.DUE
    if delivery.outcome in _SHOWN:
        state = MessageState.DELIVERED
    elif one.again_at is None:
        state = MessageState.DEAD
    return {
        "of": one.id,
        "to": int(state),
        "again": one.again_at or 0,
        "ask": one.ask_at,
        "answered": one.answered_at,
        "said": str(delivery.outcome),
        "with_code": delivery.code[:64],
        "because": delivery.reason[:512],
        "named": delivery.handle[:255],
    }


_CARRIED = select(message_notice.c.notice_id).where(message_notice.c.message_id.in_(bindparam("ids", expanding=True)))
_STANDS = select(message.c.state).where(message.c.id == message_notice.c.message_id).scalar_subquery()
_FINISHED = (
    select(message_notice.c.message_id)
    .where(message_notice.c.notice_id == notice.c.id, _STANDS.in_([MessageState.DUE, MessageState.SENDING]))
    .limit(1)
    .scalar_subquery()
    .is_(None)
)
_FINISH = update(notice).where(
    notice.c.id.in_(bindparam("carried", expanding=True)), notice.c.state == NoticeState.FRAMED, _FINISHED
)
_FINISH_TO = _FINISH.values(state=bindparam("to"))
_FINISH_SHOWN = _FINISH.values(state=case((notice.c.parted, int(NoticeState.DEAD)), else_=int(NoticeState.SHOWN)))
_PART = (
    update(notice)
    .where(notice.c.id.in_(bindparam("carried", expanding=True)), notice.c.state == NoticeState.FRAMED)
    .values(parted=true())
)
"""Of a fact that goes on in other messages a part is lost by now."""


def finish(connection: Connection, ids: Sequence[int], state: NoticeState) -> None:
    """Move the notices of these messages on; one that stands in several waits for the last of them.

    One of which a part was given up is not shown.
    """
    if not ids:
        return
    carried = sorted(set(connection.execute(_CARRIED, {"ids": list(ids)}).scalars()))
    # of two that settle the last two messages of a notice at once, the second must see what the first wrote
    lock_notices(connection, carried)
    if state is NoticeState.SHOWN:
        connection.execute(_FINISH_SHOWN, {"carried": carried})
    else:
        connection.execute(_FINISH_TO, {"carried": carried, "to": int(state)})
    if state is NoticeState.DEAD:
        connection.execute(_PART, {"carried": carried})


def recover(ledger: Ledger, connection: Connection, at: int, owner: str = "") -> int:
    """Settle as unknown what has lost its worker: its lease is over, or `owner` starts anew. Returns how many.

    The same bytes go out again where the channel recognises their key and the first attempt is not too long ago;
    otherwise the message is given up, because it may have been shown, or the facts in it go the way of their routes.
    """
    lost = message.c.lease_until < at
    if owner:
        lost |= message.c.owner == owner
    lost &= message.c.state == MessageState.SENDING
    lock(connection, select(message.c.id).where(lost).order_by(message.c.id), {})
    again = and_(message.c.repeatable, message.c.first_sent_at > at - SAME_KEY_WITHIN_S * MICROSECONDS)
    rows = connection.execute(
        update(message)
        .where(lost)
        .values(
            state=case((again, int(MessageState.DUE)), else_=int(MessageState.DEAD)),
            due_at=at,
            owner="",
            outcome=str(Outcome.UNKNOWN),
            reason=UNANSWERED,
        )
        .returning(message.c.id, message.c.destination, message.c.state)
    ).all()
    if not rows:
        return 0
    entries = [entry(at, Step.ATTEMPT, message_id=r.id, reason=Outcome.UNKNOWN, detail=UNANSWERED) for r in rows]
    connection.execute(NOTE, entries)
    dead = [r.id for r in rows if r.state == MessageState.DEAD]
    _doubt(connection, dead, at)
    finish(connection, dead, NoticeState.DEAD)
    note_calls(ledger, connection, [{"destination": name, "called_at": at} for name in {r.destination for r in rows}])
    return len(rows)
