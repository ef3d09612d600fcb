"""`dingbridge drift`: fields that no longer come from a source as they always did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.ask import Zone, open_existing, zone_of
from worker.cli.common import Config, Json, moment, out, out_json, table

if TYPE_CHECKING:
    from worker.ledger.sightings import Drifted

app = typer.Typer(help="Fields that no longer come as they always did.", no_args_is_help=True)

Source = Annotated[str, typer.Argument(help="The source, as the configuration names it.", show_default=False)]
Kind = Annotated[str, typer.Argument(help="Its kind of records.", show_default=False)]


@app.command("list")
def listed(config: Config = None, zone: Zone = "", as_json: Json = False) -> None:
    """Show which fields vanished, appeared or changed their type, since when, and with which record first."""
    from worker.ledger import sightings

    with open_existing(config) as ledger:
        with ledger.read() as connection:
            found = sightings.drifted(connection)
        at = zone_of(ledger, zone)
    if as_json:
        out_json(found)
    elif not found:
        out("Every field comes as it always did.")
    else:
        table([("since", "source", "kind", "field", "by", "change", "was", "now", "record"), *_rows(found, at)])


@app.command("ack")
def ack(source: Source, kind: Kind, config: Config = None, as_json: Json = False) -> None:
    """Accept what comes now of one kind as usual: its facts are told again. What is held stays held: release it."""
    from worker.ledger import sightings

    with open_existing(config) as ledger, ledger.write() as connection:
        paths = sightings.accept(ledger, connection, source, kind)
    if as_json:
        out_json({"source": source, "kind": kind, "accepted": paths})
    elif paths:
        out(f"Accepted for {source} {kind}: {', '.join(paths)}. What is held stays held: dingbridge held list")
    else:
        out(f"Nothing had changed for {source} {kind}.")


def _rows(found: Sequence[Drifted], zone: str) -> Iterator[tuple[str, ...]]:
    for one in found:
        sight, way = one.sight, "push" if one.pushed else "pull"
        was = ", ".join(sorted(sight.types - {sight.became}))
        change = str(sight.change or "")
        yield (moment(one.since, zone), one.source, one.kind, one.path, way, change, was, sight.became, sight.record)
