"""Which version the ledger's tables have. Apart from the migrations, whose machinery a running process does not need."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from worker.ledger.engine import Ledger, LedgerFault

NEEDED = "0009"
"""The newest migration."""


def version(connection: Connection) -> str | None:
    """Return the ledger's version; None for one without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def reason(error: Exception) -> str:
    """Return what the database said, without the statement."""
    return str(getattr(error, "orig", None) or error)


def fits(ledger: Ledger) -> bool:
    """Tell whether the ledger answers and has this program's version."""
    try:
        with ledger.read() as connection:
            return version(connection) == NEEDED
    except (SQLAlchemyError, OSError):
        return False


def require(ledger: Ledger) -> None:
    """Raise `LedgerFault` when the ledger's tables are not there or have another version than this program's."""
    try:
        with ledger.read() as connection:
            have = version(connection)
    except (SQLAlchemyError, OSError) as error:
        raise LedgerFault(
            f"the ledger cannot be opened: {reason(error)}; check DATABASE_URL and DINGBRIDGE_STATE_DIR"
        ) from None
    if have != NEEDED:
        found = f"version {have}" if have else "no tables"
        raise LedgerFault(f"the ledger has {found}, and this program needs version {NEEDED}: run dingbridge db upgrade")
