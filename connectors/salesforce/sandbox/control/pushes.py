"""Outbound messages: to whom, which of them wait, and sending them late, twice or in another order."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox.control.desk import Desk, Table, order
from connectors.salesforce.sandbox.gate import answer
from connectors.salesforce.sandbox.outbound import Notification, State, Subscription


class Sequence(StrEnum):
    """The order in which waiting notifications are sent."""

    FORWARD = "forward"
    REVERSE = "reverse"
    SHUFFLED = "shuffled"


class Subscribe(msgspec.Struct, forbid_unknown_fields=True):
    """Send `fields` of each record of `object` that changes to `url`.

    With `held` they wait for `send`. Otherwise they go out at once and again after `wait` seconds, twice as long each
    time, until they are acknowledged or `give_up` seconds have passed. `user`: whose session is in them (default: none).
    """

    url: str
    object: str
    fields: list[str]
    held: bool = False
    wait: float = 60.0
    give_up: float = 86_400.0
    user: str | None = None


class Send(msgspec.Struct, forbid_unknown_fields=True):
    """Send what waits, and with `again` what was acknowledged too; `times` over, `together` in one message."""

    sequence: Sequence = Sequence.FORWARD
    times: int = 1
    together: int = 1
    again: bool = False


class PushOrders:
    """`outbound`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._org = desk.org

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("GET", "/outbound", self._list),
            ("POST", "/outbound", self._subscribe),
            ("DELETE", "/outbound", self._stop),
            ("POST", "/outbound/send", self._send),
        ]

    async def _list(self, _request: Request) -> Response:
        return answer({"notifications": [_shown(one) for one in self._org.outbound.notifications]})

    async def _subscribe(self, request: Request) -> Response:
        given = await order(request, Subscribe)
        sobject = self._desk.sobject(given.object)
        names = [self._desk.field(given.object, name)[1].name for name in given.fields]
        session = self._org.sessions.open(self._desk.user(given.user)) if given.user else None
        made_id = self._org.outbound.next_id("04k")
        made = Subscription(made_id, given.url, sobject.name, names, given.held, given.wait, given.give_up, session)
        self._org.outbound.subscriptions.append(made)
        return answer({"id": made.id}, 201)

    async def _stop(self, _request: Request) -> Response:
        self._org.outbound.subscriptions.clear()
        return answer({})

    async def _send(self, request: Request) -> Response:
        given = await order(request, Send)
        waiting = [n for n in self._org.outbound.notifications if given.again or n.state is State.WAITING]
        if given.sequence is Sequence.REVERSE:
            waiting.reverse()
        elif given.sequence is Sequence.SHUFFLED:
            random.shuffle(waiting)
        for _ in range(given.times):
            await self._org.outbound.send(waiting, together=given.together)
        return await self._list(request)


def _shown(one: Notification) -> dict[str, Any]:
    return {
        "id": one.id,
        "subscription": one.subscription.id,
        "record": one.record_id,
        "attempts": one.attempts,
        "state": one.state.value,
        "trouble": one.trouble,
    }
