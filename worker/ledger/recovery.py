"""A ledger that was restored from a backup: what it would send, and may have sent before it was lost, is held.

The recorded window begins when the backup was taken and ends when it was restored. What happened in it the ledger does
not know, so whatever it could have told then is doubtful: see docs/decisions/0008-what-a-restored-ledger-holds.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from connectors.contract import Outcome
from pipelines.verdict import Reason
from worker.ledger.arrivals import Arrival, micros
from worker.ledger.decisions import entry
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.outbox import SAME_KEY_WITHIN_S
from worker.ledger.tables import (
    MessageState,
    NoticeState,
    Step,
    budget,
    message,
    message_notice,
    notice,
    recovery,
    schedule,
    trail,
)

CLOCKS_S = 300
"""How far the clock of a source may be ahead of ours."""

WHY = "the ledger was restored from a backup: it may have been sent before that"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of what the backup had still to send: messages that go out again under their keys, facts held."""

    again: int
    held: int


def restored_at(connection: Connection) -> int | None:
    """Return when the ledger was last restored, in microseconds since the epoch; None: never."""
    return connection.execute(select(func.max(recovery.c.restored_at))).scalar()


def doubtful(arrival: Arrival, restored_at: int) -> bool:
    """Tell whether an arrival that is undecided now may have been decided and told before the restore.

    It may when it was in the backup already, or when its source wrote that state before the restore.
    """
    written = micros(arrival.record.stamp) <= restored_at + CLOCKS_S * MICROSECONDS
    return arrival.received_at <= restored_at or written


def recover(ledger: Ledger, connection: Connection, taken_at: int, at: int) -> Recovered:
    """Set right a ledger that was just restored: `taken_at` is when its backup was begun, `at` now; microseconds.

    A message may go out again under its key when all its attempts, those of the window as well, are younger than the
    channel remembers keys. Every other fact that waits for its message, or for its answer, is held.
    """
    again = _messages(connection, taken_at, at)
    held = _notices(connection, at)
    # the calls of the window are unknown: quotas count from now
    connection.execute(update(budget).values(called_at=at))
    connection.execute(update(schedule).values(owner="", lease_until=0))
    connection.execute(ledger.insert(recovery).values(taken_at=taken_at, restored_at=at))
    return Recovered(again, held)


def _messages(connection: Connection, taken_at: int, at: int) -> int:
    """Make unfinished messages due again, or give them up; returns how many are due."""
    first = func.coalesce(message.c.first_sent_at, taken_at)
    unfinished = message.c.state.in_([MessageState.DUE, MessageState.SENDING])
    young = and_(message.c.repeatable, first > at - SAME_KEY_WITHIN_S * MICROSECONDS)
    said = {"owner": "", "lease_until": 0, "first_sent_at": first, "outcome": str(Outcome.UNKNOWN), "reason": WHY}
    due = update(message).where(unfinished, young).values(state=int(MessageState.DUE), due_at=at, **said)
    again = connection.execute(due.returning(message.c.id)).scalars().all()
    dead = update(message).where(unfinished, ~message.c.id.in_(again))
    connection.execute(dead.values(state=int(MessageState.DEAD), settled_at=at, **said))
    return len(again)


def _notices(connection: Connection, at: int) -> int:
    """Hold what waits, and what no message carries any more; returns how many."""
    carried = exists().where(
        message_notice.c.notice_id == notice.c.id,
        message.c.id == message_notice.c.message_id,
        message.c.state == MessageState.DUE,
    )
    lost = and_(notice.c.state.in_([NoticeState.WAITING, NoticeState.FRAMED]), ~carried)
    held = (
        update(notice).where(lost).values(state=int(NoticeState.HELD), reason=str(Reason.MAY_HAVE_BEEN_SENT), detail="")
    )
    ids = connection.execute(held.returning(notice.c.id)).scalars().all()
    if ids:
        entries = [entry(at, Step.HELD, notice_id=id_, reason=Reason.MAY_HAVE_BEEN_SENT) for id_ in sorted(ids)]
        connection.execute(insert(trail), entries)
    return len(ids)
