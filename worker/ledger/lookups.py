"""Records by a field that a rule of two sources looks them up by; no value stands here, only a keyed mark of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, and_, exists, select

from worker.ledger.engine import Ledger
from worker.ledger.tables import InboxState, inbox, lookup, snapshot

Subject: TypeAlias = tuple[str, str, str]
PAGE = 500


def keep(ledger: Ledger, connection: Connection, of: Mapping[Subject, Mapping[str, str]]) -> None:
    """Store by which texts these records are found, by field, in the transaction that stores their states."""
    rows = _rows(ledger, of)
    if rows:
        fresh = ledger.insert(lookup)
        keys = ["source", "kind", "field", "record_id"]
        connection.execute(fresh.on_conflict_do_update(index_elements=keys, set_={"mark": fresh.excluded.mark}), rows)


def keep_new(ledger: Ledger, connection: Connection, of: Mapping[Subject, Mapping[str, str]]) -> None:
    """Store the same of records that are not here yet; what a newer state says of one that is here stays."""
    if rows := _rows(ledger, of):
        connection.execute(ledger.insert_new(lookup), rows)


def _rows(ledger: Ledger, of: Mapping[Subject, Mapping[str, str]]) -> list[dict[str, Any]]:
    return [
        {"source": source, "kind": kind, "field": field, "record_id": id_, "mark": ledger.sealer.mark(text)}
        for (source, kind, id_), texts in sorted(of.items())
        for field, text in sorted(texts.items())
    ]


def found(ledger: Ledger, connection: Connection, kind: tuple[str, str], field: str, text: str) -> list[Subject]:
    """Return the records of a kind whose `field` has this text."""
    mine = (lookup.c.source == kind[0], lookup.c.kind == kind[1], lookup.c.field == field)
    query = select(lookup.c.record_id).where(*mine, lookup.c.mark == ledger.sealer.mark(text))
    return [(*kind, id_) for id_ in connection.execute(query.order_by(lookup.c.record_id)).scalars()]


def missing(connection: Connection, kind: tuple[str, str], field: str) -> list[Subject]:
    """Return some records of a kind that were stored before they were looked up by `field`; none when all are here."""
    here = exists().where(
        *(lookup.c[name] == snapshot.c[name] for name in ("source", "kind", "record_id")), lookup.c.field == field
    )
    mine = and_(snapshot.c.source == kind[0], snapshot.c.kind == kind[1], ~here)
    ids: Sequence[str] = connection.execute(select(snapshot.c.record_id).where(mine).limit(PAGE)).scalars().all()
    return [(*kind, id_) for id_ in ids]


def undecided(connection: Connection, kind: tuple[str, str], until: int) -> bool:
    """Tell whether something of a kind is undecided that arrived until then (microseconds)."""
    new = (inbox.c.state == InboxState.NEW, inbox.c.source == kind[0], inbox.c.kind == kind[1])
    query = select(inbox.c.seq).where(*new, inbox.c.received_at <= until)
    # in order, or the planner hopes to meet one soon and reads the whole table
    return connection.execute(query.order_by(inbox.c.seq).limit(1)).first() is not None
