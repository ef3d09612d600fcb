"""`dingbridge reconcile` and `dingbridge completeness`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.ask import Zone, open_existing, zone_of
from worker.cli.common import (
    Config,
    Json,
    broker,
    chosen_source,
    fail,
    moment,
    open_wiring,
    out,
    out_json,
    point,
    start_log,
    table,
)

if TYPE_CHECKING:
    from worker.ledger.completeness import Day


def reconcile(
    source: Annotated[str, typer.Argument(help="A source of the configuration.")],
    kind: Annotated[str, typer.Argument(help="One of its kinds.")],
    since: Annotated[str, typer.Option(help="The first day, as 2026-11-01, in the zone of the source's `reconcile`.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Compare the source's own list of versions with the ledger, day by day, and fetch what is missing."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from worker.ledger import version
    from worker.ledger.engine import MICROSECONDS

    wiring = open_wiring(config, "reconcile")
    start_log(wiring.settings.model_copy(update={"log_level": "error"}))
    known = chosen_source(wiring, source, kind)
    zone = known.reconcile.zone if known.reconcile is not None else None
    if zone is None:
        raise fail(f"{source} cannot list what it has: there is nothing to compare", 2)
    start = datetime.fromtimestamp(point(since, zone) / MICROSECONDS, UTC)

    def progress(day: Day) -> None:
        if not as_json:
            out(f"{day.day}: {day.listed} listed, {day.known} in the ledger, {day.fetched} fetched")

    with broker(wiring.settings) as settings:
        running = replace(wiring, settings=settings)
        version.require(running.ledger)
        found = running.reconciler(lambda: None).reconcile(source, kind, start, zone, progress)
    if as_json:
        out_json(found)
    if found.failure:
        raise fail(f"{source} {kind} could not be compared to the end: {found.failure}")


def completeness(
    source: Annotated[str, typer.Argument(help="One source; else all.")] = "",
    since: Annotated[str, typer.Option(help="The first day, as 2026-11-01.")] = "",
    config: Config = None,
    zone: Zone = "",
    as_json: Json = False,
) -> None:
    """Show for each source, kind and day how much of what the source lists had come, and what comparing fetched."""
    from worker.ledger.completeness import days

    with open_existing(config) as ledger:
        at = zone_of(ledger, zone)
        with ledger.read() as connection:
            found = days(connection, source, since)
    if as_json:
        out_json(found)
    elif found:
        head = ("source", "kind", "day", "listed", "in the ledger", "fetched", "compared")
        table([head, *(_row(one, at) for one in found)])
    else:
        out("Nothing was compared yet: `dingbridge reconcile` does it, and the scheduler does each night.")


def _row(one: Day, zone: str) -> Sequence[str]:
    counts = (str(one.listed), str(one.known), str(one.fetched))
    return (one.source, one.kind, one.day, *counts, moment(one.compared_at, zone))
