"""`dingbridge apply`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Config, Json, fail, has_ledger, out, out_json, settings_for

if TYPE_CHECKING:
    from config.compile import Bridge
    from pipelines.plan import Plan

File = Annotated[Path | None, typer.Argument(help="The bridge file; else that of --config.", show_default=False)]


def apply(file: File = None, config: Config = None, as_json: Json = False) -> None:
    """Make a bridge file what the running installation works by; one with problems is refused, and nothing changes."""
    from worker.ledger import configurations, sightings, version
    from worker.ledger.plans import Plans
    from worker.wiring import open_ledger

    settings = settings_for(config)
    bridge = _checked((file or settings.config).absolute(), as_json=as_json)
    if not has_ledger(settings):
        raise fail(
            "there is no ledger yet, and nothing to change: `dingbridge up` applies its file when it first starts"
        )
    ledger = open_ledger(settings)
    try:
        version.require(ledger)
        before = configurations.current(ledger)
        was = Plans(ledger).get(before.plan_id) if before else None
        now = configurations.put(ledger, bridge)
        changes = differences(was, bridge.plan)
        with ledger.write() as connection:
            for kind in changes.get("changed kinds", ()):
                sightings.accept(ledger, connection, *kind.split(".", 1))
    finally:
        ledger.close()
    if as_json:
        out_json({"configuration": now.id, "plan": now.plan_id, "fingerprint": bridge.plan.fingerprint, **changes})
        return
    out(f"Configuration {now.id} is applied; running processes take it up with their next batch, within seconds.")
    for what, names in changes.items():
        out(f"  {what}: {', '.join(names)}")
    if was is not None and was.fingerprint == bridge.plan.fingerprint:
        out("  It is what was applied before; secrets are read again.")


def _checked(path: Path, *, as_json: bool) -> Bridge:
    from config.bridge import load
    from config.problem import ConfigurationInvalid, format_problems

    try:
        return load(path)
    except ConfigurationInvalid as error:
        if as_json:
            out_json({"file": str(path), "problems": [asdict(problem) for problem in error.problems]})
            raise typer.Exit(1) from None
        sentence = "refused, and nothing was changed:\n"
        raise fail(sentence + format_problems(error.problems)) from None


def differences(was: Plan | None, now: Plan) -> dict[str, list[str]]:
    """Name what is new, changed and gone among kinds, destinations, routes and silences; what is the same is left out."""
    pairs = {
        "kinds": ({".".join(key): kind for key, kind in plan.kinds.items()} if plan else {} for plan in (was, now)),
        "destinations": (plan.destinations if plan else {} for plan in (was, now)),
        "routes": ({route.name: route for route in plan.routes} if plan else {} for plan in (was, now)),
        "silences": ({silence.name: silence for silence in plan.silences} if plan else {} for plan in (was, now)),
    }
    found: dict[str, list[str]] = {}
    for what, (before, after) in pairs.items():
        found |= _compared(what, before, after)
    return found


def _compared(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    found = {
        f"new {what}": sorted(after.keys() - before.keys()),
        f"changed {what}": sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
        f"removed {what}": sorted(before.keys() - after.keys()),
    }
    return {title: names for title, names in found.items() if names}
