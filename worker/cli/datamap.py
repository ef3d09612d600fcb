"""`dingbridge data-map`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.common import Config, Json, fail, ledger_of, out, out_json, settings_for, table
from worker.cli.trial import looked_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.datamap import Row

HEAD = ("field", "label", "class", "route", "destination", "reads it", "where", "read by the conditions of")


def data_map(
    config: Config = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer as CSV, every column of it.")] = False,
    as_json: Json = False,
) -> None:
    """Tell which fields go where: class, routes, destinations with their region, how long what is kept, and who reads it."""
    from config.datamap import data_map as rows_of
    from worker.configuration import with_words

    if as_csv and as_json:
        raise fail("give either --csv or --json", 2)
    settings = settings_for(config)
    blueprint = looked_at(settings.config)
    with ledger_of(settings) as ledger:
        plan = with_words(ledger, blueprint.plan) if ledger else blueprint.plan
    rows = rows_of(replace(blueprint, plan=plan))
    if as_json:
        out_json(rows)
    elif as_csv:
        _csv(rows)
    else:
        _print(rows)


def _csv(rows: Sequence[Row]) -> None:
    import csv
    from dataclasses import asdict, fields

    from config.datamap import Row

    writer = csv.DictWriter(sys.stdout, [each.name for each in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**asdict(row), "read_by": " ".join(row.read_by)})


def _print(rows: Sequence[Row]) -> None:
    if rows:
        table([HEAD, *map(_cells, rows)])
        kept = rows[0]
        out(f"Of every field is kept: the {kept.stored}; earlier states and messages, sealed, for {kept.payloads}.")


def _cells(row: Row) -> tuple[str, ...]:
    reach = f"{row.reach}, until {row.attested_until}" if row.attested_until else str(row.reach)
    place = " ".join(filter(None, (row.channel, row.destination_kind, row.region)))
    name = f"{row.source}.{row.kind}.{row.field}"
    route = f"{row.route} ({row.mode})" if row.mode == "shadow" else row.route
    return (name, row.label, row.data_class, route, row.destination or "nowhere", reach, place, ", ".join(row.read_by))
