"""Lists of all that a source has: what is known and not in such a list may be gone, and is read again."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, exists, select

from connectors.contract import Hint, Listing
from worker.ledger import hints
from worker.ledger.engine import Ledger
from worker.ledger.tables import listed, snapshot


def note(ledger: Ledger, connection: Connection, source: str, kind: str, part: Listing) -> int:
    """Store a part of a list; with the last one returns how many records are to be read because none had them."""
    mine = and_(listed.c.source == source, listed.c.kind == kind)
    if part.first:
        connection.execute(delete(listed).where(mine))
    if part.ids:
        rows = [{"source": source, "kind": kind, "record_id": id_} for id_ in part.ids]
        connection.execute(ledger.insert_new(listed), rows)
    if not part.last:
        return 0
    stands = exists().where(mine, listed.c.record_id == snapshot.c.record_id)
    known = and_(snapshot.c.source == source, snapshot.c.kind == kind, snapshot.c.deleted.is_(False))
    absent = list(connection.execute(select(snapshot.c.record_id).where(known, ~stands)).scalars())
    at = ledger.now(connection)
    hints.put(ledger, connection, [hints.row(source, Hint(kind, id_), at) for id_ in absent])
    connection.execute(delete(listed).where(mine))
    return len(absent)
