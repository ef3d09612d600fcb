"""Pushes that were refused: counted, and nothing else of them is kept."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from worker.ledger.engine import Ledger, now
from worker.ledger.tables import refused


def count(ledger: Ledger, connection: Connection, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to the counts of (source, reason), in one order everywhere, so that no two writers wait for one another."""
    for (source, reason), number in sorted(counts.items()):
        upsert = ledger.insert(refused).values(source=source, reason=reason, count=number, last_at=now())
        more = {"count": refused.c.count + upsert.excluded["count"], "last_at": upsert.excluded["last_at"]}
        connection.execute(upsert.on_conflict_do_update(index_elements=["source", "reason"], set_=more))


def counted(connection: Connection) -> dict[tuple[str, str], int]:
    """Return the counts by (source, reason)."""
    query = select(refused.c.source, refused.c.reason, refused.c["count"])
    return {(row.source, row.reason): row[2] for row in connection.execute(query)}
