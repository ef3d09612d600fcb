"""The commands and their order in the help."""

from __future__ import annotations

import typer

from worker.cli import (
    actions,
    apply,
    ask,
    audience,
    backtest,
    backup,
    check,
    datamap,
    demo,
    destination,
    drift,
    init,
    preview,
    quota,
    read,
    run,
    sandbox,
    state,
    stats,
    trial,
)
from worker.cli import recall as back
from worker.cli import reconcile as compare
from worker.cli import replay as again
from worker.cli.common import fail
from worker.fault import Fault

app = typer.Typer(
    name="dingbridge",
    help="Carries what happens in your ERP and CRM into DingTalk, and says why it did or did not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("up")(run.up)
app.command("check")(check.check)
app.command("test")(trial.run_cases)
app.command("preview")(preview.preview)
app.command("backtest")(backtest.backtest)
app.command("data-map")(datamap.data_map)
app.command("audience")(audience.audience)
app.command("apply")(apply.apply)
app.command("status")(state.status)
app.command("stats")(stats.stats)
app.command("quota")(quota.quota)
app.command("doctor")(state.doctor)
app.command("explain")(ask.explain)
app.command("sync")(run.sync)
app.command("reconcile")(compare.reconcile)
app.command("completeness")(compare.completeness)
app.command("actions")(actions.actions)
app.add_typer(drift.app, name="drift")
app.add_typer(ask.held, name="held")
app.add_typer(ask.dead, name="dead")
app.command("replay")(again.replay)
app.command("read")(read.read)
app.command("recall")(back.recall)
app.command("sandbox")(sandbox.sandbox)
app.command("relay")(run.relay)
app.command("worker")(run.worker)
app.command("scheduler")(run.scheduler)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(destination.app, name="destination")
app.add_typer(ask.db, name="db")


def main() -> None:
    """Run one command: exit code 0 done, 1 found problems, 2 wrong usage."""
    try:
        app()
    except Fault as fault:
        raise SystemExit(fail(str(fault)).exit_code) from None
