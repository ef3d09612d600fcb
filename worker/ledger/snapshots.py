"""All records of a kind, page by page."""

from __future__ import annotations

from sqlalchemy import Connection, select

from worker.ledger.decisions import Subject
from worker.ledger.tables import snapshot

PAGE = 500


def page(connection: Connection, kind: tuple[str, str], after: str) -> list[Subject]:
    """Return the records of a kind that follow the id `after`, and are not known to be deleted; at most `PAGE`."""
    mine = (snapshot.c.source == kind[0], snapshot.c.kind == kind[1], snapshot.c.record_id > after)
    query = select(snapshot.c.record_id).where(*mine, ~snapshot.c.deleted).order_by(snapshot.c.record_id).limit(PAGE)
    return [(*kind, id_) for id_ in connection.execute(query).scalars()]
