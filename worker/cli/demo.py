"""`dingbridge demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.common import Json


def demo(
    once: Annotated[bool, typer.Option("--once", help="Play the day once and end.")] = False,
    as_json: Json = False,
) -> None:
    """Play a small company's day with twins of CRMs, ERPs and DingTalk; needs no account. Ctrl-C ends it."""
    from worker.demo.play import Demo

    raise typer.Exit(Demo(once, as_json).play())
