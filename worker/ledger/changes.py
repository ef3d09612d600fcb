"""What news of people and groups make stale, in the transaction that settles them: what is stale is read afterwards."""

from __future__ import annotations

from sqlalchemy import Connection

from connectors.contract import Change
from worker.ledger import audiences, people
from worker.ledger.engine import Ledger


def changed(ledger: Ledger, connection: Connection, application: str, change: Change) -> None:
    """Mark what a change of `application` makes stale or void. Asks nobody."""
    people.changed(ledger, connection, application, change)
    audiences.invalidate(ledger, connection, change)
