"""`dingbridge backtest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Config, Json, fail, ledger_of, out, out_json, settings_for, vault

if TYPE_CHECKING:
    from config.compile import Bridge
    from config.settings import Settings
    from pipelines.plan import Plan
    from worker.backtest import Forecast
    from worker.burden import Burden

MOST_PEOPLE = 10
"""People who are printed; `--json` gives all."""

NEWEST = (
    "Counted are newest states: of several changes of one record the vendor shows the last alone, so of the past there "
    "would have been more. Nothing was sent, and nothing stored."
)


def backtest(
    source: Annotated[str, typer.Argument(help="A source of the bridge file.", show_default=False)] = "",
    kind: Annotated[str, typer.Argument(help="One of its kinds.", show_default=False)] = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back.")] = 7,
    everything: Annotated[bool, typer.Option("--all", help="All kinds that can be read.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell how many messages each destination and person would have got of what changed in the last days."""
    from datetime import UTC, datetime, timedelta

    from config.bridge import load_since
    from config.problem import ConfigurationInvalid, format_problems
    from connectors.contract import ConnectorError
    from worker.backtest import channels, forecast, read
    from worker.live import own_services

    if everything == bool(source and kind):
        raise fail("name a source and a kind, or give --all", 2)
    settings = settings_for(config)
    try:
        bridge = load_since(settings.config, datetime.now(UTC) - timedelta(days=days))
    except ConfigurationInvalid as error:
        raise fail(f"the configuration has problems:\n{format_problems(error.problems)}") from None
    with vault(settings) as kept:
        services = own_services(kept)
        try:
            records = list(read(bridge, _kinds(bridge, source, kind), services))
        except ConnectorError as error:
            raise fail(f"the source could not be read: {error}") from None
        found = forecast(bridge.plan, records, channels(bridge, services))
    people, unknown = _people(settings, bridge.plan, found, days)
    if as_json:
        out_json({**_plain(found), "people": people, "readers_unknown": unknown})
        return
    _print(found, days)
    _print_people(people, unknown)
    out(NEWEST)


def _people(settings: Settings, plan: Plan, found: Forecast, days: int) -> tuple[list[Burden], list[str]]:
    """Return what each person would have got, and the recipients of which it is not known who reads them."""
    from worker.burden import Acquaintance, burdens, shown

    with ledger_of(settings) as ledger:
        if ledger is None:
            known = Acquaintance(plan).readers(found)
        else:
            with ledger.read() as connection:
                known = Acquaintance(plan, ledger, connection).readers(found)
    told = sorted(shown(name) for name in known if not known[name])
    return burdens(found, known, days), told


def _print_people(people: list[Burden], unknown: list[str]) -> None:
    if people:
        out("Who would have got most, over all groups and one to one:")
    for one in people[:MOST_PEOPLE]:
        out(f"  {one.person}: {one.mean:g} messages a day, {one.most} on {one.busiest}")
    if unknown:
        out(f"Not counted by person, because it is not known who reads them: {', '.join(unknown)}")


def _kinds(bridge: Bridge, source: str, kind: str) -> list[tuple[str, str]]:
    polled = [(one.name, name) for one in bridge.sources.values() for name in one.polls]
    if not source:
        return polled
    if (source, kind) not in polled:
        known = ", ".join(" ".join(one) for one in polled) or "none"
        raise fail(f"{source} {kind} cannot be read back: sources that can be asked have {known}", 2)
    return [(source, kind)]


def _plain(found: Forecast) -> dict[str, Any]:
    from worker.burden import shown

    return {
        "read": found.read,
        "calls": found.calls,
        "messages": [
            {"destination": shown(name), "day": day, "messages": count, "facts": found.facts[name, day]}
            for (name, day), count in sorted(found.days.items())
        ],
        "held": [{"route": r, "reason": why, "count": n} for (r, why), n in sorted(found.held.items())],
        "filtered": [{"route": r, "reason": why, "count": n} for (r, why), n in sorted(found.filtered.items())],
        "with_something_withheld": {shown(name): count for name, count in found.withheld.items()},
        "longest_wait_s": {shown(name): wait.total_seconds() for name, wait in found.longest.items()},
        "note": NEWEST,
    }


def _print(found: Forecast, days: int) -> None:
    from worker.burden import shown

    out(f"{found.read} records changed in the last {days} days.")
    for (name, day), count in sorted(found.days.items()):
        out(f"  {day}  {shown(name)}: {count} messages with {found.facts[name, day]} facts")
    out(f"Calls to DingTalk: {found.calls}")
    for name, wait in found.longest.items():
        if wait.total_seconds() >= 1:
            out(f"  {shown(name)}: a fact would have waited {wait.total_seconds():.0f} s for the quota")
    for name, count in found.withheld.items():
        if count:
            out(f"  {shown(name)}: {count} facts with a field withheld")
    for (route, why), count in sorted(found.held.items()):
        out(f"Held by {route or 'every route'}: {count} ({why})")
    for (route, why), count in sorted(found.filtered.items()):
        out(f"Not told by {route or 'any route'}: {count} ({why})")
