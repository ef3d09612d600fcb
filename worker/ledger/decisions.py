"""What a batch of decisions writes, in one transaction that checks that nobody else decided them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, tuple_, update

from connectors.contract import Record
from pipelines.chain import Decision
from pipelines.notice import Notice, State
from pipelines.plan import Lane
from pipelines.verdict import Reason, Verdict
from worker.ledger import lookups, timers
from worker.ledger.arrivals import SHARDS, Arrival, micros, subject
from worker.ledger.engine import Ledger, lock_names
from worker.ledger.seal import DataKey, Unsealable
from worker.ledger.tables import InboxState, NoticeState, Step, inbox, notice, snapshot, trail

SNAPSHOT = b"snapshot"
NOTICE = b"notice"
TRAIL = b"trail"
LANES = tuple(Lane)

# Statements of every batch are built once: SQLAlchemy takes as long to build one as SQLite to carry it out.
NOTE = insert(trail)
_KNOWN = select(
    snapshot.c.source, snapshot.c.kind, snapshot.c.record_id, snapshot.c.seq, snapshot.c.data_key, snapshot.c.payload
).where(tuple_(snapshot.c.source, snapshot.c.kind, snapshot.c.record_id).in_(bindparam("subjects", expanding=True)))
_CLAIM = (
    update(inbox)
    .where(inbox.c.seq.in_(bindparam("seqs", expanding=True)), inbox.c.state == InboxState.NEW)
    .values(state=bindparam("to"))
)
_TELL = insert(notice)
_RENEWED: dict[str, Any] = {
    column.name: bindparam(f"to_{column.name}") for column in snapshot.c if not column.primary_key
}
_RENEW = (
    update(snapshot)
    .where(
        snapshot.c.source == bindparam("of_source"),
        snapshot.c.kind == bindparam("of_kind"),
        snapshot.c.record_id == bindparam("of_record_id"),
        snapshot.c.seq == bindparam("was"),
    )
    .values(_RENEWED)
)

Subject = tuple[str, str, str]


class Contested(Exception):
    """Another worker was faster with some of these rows; nothing was written."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An arrival with its decision, or with why it could not be read."""

    arrival: Arrival
    decision: Decision


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An arrival that could not be decided, and why, for the operator."""

    seq: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some records: their last states, and the arrivals (`seqs`) and data keys that these are of."""

    states: dict[Subject, State]
    seqs: dict[Subject, int]
    keys: dict[Subject, DataKey]


def known(ledger: Ledger, connection: Connection, subjects: Sequence[Subject]) -> Known:
    """Return what is known of these records. Of an erased one no state is known."""
    found = Known({}, {}, {})
    for r in connection.execute(_KNOWN, {"subjects": list(subjects)}):
        found.seqs[r.source, r.kind, r.record_id] = r.seq
        with suppress(Unsealable):
            key = ledger.sealer.open(r.data_key)
            found.states[r.source, r.kind, r.record_id] = State.load(key.unseal(r.payload, SNAPSHOT))
            found.keys[r.source, r.kind, r.record_id] = key
    return found


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that were decided together by one plan, `against` the arrivals that their records were known by."""

    decided: Sequence[Decided]
    unreadable: Sequence[Unreadable]
    against: Mapping[Subject, int]
    plan_id: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch and the rows that it becomes, whose time is that of their writing: it is sealed before others wait for it."""

    batch: Batch
    states: dict[Subject, dict[str, Any]]
    notices: list[dict[str, Any]]
    entries: list[dict[str, Any]]


def sealed(batch: Batch) -> Sealed:
    """Return the rows of a batch."""
    decided = batch.decided
    entries = [_entry(one, batch.plan_id) for one in decided]
    entries += [entry(0, Step.UNREADABLE, seq=u.seq, detail=u.sentence) for u in batch.unreadable]
    return Sealed(batch, _states(decided), [row for one in decided for row in _notices(one)], entries)


def write(ledger: Ledger, connection: Connection, of: Sealed) -> None:
    """Write a batch: events decided, states, notices, trail.

    Raises `Contested` when a row was no longer undecided, or a record is known by another arrival by now. The rows
    alone do not tell: on PostgreSQL an arrival may become visible after one that has a higher number.
    """
    batch = of.batch
    decided = batch.decided
    lock_names(connection, {f"shard {_shard(one.arrival.record)}" for one in decided})
    at = ledger.now(connection)
    _claim(connection, [d.arrival.seq for d in decided], InboxState.DECIDED)
    _claim(connection, [u.seq for u in batch.unreadable], InboxState.UNREADABLE)
    _remember(ledger, connection, of.states, batch.against)
    lookups.keep(ledger, connection, {_subject(one): one.decision.keys for one in decided if one.decision.keys})
    if timings := [(_subject(one), timing) for one in decided for timing in one.decision.timings]:
        withdraw(connection, timers.keep(ledger, connection, timings), at)
    if of.notices:
        connection.execute(_TELL, [{**row, "created_at": at} for row in of.notices])
    connection.execute(NOTE, [{**row, "at": at} for row in of.entries])


def withdraw(connection: Connection, ended: Sequence[tuple[Subject, str]], at: int) -> None:
    """Drop what waits to be told of records of which it no longer holds: a route that waits tells how something is."""
    for of, route in ended:
        waits = (notice.c.subject == subject(*of)) & (notice.c.route == route) & (notice.c.state == NoticeState.WAITING)
        gone = update(notice).where(waits).values(state=int(NoticeState.DROPPED), reason=str(Reason.NO_LONGER))
        ids = sorted(connection.execute(gone.returning(notice.c.id)).scalars())
        if ids:
            connection.execute(NOTE, [entry(at, Step.DROPPED, notice_id=id_, reason=Reason.NO_LONGER) for id_ in ids])


def _subject(one: Decided) -> Subject:
    record = one.arrival.record
    return (record.source, record.kind, record.id)


def _shard(of: Record) -> int:
    return subject(of.source, of.kind, of.id)[0] % SHARDS


def _claim(connection: Connection, seqs: Sequence[int], state: InboxState) -> None:
    if not seqs:
        return
    if connection.execute(_CLAIM, {"seqs": list(seqs), "to": int(state)}).rowcount != len(seqs):
        raise Contested


def _remember(
    ledger: Ledger, connection: Connection, states: Mapping[Subject, dict[str, Any]], against: Mapping[Subject, int]
) -> None:
    """Write the new states, each in place of the one that it was compared with."""
    fresh = [row for of, row in states.items() if of not in against]
    renewed = [
        {
            **dict(zip(("of_source", "of_kind", "of_record_id"), of, strict=True)),
            "was": against[of],
            **{f"to_{name}": row[name] for name in _RENEWED},
        }
        for of, row in states.items()
        if of in against
    ]
    if fresh and connection.execute(ledger.insert_new(snapshot), fresh).rowcount != len(fresh):
        raise Contested
    if renewed and connection.execute(_RENEW, renewed).rowcount != len(renewed):
        raise Contested


def _states(decided: Sequence[Decided]) -> dict[Subject, dict[str, Any]]:
    newest: dict[Subject, dict[str, Any]] = {}
    for one in decided:
        record, state = one.arrival.record, one.decision.state
        if state is None:
            continue
        newest[record.source, record.kind, record.id] = {
            "source": record.source,
            "kind": record.kind,
            "record_id": record.id,
            "seq": one.arrival.seq,
            "stamp": micros(state.stamp),
            "number": record.number[:255],
            "url": record.url[:2048],
            "deleted": state.deleted,
            "data_key": one.arrival.key.wrapped,
            "payload": one.arrival.key.seal(state.dump(), SNAPSHOT),
        }
    return newest


def _notices(one: Decided) -> list[dict[str, Any]]:
    key = one.arrival.key
    rows = [notice_row(n, key, 0, NoticeState.WAITING, Verdict(n.route, Reason.TOLD)) for n in one.decision.notices]
    return rows + [notice_row(n, key, 0, NoticeState.HELD, verdict) for n, verdict in one.decision.held]


def notice_row(of: Notice, key: DataKey, at: int, state: NoticeState, verdict: Verdict) -> dict[str, Any]:
    """Return the row of a notice, sealed with the data key of the arrival that it was made from."""
    return {
        "seq": of.seq,
        "route": of.route,
        "destination": of.destination,
        "subject": subject(*of.subject),
        "lane": LANES.index(of.lane),
        "state": int(state),
        "reason": str(verdict.reason),
        "detail": verdict.detail[:255],
        "created_at": at,
        "source_at": micros(of.occurred_at),
        "payload": key.seal(of.dump(), NOTICE),
    }


def _entry(one: Decided, plan_id: int) -> dict[str, Any]:
    verdicts = one.decision.verdicts
    content = [plan_id, sorted(one.decision.changed), [[v.route, v.reason, v.detail] for v in verdicts]]
    whole = verdicts[0].reason if len(verdicts) == 1 and not verdicts[0].route else ""
    return {
        **entry(0, Step.DECIDED, seq=one.arrival.seq, reason=whole),
        "payload": one.arrival.key.seal(msgspec.json.encode(content), TRAIL),
    }


def entry(
    at: int,
    step: Step,
    *,
    seq: int | None = None,
    notice_id: int | None = None,
    message_id: int | None = None,
    reason: str = "",
    detail: str = "",
) -> dict[str, Any]:
    """Return one trail row; `detail` is for people and holds no field's value."""
    return {
        "at": at,
        "step": int(step),
        "seq": seq,
        "notice_id": notice_id,
        "message_id": message_id,
        "reason": str(reason),
        "detail": detail[:512],
        "payload": None,
    }
