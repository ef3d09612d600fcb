"""`dingbridge recall`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

import typer

from worker.cli.common import Config, Json, broker, fail, open_wiring, out, out_json

_MESSAGE = re.compile(r"(?:message:)?(\d{1,18})")


def recall(
    what: Annotated[
        str,
        typer.Argument(help="A message's number; or a record as `explain` takes it: what tells of it alone is meant."),
    ],
    by: Annotated[str, typer.Option(help="Who takes it back; it stands in the trail.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take back what was sent, where the channel can and as long as it lets us."""
    from worker.configuration import begin
    from worker.repair import DONE, Recaller

    if not by.strip():
        raise fail("--by is empty: say who takes it back", 2)
    wiring = open_wiring(config)
    with broker(wiring.settings) as settings:
        running = begin(replace(wiring, settings=settings))
        recaller = Recaller(running.ledger, running.limiter, running.channels(), by)
        number = _MESSAGE.fullmatch(what.strip())
        taken = recaller.message(int(number[1])) if number else recaller.record(what)
        running.ledger.close()
    if not taken:
        raise fail(f"no message tells of {what}: `dingbridge explain` shows what went where")
    if as_json:
        out_json(taken)
    else:
        for one in taken:
            out(f"message {one.message_id}: {one.sentence}")
    if any(one.became not in DONE for one in taken):
        raise typer.Exit(1)
