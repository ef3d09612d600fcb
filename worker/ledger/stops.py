"""What the ledger knows of quotas whose count in Redis is lost: when they were last used, until when they are stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, case, func, select

from worker.ledger.engine import Ledger
from worker.ledger.recipients import told_by
from worker.ledger.tables import MessageState, budget, message, stopped


def stop(ledger: Ledger, connection: Connection, until: Mapping[str, int]) -> None:
    """Note until when budgets are stopped, by key, in microseconds; never shortens a longer stop."""
    if not until:
        return
    fresh = ledger.insert(stopped)
    later = case((stopped.c.until > fresh.excluded.until, stopped.c.until), else_=fresh.excluded.until)
    rows = [{"budget": key, "until": at} for key, at in sorted(until.items())]
    connection.execute(fresh.on_conflict_do_update(index_elements=["budget"], set_={"until": later}), rows)


def stopped_until(connection: Connection, key: str) -> int:
    """Return until when a budget is stopped, in microseconds; 0: it never was."""
    return connection.execute(select(stopped.c.until).where(stopped.c.budget == key)).scalar() or 0


def called_at(connection: Connection, destinations: Sequence[str]) -> int | None:
    """Return when one of these destinations last answered, in microseconds; None: none was ever called."""
    query = select(func.max(budget.c.called_at)).where(told_by(budget.c.destination, destinations))
    return connection.execute(query).scalar() or None


def under_way(connection: Connection, destinations: Sequence[str], at: int) -> bool:
    """Tell whether a request to one of these destinations may be under way at `at` (microseconds)."""
    flying = select(message.c.id).where(
        message.c.state == MessageState.SENDING,
        message.c.lease_until > at,
        told_by(message.c.destination, destinations),
    )
    return connection.execute(flying.limit(1)).first() is not None


def framed_since(connection: Connection, since: int, most: int) -> int:
    """Return how many messages were made since `since` (microseconds), for any destination; it looks at `most`."""
    newest = select(message.c.framed_at).order_by(message.c.id.desc()).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(newest).where(newest.c.framed_at > since)).scalar_one()
