"""User event scripts: to whom they post, what waits, and sending it late, twice, in another order or not at all."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox.control.desk import Desk, Table, order, told
from connectors.netsuite.sandbox.events import Push, Script, State


class Sequence(StrEnum):
    """The order in which waiting pushes are sent."""

    FORWARD = "forward"
    REVERSE = "reverse"
    SHUFFLED = "shuffled"


class Deploy(msgspec.Struct, forbid_unknown_fields=True):
    """Post each saved record of the types in `records` to `url`, signed with `key`.

    A push that fails is sent again after `wait` seconds, `attempts` times in all. With `held` pushes wait for `send`.
    The script does not run for saves whose context is in `not_in`.
    """

    url: str
    key: str
    records: list[str]
    not_in: list[str] = msgspec.field(default_factory=lambda: ["csvimport"])
    held: bool = False
    attempts: int = 1
    wait: float = 1.0


class Send(msgspec.Struct, forbid_unknown_fields=True):
    """Send what waits, `times` over; with `again` also what was delivered or given up."""

    sequence: Sequence = Sequence.FORWARD
    times: int = 1
    again: bool = False


class Lose(msgspec.Struct, forbid_unknown_fields=True):
    """Lose the next `count` pushes without a trace."""

    count: int


class ScriptOrders:
    """`scripts`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._events = desk.account.events

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("GET", "/scripts", self._list),
            ("POST", "/scripts", self._deploy),
            ("DELETE", "/scripts", self._stop),
            ("POST", "/scripts/send", self._send),
            ("POST", "/scripts/lose", self._lose),
        ]

    async def _list(self, _request: Request) -> Response:
        return told({"pushes": [_shown(one) for one in self._events.pushes]})

    async def _deploy(self, request: Request) -> Response:
        given = await order(request, Deploy)
        records = frozenset(self._desk.record(name).name for name in given.records)
        not_in = frozenset(given.not_in)
        script = Script(given.url, given.key, records, not_in, given.held, given.attempts, given.wait)
        self._events.scripts.append(script)
        return told({}, 201)

    async def _stop(self, _request: Request) -> Response:
        self._events.scripts.clear()
        return told({})

    async def _send(self, request: Request) -> Response:
        given = await order(request, Send)
        again = {State.DELIVERED, State.GIVEN_UP} if given.again else set[State]()
        waiting = [one for one in self._events.pushes if one.state in again | {State.WAITING}]
        if given.sequence is Sequence.REVERSE:
            waiting.reverse()
        elif given.sequence is Sequence.SHUFFLED:
            random.shuffle(waiting)
        for _ in range(given.times):
            await self._events.send(waiting)
        return await self._list(request)

    async def _lose(self, request: Request) -> Response:
        self._events.lose = (await order(request, Lose)).count
        return told({})


def _shown(one: Push) -> dict[str, Any]:
    body = msgspec.json.decode(one.body)
    told_of = {"type": body["record"]["type"], "record": body["record"]["id"], "action": body["action"]}
    attempts = {"attempts": one.attempts, "statuses": one.statuses, "state": one.state.value, "trouble": one.trouble}
    return {"id": one.id, **told_of, **attempts}
