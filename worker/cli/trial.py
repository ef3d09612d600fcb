"""`dingbridge test`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Config, Json, fail, out, out_json, settings_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config.bridge import Blueprint
    from config.casebook import Case
    from config.compile import DestinationConfig
    from config.problem import Problem
    from connectors.contract import Delivers
    from worker.trial.compare import Result

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Files of cases; else those of `cases:` in the bridge file.", show_default=False),
]


def run_cases(files: Files = None, config: Config = None, as_json: Json = False) -> None:
    """Run the cases that are written beside the routes: a record in, messages and reasons out. Needs no secret."""
    from worker.trial.compare import run

    path = settings_for(config).config
    blueprint = looked_at(path)
    given = list(files or blueprint.cases)
    if not given:
        raise fail(f"there are no cases: name files, or write `cases: cases/*.yaml` into {path}", 2)
    cases = _cases(given, blueprint)
    channels = packing(blueprint.destinations)
    results = [run(case, blueprint.plan, channels) for case in cases]
    told = {name for result in results for name in result.told}
    # the program's own routes, and those that wait for a time, tell nothing of a single moment
    tried = [route for route in blueprint.plan.routes if "." not in route.name and route.wait is None]
    untried = [route.name for route in tried if route.name not in told]
    failed = sum(1 for result in results if result.failures)
    if as_json:
        out_json({"cases": [_plain(one) for one in results], "failed": failed, "routes_never_told": untried})
    else:
        _print(results, untried)
    if failed:
        raise typer.Exit(1)


def looked_at(path: Path) -> Blueprint:
    """Return a configuration without its secrets; one with problems ends the command with all of them."""
    from config.bridge import blueprint
    from config.problem import ConfigurationInvalid, format_problems

    try:
        return blueprint(path)
    except ConfigurationInvalid as error:
        raise fail(f"the configuration has problems:\n{format_problems(error.problems)}") from None


def packing(destinations: Mapping[str, DestinationConfig]) -> Mapping[str, Delivers]:
    """Return the destinations' clients; nothing is asked of them but how they lay out a message."""
    from connectors.contract import Delivers
    from worker.live import own_services

    services = own_services()
    built = {name: one.connector.build(name, one.settings, services) for name, one in destinations.items()}
    return {name: client for name, client in built.items() if isinstance(client, Delivers)}


def _cases(files: Sequence[Path], blueprint: Blueprint) -> list[Case]:
    from config.casebook import read_cases
    from config.problem import ConfigurationInvalid, format_problems

    found: list[Case] = []
    problems: list[Problem] = []
    for path in files:
        try:
            found += read_cases(path, blueprint)
        except ConfigurationInvalid as error:
            problems += error.problems
    if problems:
        raise fail(f"the cases have problems:\n{format_problems(problems)}")
    return found


def _plain(one: Result) -> dict[str, Any]:
    failures = [{**asdict(failure.problem), "diff": failure.diff} for failure in one.failures]
    place = one.case.place
    return {
        "name": one.case.name,
        "file": place.file,
        "line": place.line,
        "passed": not failures,
        "told": sorted(one.told),
        "failures": failures,
    }


def _print(results: Sequence[Result], untried: Sequence[str]) -> None:
    from config.problem import format_problems

    for file, count in Counter(result.case.place.file for result in results if not result.failures).items():
        out(f"{file}: {count} passed")
    for result in results:
        for failure in result.failures:
            out(format_problems([failure.problem]))
            for line in failure.diff:
                out(f"    {line}")
    if untried:
        out(f"No case tells by: {', '.join(untried)}")
    failed = sum(1 for result in results if result.failures)
    out(f"{len(results)} cases, {failed} failed.")
