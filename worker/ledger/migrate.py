"""Bring the ledger's tables to the version of this program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from worker.ledger.engine import Ledger, LedgerFault
from worker.ledger.tables import metadata
from worker.ledger.version import reason, version

SCRIPTS = Path(__file__).with_name("migrations")


class LedgerNewer(LedgerFault):
    """The ledger was written by a newer program."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(ledger: Ledger) -> str:
    """Create or migrate the tables and return their version. Safe to run again and by several processes at once.

    Raises `LedgerNewer` when the ledger's version is not one of this program's, `LedgerFault` when it cannot be done.
    """
    try:
        return _upgrade(ledger)
    except (SQLAlchemyError, OSError) as error:
        raise LedgerFault(f"the ledger's tables cannot be made: {reason(error)}") from None


def _upgrade(ledger: Ledger) -> str:
    with ledger.write() as connection:
        if not ledger.is_sqlite:
            _await_turn(connection)
        config = _config(connection)
        have = version(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if have is not None and have not in known:
            raise LedgerNewer(f"the ledger has version {have}, which this program does not know: run the newer program")
        command.upgrade(config, "head")
        return version(connection) or ""


def _await_turn(connection: Connection) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise LedgerFault(f"the database is encoded in {encoding}, and names need UTF8: create it with ENCODING 'UTF8'")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(736120871)")


def differences(connection: Connection) -> list[object]:
    """Return in what the tables differ from the program's, which is nothing after `upgrade`."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def write_revision(ledger: Ledger, message: str, revision: str) -> None:
    """Write a migration from the ledger's tables to the program's, for a developer to read and correct."""
    with ledger.write() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=revision)
