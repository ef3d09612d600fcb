"""Problems that close themselves: what was held or given up ends when a later state of its record is delivered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, insert, or_, select, update

from pipelines.verdict import Reason
from worker.ledger.decisions import entry
from worker.ledger.tables import OPEN, NoticeState, Step, message_notice, notice, trail


def close(connection: Connection, delivered: Sequence[int], at: int) -> None:
    """Close what these delivered messages (ids) made old: earlier states on the same way, and earlier repetitions."""
    if not delivered:
        return
    newer = notice.alias()
    later = or_(newer.c.seq > notice.c.seq, and_(newer.c.seq == notice.c.seq, newer.c.again > notice.c.again))
    same_way = and_(
        newer.c.destination == notice.c.destination,
        newer.c.subject == notice.c.subject,
        newer.c.route == notice.c.route,
    )
    query = (
        select(notice.c.id, notice.c.state, newer.c.id.label("by"))
        .select_from(message_notice)
        .join(newer, newer.c.id == message_notice.c.notice_id)
        .join(notice, and_(same_way, later, OPEN))
        .where(message_notice.c.message_id.in_(delivered), newer.c.state == NoticeState.SHOWN)
    )
    closed = {row.id: row for row in connection.execute(query)}
    if not closed:
        return
    still = and_(notice.c.id.in_(closed), OPEN)
    connection.execute(update(notice).where(still).values(state=int(NoticeState.SUPERSEDED)))
    steps = {NoticeState.HELD: Step.SUPERSEDED, NoticeState.DEAD: Step.CLOSED}
    connection.execute(
        insert(trail),
        [
            entry(at, steps[row.state], notice_id=row.id, reason=Reason.SUPERSEDED, detail=str(row.by))
            for row in closed.values()
        ],
    )
