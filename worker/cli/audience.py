"""`dingbridge audience`."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.common import Config, Json, broker, fail, has_ledger, open_wiring, out, out_json, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.contract import Record
    from pipelines.plan import Route
    from worker.audience import ReadBy, Reader
    from worker.wiring import Wiring

HEAD = ("reader", "sees", "not", "because")


def audience(
    name: Annotated[str, typer.Argument(metavar="ROUTE", help="A route of the configuration.")],
    record: Annotated[
        str, typer.Option("--record", help="Only where this record goes: its id or number, as the ledger knows it.")
    ] = "",
    read: Annotated[bool, typer.Option("--read", help="Ask anew who reads each destination.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell who reads what a route tells: each reader, which fields they may see and which not, and why."""
    from datetime import UTC, datetime

    from worker.audience import Question, reaches
    from worker.clearing import Clearing

    wiring = open_wiring(config)
    if not has_ledger(wiring.settings):
        raise fail("there is no ledger, so nobody knows yet who reads anything: start dingbridge up")
    route = _route(wiring, name)
    plan = wiring.bridge.plan
    where = reaches(plan, route, _record(wiring, route, record), datetime.now(UTC))
    if read:
        _read(wiring, [each.destination for each in where if not each.person])
    clearing = Clearing(wiring.ledger, plan.clearances, wiring.ages)
    question = Question(wiring.ledger, plan, clearing, _single(wiring, [each.destination for each in where]))
    with wiring.ledger.read() as connection:
        found = list(question.answer(connection, route, where))
    wiring.ledger.close()
    if as_json:
        out_json({"route": name, "record": record or None, "destinations": found})
        return
    for number, each in enumerate(found):
        if number:
            out("")
        _print(each, route.source)


def _route(wiring: Wiring, name: str) -> Route:
    routes = {route.name: route for route in wiring.bridge.plan.routes if route.source in wiring.bridge.sources}
    if name not in routes:
        raise fail(f"there is no route {name}: there are {', '.join(sorted(routes))}", 2)
    return routes[name]


def _record(wiring: Wiring, route: Route, what: str) -> Record | None:
    from worker.trial.states import stored

    if not what:
        return None
    states = stored(wiring.ledger, route, what)
    if not states:
        raise fail(f"the ledger has no {route.source}.{route.kind} {what}")
    return states[-1]


def _single(wiring: Wiring, names: Sequence[str]) -> dict[str, str]:
    """Return those of these destinations whose settings name one reader, with the user id."""
    from connectors.contract import Addresses

    chosen = {name: wiring.bridge.destinations[name] for name in names}
    built = {name: each.connector.build(name, each.settings, wiring.services()) for name, each in chosen.items()}
    return {name: one.reader for name, one in built.items() if isinstance(one, Addresses) and one.reader}


def _read(wiring: Wiring, names: Sequence[str]) -> None:
    """Ask who reads these destinations now, as far as anybody can be asked, and keep it."""
    from dataclasses import replace

    from connectors.contract import ConnectorError
    from worker.readers import Readers

    with broker(wiring.settings) as settings:
        asking = replace(wiring, settings=settings)
        readers = Readers(asking.ledger, asking.limiter, lambda: None, asking.ages)
        readers.follow(asking.channels(), asking.bridge.plan)
        for name in dict.fromkeys(names):
            place = readers.place(name)
            try:
                if place is not None:
                    readers.read(place)
            except ConnectorError as error:
                typer.echo(f"who reads {name} could not be asked for: {error}", err=True)
        asking.ledger.close()


def _print(of: ReadBy, source: str) -> None:
    from pipelines.audience import MOST_ASKED
    from worker.audience import BySource

    out(f"{of.destination}: {_listing(of)}")
    if of.failure:
        out(f"  They could not be asked for when they were last: {of.failure}")
    if of.listing != "single":
        out(f"  goes there: {', '.join(of.shown) or 'no field'}")
    if of.withheld:
        out(f"  withheld: {', '.join(of.withheld)}")
    if of.by_source is BySource.ASKED:
        out(f"  goes there with a record that {source} lets each of them read, field by field: {', '.join(of.perhaps)}")
    if of.by_source is BySource.TOO_MANY:
        out(f"  too many to ask {source} what each of them may read: it is asked about {MOST_ASKED} at most")
    if of.outsiders:
        out(f"  from outside, so nothing above public goes there: {', '.join(of.outsiders)}")
    if of.readers:
        table([tuple(f"  {each}" for each in HEAD), *map(_cells, of.readers, repeat(source))])


def _listing(of: ReadBy) -> str:
    from worker.audience import Listing

    match of.listing:
        case Listing.SINGLE:
            return "one person at a time: --record says who"
        case Listing.UNREAD:
            return "nobody was asked who reads it, so only a word on its readers counts; --read asks"
        case Listing.UNLISTED:
            return f"nobody can list who reads it, so only a word on its readers counts. {of.sentence}".rstrip()
    people = "1 person" if len(of.readers) == 1 else f"{len(of.readers)} people"
    return f"{people}, {len(of.outsiders)} from outside, listed {of.age_s} s ago"


def _cells(one: Reader, source: str) -> tuple[str, ...]:
    given = [f"{each.data_class} by {each.by} {each.name}" for each in one.by]
    missing = [f"not cleared for {', '.join(one.lacks)}"] if one.lacks else []
    missing += [f"matched with no user of {source}"] if one.unmatched else []
    reasons = [str(one.doubt)] if one.doubt and one.lacks else [*given, *missing]
    name = f"{one.name} ({one.user})" if one.name else one.user
    return tuple(f"  {each}" for each in (name, ", ".join(one.sees), ", ".join(one.withheld), "; ".join(reasons)))
