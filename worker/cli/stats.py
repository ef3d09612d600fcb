"""`dingbridge stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.ask import open_existing
from worker.cli.common import Config, Json, fail, out, out_json, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from pipelines.plan import Plan
    from worker.ledger.figures import Figures

HEAD = (
    "route",
    "facts",
    "messages",
    "people",
    "read",
    "acted",
    "muted",
    "recalled",
    "held",
    "first press: median",
    "p90",
)
BY_PRESS = (
    "Time to the first reaction is from sending to the first press of a button: the channel does not tell when somebody "
    "read. Read counts only messages of which it was asked who read them (dingbridge read)."
)


def stats(
    route: Annotated[str, typer.Argument(help="One route; else all.", show_default=False)] = "",
    since: Annotated[str, typer.Option(help="How far back: 90m, 12h, 7d.")] = "7d",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell what came of what each route told: facts, messages, people, read, acted, muted, recalled, held."""
    from worker.ledger.figures import figures
    from worker.ledger.plans import Plans

    length = _length(since)
    with open_existing(config) as ledger:
        with ledger.read() as connection:
            at = ledger.now(connection)
            found = figures(ledger, connection, max(0, at - _micros(length)))
        plan = Plans(ledger).newest()
    chosen = _chosen(found, plan, route)
    if as_json:
        routes = {name: _plain(each) for name, each in chosen.items()}
        out_json({"since": since, "routes": routes, "reaction": "press", "note": BY_PRESS})
        return
    table([HEAD, *(_row(name, each) for name, each in chosen.items())])
    out(BY_PRESS)


def _length(given: str) -> timedelta:
    from datetime import timedelta

    from connectors.settings_types import duration

    try:
        found = duration(given)
    except (ValueError, OverflowError):
        found = timedelta(0)
    if found <= timedelta(0):
        raise fail(f"{given} is no time: write 90m, 12h or 7d", 2)
    return found


def _micros(length: timedelta) -> int:
    from datetime import timedelta

    return length // timedelta(microseconds=1)


def _chosen(found: Mapping[str, Figures], plan: Plan | None, route: str) -> dict[str, Figures]:
    """Return what is asked for by name, routes among them that told nothing."""
    from pipelines.plan import OWN
    from worker.ledger.figures import Figures

    names = {each.name for each in plan.routes if each.source != OWN} if plan else set()
    names |= found.keys()
    if route and route not in names:
        raise fail(f"there is no route {route}: there are {', '.join(sorted(names)) or 'none'}", 2)
    return {name: found.get(name, Figures()) for name in sorted({route} if route else names)}


def _plain(of: Figures) -> dict[str, object]:
    names = ("facts", "messages", "read", "acted", "muted", "recalled", "held")
    counted = {name: getattr(of, name) for name in names}
    return {
        **counted,
        "people": len(of.people),
        "reactions": len(of.reactions),
        "median_s": within(of, 50),
        "p90_s": within(of, 90),
    }


def _row(name: str, of: Figures) -> tuple[str, ...]:
    counted = (of.facts, of.messages, len(of.people), of.read, of.acted, of.muted, of.recalled, of.held)
    times = (within(of, percent) for percent in (50, 90))
    return (name, *map(str, counted), *("" if seconds is None else _span(seconds) for seconds in times))


def within(of: Figures, percent: int) -> float | None:
    """Return the time (seconds) within which so many percent of the messages had their first reaction; None: of none."""
    from worker.ledger.engine import MICROSECONDS

    if not of.reactions:
        return None
    nearest = -(-len(of.reactions) * percent // 100) - 1
    return of.reactions[nearest] / MICROSECONDS


def _span(seconds: float) -> str:
    from worker.explain.story import span

    return span(seconds)
