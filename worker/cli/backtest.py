"""`dingbridge backtest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Config, Json, fail, out, out_json, settings_for, vault

if TYPE_CHECKING:
    from config.compile import Bridge
    from worker.backtest import Forecast

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
    """Tell how many messages each destination would have got of what changed in the last days; nothing is sent."""
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
    out_json(_plain(found)) if as_json else _print(found, days)


def _kinds(bridge: Bridge, source: str, kind: str) -> list[tuple[str, str]]:
    polled = [(one.name, name) for one in bridge.sources.values() for name in one.polls]
    if not source:
        return polled
    if (source, kind) not in polled:
        known = ", ".join(" ".join(one) for one in polled) or "none"
        raise fail(f"{source} {kind} cannot be read back: sources that can be asked have {known}", 2)
    return [(source, kind)]


def _plain(found: Forecast) -> dict[str, Any]:
    return {
        "read": found.read,
        "calls": found.calls,
        "messages": [
            {"destination": name, "day": day, "messages": count, "facts": found.facts[name, day]}
            for (name, day), count in sorted(found.days.items())
        ],
        "held": [{"route": r, "reason": why, "count": n} for (r, why), n in sorted(found.held.items())],
        "filtered": [{"route": r, "reason": why, "count": n} for (r, why), n in sorted(found.filtered.items())],
        "with_something_withheld": dict(found.withheld),
        "longest_wait_s": {name: wait.total_seconds() for name, wait in found.longest.items()},
        "note": NEWEST,
    }


def _print(found: Forecast, days: int) -> None:
    out(f"{found.read} records changed in the last {days} days.")
    for (name, day), count in sorted(found.days.items()):
        out(f"  {day}  {name}: {count} messages with {found.facts[name, day]} facts")
    out(f"Calls to DingTalk: {found.calls}")
    for name, wait in found.longest.items():
        if wait.total_seconds() >= 1:
            out(f"  {name}: a fact would have waited {wait.total_seconds():.0f} s for the quota")
    for name, count in found.withheld.items():
        if count:
            out(f"  {name}: {count} facts with a field withheld")
    for (route, why), count in sorted(found.held.items()):
        out(f"Held by {route or 'every route'}: {count} ({why})")
    for (route, why), count in sorted(found.filtered.items()):
        out(f"Not told by {route or 'any route'}: {count} ({why})")
    out(NEWEST)
