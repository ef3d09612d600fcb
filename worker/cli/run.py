"""Commands that run: the whole on one machine, its processes one by one, and one sync in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.common import (
    Config,
    Json,
    Supervised,
    broker,
    chosen_source,
    fail,
    open_wiring,
    out,
    out_json,
    settings_for,
    start_log,
)

if TYPE_CHECKING:
    from worker.polling import Pulled


def up(config: Config = None, supervised: Supervised = False) -> None:
    """Run everything on this machine: relay, scheduler, worker, private Valkey, SQLite ledger. Ctrl-C ends it."""
    from worker import supervisor
    from worker.configuration import begin
    from worker.ledger import migrate

    wiring = open_wiring(config)
    settings = wiring.settings
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate.upgrade(wiring.ledger)
    begin(wiring).ledger.close()
    supervisor.become(settings.state_dir, settings.config, supervised=supervised)


def relay(
    config: Config = None,
    with_scheduler: Annotated[bool, typer.Option("--with-scheduler", help="Tick in this process as well.")] = False,
    supervised: Supervised = False,
) -> None:
    """Take what sources send to /hooks/SOURCE."""
    from worker.configuration import begin
    from worker.serve import serve_relay
    from worker.supervisor import end_with_parent

    wiring = open_wiring(config)
    start_log(wiring.settings)
    if supervised:
        end_with_parent()

    def started(port: int) -> None:
        out(f"relay listens on http://{wiring.settings.relay_host}:{port}/hooks/SOURCE")

    serve_relay(begin(wiring), with_scheduler=with_scheduler, started=started)


def scheduler(config: Config = None) -> None:
    """Start what is due and sweep up what was left, each second. Several do no harm."""
    from worker.configuration import begin
    from worker.serve import serve_scheduler

    wiring = open_wiring(config)
    start_log(wiring.settings)
    serve_scheduler(begin(wiring))


def worker(
    config: Config = None,
    name: Annotated[str, typer.Option(help="A name that no other worker has and that stays over a restart.")] = "",
    supervised: Supervised = False,
) -> None:
    """Decide, dispatch and poll."""
    from worker.configuration import begin
    from worker.supervisor import end_with_parent
    from worker.tasks import Worker
    from worker.wiring import worker_name

    wiring = open_wiring(config, worker_name(name))
    start_log(wiring.settings)
    if supervised:
        end_with_parent()
    Worker(begin(wiring)).run()


def sync(
    source: Annotated[str, typer.Argument(help="A source of the configuration.")],
    kind: Annotated[str, typer.Argument(help="One of its kinds.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Read what changed in one kind of one source now, in the foreground."""
    from dataclasses import asdict, replace

    from worker.ledger import migrate

    wiring = open_wiring(config, "sync")
    start_log(wiring.settings.model_copy(update={"log_level": "warning"}))
    known = chosen_source(wiring, source, kind)
    if kind not in known.polls:
        raise fail(f"{source} is not asked, it sends by itself: there is nothing to sync", 2)

    def progress(so_far: Pulled) -> None:
        if not as_json:
            out(f"{so_far.pages} pages, {so_far.read} records read, {so_far.new} new")

    with broker(settings_for(config)) as settings:
        running = replace(wiring, settings=settings)
        migrate.upgrade(running.ledger)
        pulled = running.poller(lambda: None).pull(source, kind, progress)
    if as_json:
        out_json(asdict(pulled))
    elif not pulled.failure:
        silent = " It was the first scan: it tells nobody." if pulled.baseline else ""
        out(f"{source} {kind}: {pulled.read} records read, {pulled.new} new or changed.{silent}")
    if pulled.failure:
        raise fail(f"{source} {kind} could not be read: {pulled.failure}")
