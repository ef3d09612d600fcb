"""`dingbridge read`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

import typer

from worker.cli.common import Config, Json, broker, fail, open_wiring, out, out_json

_MESSAGE = re.compile(r"(?:message:)?(\d{1,18})")


def read(
    what: Annotated[
        str,
        typer.Argument(help="A message's number; or a record as `explain` takes it: each message that tells of it."),
    ],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask the channel who has read a message, where it tells and as long as it does; a counted call for each."""
    from worker.configuration import begin
    from worker.reading import Answer, ReaderInquiry

    wiring = open_wiring(config)
    with broker(wiring.settings) as settings:
        running = begin(replace(wiring, settings=settings))
        inquiry = ReaderInquiry(running.ledger, running.limiter, running.channels())
        number = _MESSAGE.fullmatch(what.strip())
        found = inquiry.message(int(number[1])) if number else inquiry.record(what)
        running.ledger.close()
    if not found:
        raise fail(f"no message tells of {what}: `dingbridge explain` shows what went where")
    if as_json:
        out_json(found)
    else:
        for one in found:
            out(f"message {one.message_id}: {one.sentence}")
    if any(one.answer is not Answer.ASKED for one in found):
        raise typer.Exit(1)
