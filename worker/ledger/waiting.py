"""What waits for a destination, lane by lane, so that a long queue in one lane hides nothing in another."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select, union_all

from pipelines.notice import Notice
from pipelines.plan import Lane
from pipelines.stages.supersede import Waiting
from worker.ledger.decisions import LANES, NOTICE
from worker.ledger.engine import Ledger
from worker.ledger.tables import NoticeState, inbox, notice


def waiting(
    ledger: Ledger, connection: Connection, destination: str, lanes: Sequence[Lane], limit: int
) -> list[Waiting]:
    """Return the first `limit` of each of these lanes by arrival, less the records that a message in flight tells of.

    All that waits of the same records comes with them, whatever its lane and place: a later state goes for an earlier.
    """
    if not lanes:
        return []
    flying, head = notice.alias(), notice.alias()
    in_flight = exists().where(
        flying.c.state == NoticeState.FRAMED,
        flying.c.destination == head.c.destination,
        flying.c.subject == head.c.subject,
    )
    heads = [
        select(head.c.subject)
        .where(head.c.state == NoticeState.WAITING, head.c.destination == destination)
        .where(head.c.lane == LANES.index(lane), ~in_flight)
        .order_by(head.c.id)
        .limit(limit)
        .subquery()
        for lane in lanes
    ]
    subjects = union_all(*(select(one.c.subject) for one in heads)).scalar_subquery()
    query = (
        select(notice.c.id, notice.c.payload, inbox.c.data_key)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(notice.c.state == NoticeState.WAITING, notice.c.destination == destination)
        # of an erased record there is nothing left to tell
        .where(notice.c.subject.in_(subjects), inbox.c.data_key.is_not(None))
        .order_by(notice.c.id)
    )
    return [
        Waiting(row.id, Notice.load(ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE)))
        for row in connection.execute(query)
    ]
