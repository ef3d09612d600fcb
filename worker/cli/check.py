"""`dingbridge check`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from worker.cli.common import Config, Json, out, out_json, settings_for


def check(config: Config = None, as_json: Json = False) -> None:
    """Read the whole configuration and name everything that is wrong with it, with file, line and column."""
    from config.bridge import check as examine
    from config.problem import format_problems

    settings = settings_for(config)
    problems = examine(settings.config)
    if as_json:
        out_json({"file": str(settings.config), "problems": [asdict(problem) for problem in problems]})
    elif problems:
        out(format_problems(problems))
    else:
        out(f"{settings.config}: no problems.")
    if problems:
        raise typer.Exit(1)
