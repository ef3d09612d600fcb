"""Problems that close themselves: what was held or given up ends when a later state of its record is delivered."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from pipelines.verdict import Reason
from worker.ledger.decisions import NOTE, entry
from worker.ledger.engine import lock
from worker.ledger.tables import OPEN, NoticeState, Step, message_notice, notice

_NEWER = notice.alias()
_CLOSED = (
    select(notice.c.id, notice.c.state, _NEWER.c.id.label("by"))
    .select_from(_NEWER)
    .join(
        notice,
        and_(
            _NEWER.c.destination == notice.c.destination,
            _NEWER.c.subject == notice.c.subject,
            _NEWER.c.route == notice.c.route,
            or_(_NEWER.c.seq > notice.c.seq, and_(_NEWER.c.seq == notice.c.seq, _NEWER.c.again > notice.c.again)),
            OPEN,
        ),
    )
    .where(
        _NEWER.c.id.in_(bindparam("carried", expanding=True)),
        _NEWER.c.state == NoticeState.SHOWN,
    )
)
_CARRIED = select(message_notice.c.notice_id).where(
    message_notice.c.message_id.in_(bindparam("delivered", expanding=True))
)
_STEPS = {NoticeState.HELD: Step.SUPERSEDED, NoticeState.DEAD: Step.CLOSED}


_IN_ORDER = select(notice.c.id).where(notice.c.id.in_(bindparam("ids", expanding=True))).order_by(notice.c.id)


def lock_notices(connection: Connection, ids: Collection[int]) -> None:
    """Keep others from these notices until the end of the transaction."""
    if ids:
        lock(connection, _IN_ORDER, {"ids": list(ids)})


def close(connection: Connection, delivered: Sequence[int], at: int) -> None:
    """Close what these delivered messages (ids) made old: earlier states on the same way, and earlier repetitions."""
    if not delivered:
        return
    carried = sorted(set(connection.execute(_CARRIED, {"delivered": list(delivered)}).scalars()))
    closed = {row.id: row for row in connection.execute(_CLOSED, {"carried": carried})}
    if not closed:
        return
    lock_notices(connection, closed)
    still = and_(notice.c.id.in_(closed), OPEN)
    connection.execute(update(notice).where(still).values(state=int(NoticeState.SUPERSEDED)))
    connection.execute(
        NOTE,
        [
            entry(at, _STEPS[row.state], notice_id=row.id, reason=Reason.SUPERSEDED, detail=str(row.by))
            for row in closed.values()
        ],
    )
