"""What waits for a destination, lane by lane, so that a long queue in one lane hides nothing in another."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, and_, bindparam, select, true, union_all

from pipelines.notice import Notice
from pipelines.stages.supersede import Waiting
from worker.ledger.arrivals import moment
from worker.ledger.decisions import NOTICE
from worker.ledger.engine import Ledger
from worker.ledger.peace import COUNTING
from worker.ledger.tables import MessageState, NoticeState, inbox, message, message_notice, notice

STATES = 16
"""States of one record that are looked at at once, on average; more are told of in turn, the oldest first."""

# Asked of one row at a time, by an index: PostgreSQL joins whole tables instead while it has not counted them, or after
# it counted them at another hour, and takes seconds where it needs milliseconds.
_flying = notice.alias()
_NOT_IN_FLIGHT = (
    select(_flying.c.id)
    .where(
        _flying.c.state == NoticeState.FRAMED,
        _flying.c.destination == notice.c.destination,
        _flying.c.subject == notice.c.subject,
    )
    .limit(1)
    .scalar_subquery()
    .is_(None)
)
_KEY = select(inbox.c.data_key).where(inbox.c.seq == notice.c.seq).scalar_subquery()
_MINE = and_(notice.c.state == NoticeState.WAITING, notice.c.destination == bindparam("name"))
# of an erased record there is nothing left to tell
_KEPT = _KEY.is_not(None)


_told = notice.alias()
_GATHERED = (
    select(_told.c.subject)
    .join(message_notice, message_notice.c.notice_id == _told.c.id)
    .join(message, message.c.id == message_notice.c.message_id)
    .where(
        message.c.state == MessageState.DELIVERED,
        message.c.destination == bindparam("name"),
        message.c.settled_at > bindparam("told_since"),
        message.c.lane.in_(COUNTING),
    )
)


@cache
def _longest(lanes: tuple[int, ...], *, gathers: bool) -> CompoundSelect[Any]:
    # lane by lane: however much waits in one, what is more important is found
    each = [
        select(notice.c.subject)
        .where(_MINE, notice.c.lane == lane, _NOT_IN_FLIGHT, _KEPT)
        .where(notice.c.subject.not_in(_GATHERED) if gathers and lane in COUNTING else true())
        .order_by(notice.c.id)
        .limit(bindparam("records"))
        .subquery()
        for lane in lanes
    ]
    return union_all(*(select(one.c.subject) for one in each))


_STATES = (
    select(notice.c.id, notice.c.payload, notice.c.unanswered, notice.c.created_at, _KEY.label("data_key"))
    .where(_MINE, notice.c.subject.in_(bindparam("subjects", expanding=True)), _KEPT)
    .order_by(notice.c.id)
    .limit(bindparam("states"))
)


def waiting(
    ledger: Ledger,
    connection: Connection,
    destination: str,
    lanes: tuple[int, ...],
    records: int,
    told_since: int | None = None,
) -> list[Waiting]:
    """Return what waits of the records that have waited longest in these lanes, by arrival.

    Of each record it is all that waits, in any lane, because only the newest state is told. A record that a message
    in flight tells of is left out, and in lanes that are spared one that was told of after `told_since` (microseconds).
    """
    asked = {"name": destination, "records": records} | ({} if told_since is None else {"told_since": told_since})
    query = _longest(lanes, gathers=told_since is not None) if lanes else None
    subjects = set(connection.execute(query, asked).scalars()) if query is not None else None
    if not subjects:
        return []
    given = {"name": destination, "subjects": sorted(subjects), "states": records * STATES}
    return [
        Waiting(
            row.id,
            Notice.load(ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE), destination),
            row.unanswered,
            since=moment(row.created_at),
        )
        for row in connection.execute(_STATES, given)
    ]
