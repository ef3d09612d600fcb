"""The inbox: what arrived, each state of a record once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select

from connectors.contract import Record, Unread
from pipelines.codec import canonical, dump_record, load_record
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.seal import DataKey, Sealer
from worker.ledger.tables import InboxState, Step, inbox, snapshot, trail

SHARDS = 64
LABEL = b"inbox"
UNREAD = b"unread"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch."""
    return int(at.timestamp() * MICROSECONDS)


def moment(at: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime, in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def subject(source: str, kind: str, record_id: str) -> bytes:
    """Return the 16 bytes that stand for a record in indexes."""
    return hashlib.blake2b(f"{source}\0{kind}\0{record_id}".encode(), digest_size=16).digest()


def digest(record: Record) -> bytes:
    """Return 16 bytes over the fields read and their names, so that an unchanged re-read is the same row.

    What lay around the record is not among it: whoever reads the same state again may find other things around it.
    """
    content = canonical(record.fields) + (b"deleted" if record.deleted else b"")
    return hashlib.blake2b(content, digest_size=16).digest()


def row(
    record: Record,
    *,
    received_at: int,
    pushed: bool,
    baseline: bool,
    sealer: Sealer,
    hinted_at: int | None = None,
) -> dict[str, Any]:
    """Return the inbox row of a record, its payload sealed under a data key of its own.

    `hinted_at` is when the hint arrived that it was read for.
    """
    key = sealer.fresh()
    return {
        "source": record.source,
        "kind": record.kind,
        "record_id": record.id,
        "version": record.version,
        "digest": digest(record),
        "stamp": micros(record.stamp),
        "received_at": received_at,
        "hinted_at": hinted_at,
        "pushed": pushed,
        "baseline": baseline,
        "shard": subject(record.source, record.kind, record.id)[0] % SHARDS,
        "state": int(InboxState.NEW),
        "data_key": key.wrapped,
        "payload": key.seal(dump_record(record), LABEL),
    }


def add(ledger: Ledger, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert what is not there yet, by the source's stamp; returns how many rows were new.

    The order is the same whatever way the states came, so that two who bring the same ones do not wait for each other.
    """
    if not rows:
        return 0
    return int(connection.execute(ledger.insert_new(inbox), sorted(rows, key=_place)).rowcount)


def _place(of: Mapping[str, Any]) -> tuple[Any, ...]:
    # of the same stamp the shorter id first, so that numbers count up
    return (of["stamp"], of["source"], of["kind"], len(of["record_id"]), of["record_id"])


_NEWEST = (
    select(inbox.c.digest)
    .where(*(inbox.c[name] == snapshot.c[name] for name in ("source", "kind", "record_id")))
    .order_by(inbox.c.seq.desc())
    .limit(1)
    .scalar_subquery()
    .label("digest")
)
_KNOWN = select(snapshot.c.record_id, _NEWEST).where(
    snapshot.c.source == bindparam("source"),
    snapshot.c.kind == bindparam("kind"),
    snapshot.c.record_id.in_(bindparam("ids", expanding=True)),
)


def differing(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those of one kind's rows whose state is not the newest that arrived of their record."""
    if not rows:
        return []
    of = {"source": rows[0]["source"], "kind": rows[0]["kind"], "ids": [one["record_id"] for one in rows]}
    known = {found.record_id: found.digest for found in connection.execute(_KNOWN, of)}
    return [one for one in rows if known.get(one["record_id"]) != one["digest"]]


def unread_row(unread: Unread, *, received_at: int, sealer: Sealer) -> dict[str, Any]:
    """Return the inbox row of something that could not be read: its bytes sealed, nothing left to decide."""
    key = sealer.fresh()
    return {
        "source": unread.source,
        "kind": unread.kind,
        "record_id": unread.id[:255],
        "version": "",
        "digest": hashlib.blake2b(unread.body, digest_size=16).digest(),
        "stamp": received_at,
        "received_at": received_at,
        "pushed": False,
        "baseline": False,
        "shard": subject(unread.source, unread.kind, unread.id)[0] % SHARDS,
        "state": int(InboxState.UNREADABLE),
        "data_key": key.wrapped,
        "payload": key.seal(unread.body, UNREAD),
    }


def set_aside(ledger: Ledger, connection: Connection, unread: Sequence[Unread], received_at: int) -> int:
    """Keep what could not be read, each with its sentence in the trail; what was kept before is not kept again."""
    new = 0
    for each in unread:
        row = unread_row(each, received_at=received_at, sealer=ledger.sealer)
        seq = connection.execute(ledger.insert_new(inbox).values(row).returning(inbox.c.seq)).scalar()
        if seq is not None:
            new += 1
            said = {
                "at": received_at,
                "step": int(Step.UNREADABLE),
                "seq": seq,
                "reason": "",
                "detail": each.sentence[:512],
            }
            connection.execute(insert(trail).values(said))
    return new


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that waits to be decided."""

    seq: int
    record: Record
    baseline: bool
    received_at: int
    key: DataKey
    pushed: bool = False


@cache
def _undecided(*, whole: bool) -> Select[Any]:
    query = select(inbox).where(inbox.c.state == InboxState.NEW).order_by(inbox.c.seq).limit(bindparam("most"))
    return query if whole else query.where(inbox.c.shard.in_(bindparam("shards", expanding=True)))


def undecided(connection: Connection, shards: frozenset[int], limit: int) -> Sequence[Any]:
    """Return the oldest undecided rows of these shards, by arrival."""
    whole = len(shards) >= SHARDS
    given: dict[str, Any] = {"most": limit} if whole else {"most": limit, "shards": sorted(shards)}
    return connection.execute(_undecided(whole=whole), given).all()


def open_arrival(sealer: Sealer, found: Any) -> Arrival:
    """Unseal one inbox row; raises `Unsealable` or whatever a payload that we did not write does."""
    key = sealer.open(found.data_key)
    record = load_record(key.unseal(found.payload, LABEL))
    return Arrival(found.seq, record, found.baseline, found.received_at, key, found.pushed)


def oldest_undecided(connection: Connection) -> int | None:
    """Return when the oldest undecided event was received, in microseconds."""
    query = select(inbox.c.received_at).where(inbox.c.state == InboxState.NEW).order_by(inbox.c.seq).limit(1)
    return connection.execute(query).scalar()


def backlog(connection: Connection) -> int:
    """Return how many events are undecided."""
    return connection.execute(
        select(func.count()).select_from(inbox).where(inbox.c.state == InboxState.NEW)
    ).scalar_one()
