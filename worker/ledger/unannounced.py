"""Changes that a poll found and that their source, which is subscribed to, had not announced."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from worker.ledger import subscriptions
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.subscriptions import Standing
from worker.ledger.tables import hint, inbox

PATIENCE_S = 300
"""How long a source may take to announce a change."""

ENOUGH = 3
"""So many changes that were not announced, and none that was, mean that a subscription is gone."""


def newest(connection: Connection, source: str) -> int:
    """Return the number of the newest arrival that a poll brought; 0: there is none."""
    return connection.execute(select(func.max(inbox.c.seq)).where(_came(source, pushed=False))).scalar() or 0


def doubtful(ledger: Ledger, connection: Connection, source: str, after: int) -> bool:
    """Count what polls brought after arrival `after`; true when by now the subscription should be proven again.

    What changed before it was last proven, or only just, says nothing of it.
    """
    standing = subscriptions.standing(connection, source)
    if standing is None or standing.renewed_at is None:
        return False
    due = ledger.now(connection) - PATIENCE_S * MICROSECONDS
    waits = exists().where(*(hint.c[name] == inbox.c[name] for name in ("source", "kind", "record_id")))
    late = and_(inbox.c.seq > after, inbox.c.stamp > standing.renewed_at, inbox.c.stamp <= due, ~waits)
    query = select(func.count(), func.min(inbox.c.received_at)).where(_came(source, pushed=False), late)
    count, since = connection.execute(query).one()
    if not count:
        return False
    missed = _missed(connection, standing)
    subscriptions.noted(
        ledger,
        connection,
        replace(standing, missed=missed + count, missed_since=standing.missed_since if missed else since),
    )
    return missed < ENOUGH <= missed + int(count)


def _missed(connection: Connection, of: Standing) -> int:
    """Return how many changes were not announced since the last one that was."""
    if not of.missed or of.missed_since is None:
        return 0
    pushed = select(inbox.c.received_at).where(_came(of.source, pushed=True)).order_by(inbox.c.seq.desc()).limit(1)
    told = select(func.max(hint.c.hinted_at)).where(hint.c.source == of.source)
    last = max(connection.execute(query).scalar() or 0 for query in (pushed, told))
    return 0 if last > of.missed_since else of.missed


def silent(connection: Connection, source: str) -> Standing | None:
    """Return how the subscription of a source stands that announces nothing, though its polls find changes."""
    standing = subscriptions.standing(connection, source)
    return standing if standing is not None and _missed(connection, standing) >= ENOUGH else None


def _came(source: str, *, pushed: bool) -> ColumnElement[bool]:
    return and_(inbox.c.source == source, inbox.c.pushed.is_(pushed))
