"""`dingbridge check`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Config, Json, broker, fail, has_ledger, load_bridge, out, out_json, settings_for

if TYPE_CHECKING:
    from config.compile import Bridge
    from config.problem import Problem
    from config.settings import Settings
    from worker.live import Looked


def check(
    config: Config = None,
    live: Annotated[
        bool, typer.Option("--live", help="Also ask each source and destination whether all is granted.")
    ] = False,
    send: Annotated[
        bool, typer.Option("--send", help="With --live: send a test message into each destination.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read the whole configuration and name everything that is wrong with it, with file, line and column.

    Where there is a ledger, also what its clearances name and nobody has.
    """
    from datetime import UTC, datetime

    from config.bridge import check as examine
    from config.bridge import ended, lapsed, unreachable
    from config.problem import format_problems

    if send and not live:
        raise fail("--send goes with --live", 2)
    settings = settings_for(config)
    problems = examine(settings.config)
    if not problems:
        bridge, now = load_bridge(settings.config), datetime.now(UTC)
        problems = (*unreachable(bridge, settings), *lapsed(bridge, now), *_gaps(settings, bridge))
    notes = () if problems else ended(bridge, now)
    looked = _looked(settings, send=send) if live and not problems else None
    if as_json:
        answer: dict[str, Any] = {"file": str(settings.config), "problems": [asdict(each) for each in problems]}
        answer["notes"] = [asdict(each) for each in notes]
        out_json(answer if looked is None else {**answer, "findings": looked})
    elif problems:
        out(format_problems(problems))
    else:
        out(f"{settings.config}: no problems.")
        if notes:
            out(format_problems(notes))
        for one in looked or ():
            out(f"{one.level:5}  {one.name}  {one.about}: {one.sentence}")
    if problems or any(one.level == "wrong" for one in looked or ()):
        raise typer.Exit(1)


def _gaps(settings: Settings, bridge: Bridge) -> tuple[Problem, ...]:
    from worker.gaps import gaps, placed, unmet
    from worker.ledger import version
    from worker.wiring import open_ledger

    if not has_ledger(settings):
        return ()
    ledger = open_ledger(settings)
    try:
        # of one that does not answer, or is of another version, doctor tells
        if not version.fits(ledger):
            return ()
        with ledger.read() as connection:
            return placed(bridge, [*gaps(connection, bridge), *unmet(ledger, connection, bridge)])
    finally:
        ledger.close()


def _looked(settings: Settings, *, send: bool) -> list[Looked]:
    from functools import partial

    from worker.configuration import verified
    from worker.greet import greet, greet_within
    from worker.ledger import version
    from worker.limiter import Limiter
    from worker.live import look
    from worker.spending import AtOnce
    from worker.vault import LedgerVault
    from worker.wiring import open_ledger, open_redis

    bridge = load_bridge(settings.config)
    if not has_ledger(settings):
        return list(look(bridge, (lambda _, channel, draft: greet(channel, draft)) if send else None))
    ledger = open_ledger(settings)
    try:
        version.require(ledger)
        bridge = verified(ledger, bridge)
        vault, told = LedgerVault(ledger), AtOnce(ledger)
        if not send:
            return list(look(bridge, vault=vault, told=told))
        with broker(settings) as answering, open_redis(answering) as client:
            return list(look(bridge, partial(greet_within, ledger, Limiter(client)), vault, told))
    finally:
        ledger.close()
