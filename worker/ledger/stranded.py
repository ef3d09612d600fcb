"""What waits for destinations that are no longer configured."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, select, update

from connectors.contract import Outcome
from pipelines.verdict import Reason
from worker.ledger.decisions import NOTE, entry
from worker.ledger.engine import lock
from worker.ledger.outbox import GivenUp
from worker.ledger.recipients import told_by
from worker.ledger.settling import bury
from worker.ledger.tables import MessageState, NoticeState, Step, message, notice

GONE = "its destination is no longer in the configuration"


def strand(connection: Connection, channels: Sequence[str], at: int) -> int:
    """Hold what waits for any other channel than these, and give up what was framed for one. Returns how many."""
    lost = and_(message.c.state == MessageState.DUE, ~told_by(message.c.destination, channels))
    ids = connection.execute(select(message.c.id).where(lost).order_by(message.c.id)).scalars()
    bury(connection, [GivenUp(id_, GONE, Outcome.REFUSED) for id_ in ids], at)
    stranded = and_(notice.c.state == NoticeState.WAITING, ~told_by(notice.c.destination, channels))
    lock(connection, select(notice.c.id).where(stranded).order_by(notice.c.id), {})
    values = {"state": int(NoticeState.HELD), "reason": str(Reason.DESTINATION_GONE), "detail": notice.c.route}
    held = update(notice).where(stranded).values(**values).returning(notice.c.id, notice.c.route)
    rows = connection.execute(held).all()
    if rows:
        reason = Reason.DESTINATION_GONE
        connection.execute(NOTE, [entry(at, Step.HELD, notice_id=r.id, reason=reason, detail=r.route) for r in rows])
    return len(rows)
