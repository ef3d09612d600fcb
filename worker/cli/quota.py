"""`dingbridge quota`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.cli.common import Config, Json, known_broker, moment, open_wiring, out, out_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.operators.quota import BudgetState, MonthState, WindowState


def quota(config: Config = None, as_json: Json = False) -> None:
    """Tell how every quota stands: used, allowed, for what, when it frees, and when a month's allowance ends."""
    from worker.ledger import version
    from worker.operators.quota import budgets, quotas

    opened = open_wiring(config)
    wiring = replace(opened, settings=known_broker(opened.settings))
    version.require(wiring.ledger)
    users = {name: channel.budgets for name, channel in wiring.channels().items()}
    users |= {name: source.budgets for name, source in wiring.sources.items()}
    found = [*quotas(wiring.ledger, wiring.limiter, users), *budgets(wiring.ledger, wiring.bridge.plan)]
    if as_json:
        out_json(found)
        return
    for one in found:
        for line in _lines(one, wiring.bridge.operators.zone):
            out(line)


def _lines(of: BudgetState, zone: str) -> Iterator[str]:
    yield f"{of.budget}: used by {', '.join(of.users) or 'nothing that is configured'}"
    if of.windows is None:
        yield "  Redis does not answer: what is used of its windows is not known"
    for window in of.windows or ():
        yield f"  {_window(window, zone)}"
    if of.blocked_until:
        yield f"  stopped until {moment(of.blocked_until, zone)}: its vendor said so"
    if of.month:
        yield from _month(of.month, zone)
    elif of.told:
        yield f"  the vendor counted {of.told.used} of {of.told.allowed} at {moment(of.told.at, zone)}"


def _window(of: WindowState, zone: str) -> str:
    lanes = f": {', '.join(f'{count} {lane}' for lane, count in of.lanes.items())}" if of.lanes else ""
    frees = f"; free at {moment(of.frees_at, zone)}" if of.frees_at else ""
    return f"{of.used} of {of.limit} in {of.seconds:g} s{lanes}{frees}"


def _month(of: MonthState, zone: str) -> Iterator[str]:
    purposes = f": {', '.join(f'{count} {name}' for name, count in of.purposes.items())}" if of.purposes else ""
    yield f"  {of.used} of {of.allowed} in {of.month}{purposes}; the next month begins {moment(of.ends_at, zone)}"
    yield f"  {of.outlook}"
    if of.a_message is not None:
        yield f"  {of.a_message:g} calls for each of {of.delivered} delivered messages"
