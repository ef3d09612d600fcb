"""How much of what a source lists the ledger has, by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from worker.ledger.engine import Ledger
from worker.ledger.tables import completeness, inbox


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one kind, `day` as 2026-11-01 in the zone of the source's setting.

    `listed` are the versions that the source lists, `known` those that the ledger had when they were compared,
    `fetched` what comparing has brought so far. `compared_at` in microseconds.
    """

    source: str
    kind: str
    day: str
    listed: int
    known: int
    fetched: int
    compared_at: int


def known(connection: Connection, source: str, kind: str, versions: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these (id, version) the ledger has."""
    query = select(inbox.c.record_id, inbox.c.version).where(
        inbox.c.source == source,
        inbox.c.kind == kind,
        tuple_(inbox.c.record_id, inbox.c.version).in_(versions),
    )
    return {(row.record_id, row.version) for row in connection.execute(query)}


def record(ledger: Ledger, connection: Connection, day: Day) -> None:
    """Write a day as it was compared last; what was fetched adds up."""
    values = {"listed": day.listed, "known": day.known, "compared_at": day.compared_at}
    row = ledger.insert(completeness).values(
        source=day.source, kind=day.kind, day=day.day, fetched=day.fetched, **values
    )
    changed = {**values, "fetched": completeness.c.fetched + day.fetched}
    connection.execute(row.on_conflict_do_update(index_elements=["source", "kind", "day"], set_=changed))


def days(connection: Connection, source: str = "", since: str = "") -> list[Day]:
    """Return what was compared, by source, kind and day."""
    query = select(completeness).order_by(completeness.c.source, completeness.c.kind, completeness.c.day)
    if source:
        query = query.where(completeness.c.source == source)
    if since:
        query = query.where(completeness.c.day >= since)
    return [Day(**row) for row in connection.execute(query).mappings()]
