"""Commands that ask or change the ledger."""

from __future__ import annotations

import typer

from worker.cli.common import Config, Json, out, out_json, settings_for

db = typer.Typer(help="The ledger's tables.", no_args_is_help=True)


@db.callback()
def _db() -> None:
    """The ledger's tables."""


@db.command("upgrade")
def upgrade(config: Config = None, as_json: Json = False) -> None:
    """Create the tables, or bring them to this program's version."""
    from worker.ledger import migrate
    from worker.wiring import open_ledger

    settings = settings_for(config)
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = open_ledger(settings)
    version = migrate.upgrade(ledger)
    out_json({"version": version}) if as_json else out(f"The ledger has version {version}.")
