"""Notices with their records, and held ones that an operator moves, by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from pipelines.notice import Notice
from pipelines.stages.supersede import Waiting, supersede
from pipelines.verdict import Reason, Verdict
from worker.ledger.arrivals import Arrival, open_arrival
from worker.ledger.decisions import NOTICE, Subject
from worker.ledger.engine import Ledger
from worker.ledger.seal import DataKey, Unsealable
from worker.ledger.tables import InboxState, NoticeState, inbox, message_notice, notice

TOLD = (NoticeState.SHOWN, NoticeState.FRAMED)
AHEAD = (NoticeState.WAITING, *TOLD)


@dataclass(frozen=True, slots=True)
class Slip:
    """A notice with its record. `notice` and `key` are None when the record was erased; times in microseconds."""

    id: int
    seq: int
    stamp: int
    route: str
    destination: str
    subject: Subject
    state: NoticeState
    reason: Reason
    detail: str
    created_at: int
    again: int
    notice: Notice | None
    key: DataKey | None


def slips(ledger: Ledger, connection: Connection, which: Any, limit: int | None = None) -> list[Slip]:
    """Return the notices for which `which` is true, oldest first."""
    query = (
        select(
            notice, inbox.c.stamp, inbox.c.source, inbox.c.kind, inbox.c.record_id, inbox.c.data_key.label("wrapped")
        )
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(which)
        .order_by(notice.c.id)
        .limit(limit)
    )
    return [_slip(ledger, row) for row in connection.execute(query)]


def _slip(ledger: Ledger, row: Any) -> Slip:
    key: DataKey | None = None
    told: Notice | None = None
    try:
        key = ledger.sealer.open(row.wrapped)
        told = Notice.load(key.unseal(row.payload, NOTICE), row.destination)
    except Unsealable:
        key = None
    return Slip(
        id=row.id,
        seq=row.seq,
        stamp=row.stamp,
        route=row.route,
        destination=row.destination,
        subject=(row.source, row.kind, row.record_id),
        state=NoticeState(row.state),
        reason=Reason(row.reason),
        detail=row.detail,
        created_at=row.created_at,
        again=row.again,
        notice=told,
        key=key,
    )


def carried_by(connection: Connection, message_ids: Sequence[int]) -> list[int]:
    """Return the notices in these messages."""
    query = select(message_notice.c.notice_id).where(message_notice.c.message_id.in_(message_ids))
    return sorted(set(connection.execute(query).scalars()))


def arrivals_until(ledger: Ledger, connection: Connection, slip: Slip) -> list[Arrival]:
    """Return the decided states of a notice's record up to its own, by arrival, less those whose values are gone."""
    kept = and_(inbox.c.data_key.is_not(None), inbox.c.payload.is_not(None))
    query = select(inbox).where(*_of_record(slip), inbox.c.seq <= slip.seq, inbox.c.state == InboxState.DECIDED, kept)
    return [open_arrival(ledger.sealer, row) for row in connection.execute(query.order_by(inbox.c.seq))]


def newer(connection: Connection, slip: Slip, states: Sequence[NoticeState]) -> int | None:
    """Return the newest notice in one of `states` that tells the same recipient of a later state of the record."""
    later = or_(inbox.c.stamp > slip.stamp, and_(inbox.c.stamp == slip.stamp, inbox.c.seq > slip.seq))
    query = select(notice.c.id).join(inbox, inbox.c.seq == notice.c.seq).where(*_same_way(slip, states), later)
    return connection.execute(query.order_by(inbox.c.stamp.desc(), inbox.c.seq.desc()).limit(1)).scalar()


def since_told(ledger: Ledger, connection: Connection, slip: Slip, told: Notice) -> Notice:
    """Return `told` with what its recipient last knew, beyond earlier states that were never shown."""
    earlier = or_(inbox.c.stamp < slip.stamp, and_(inbox.c.stamp == slip.stamp, inbox.c.seq < slip.seq))
    found = slips(ledger, connection, and_(*_same_way(slip, tuple(NoticeState)), earlier))
    waiting = [Waiting(slip.id, told)]
    for one in sorted(found, key=lambda s: (s.stamp, s.seq, s.again), reverse=True):
        if one.state in TOLD or one.notice is None:
            break
        waiting.append(Waiting(one.id, one.notice))
    return supersede(waiting)[0][0].notice


def move(connection: Connection, slip: Slip, state: NoticeState, verdict: Verdict, told: Notice | None = None) -> bool:
    """Move a held notice to `state` with its reason, and its content if that is new; False: it is no longer held."""
    values: dict[str, Any] = {
        "state": int(state),
        "reason": str(verdict.reason),
        "detail": verdict.detail[:255],
    }
    if told is not None and slip.key is not None:
        values["payload"] = slip.key.seal(told.dump(), NOTICE)
    held = update(notice).where(notice.c.id == slip.id, notice.c.state == NoticeState.HELD).values(**values)
    return bool(connection.execute(held).rowcount)


def _of_record(slip: Slip) -> tuple[Any, ...]:
    source, kind, id_ = slip.subject
    return (inbox.c.source == source, inbox.c.kind == kind, inbox.c.record_id == id_)


def _same_way(slip: Slip, states: Sequence[NoticeState]) -> tuple[Any, ...]:
    return (
        *_of_record(slip),
        notice.c.route == slip.route,
        notice.c.destination == slip.destination,
        notice.c.state.in_(states),
    )
