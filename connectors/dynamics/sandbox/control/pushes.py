"""Webhooks and notifications: to whom, which of them wait, and sending them late, twice or in another order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox.central.notifications import Delivery
from connectors.dynamics.sandbox.central.notifications import State as DeliveryState
from connectors.dynamics.sandbox.control.desk import Table, order
from connectors.dynamics.sandbox.dataverse.steps import Auth
from connectors.dynamics.sandbox.dataverse.webhooks import Event, Registration, State
from connectors.dynamics.sandbox.store import Kind
from connectors.dynamics.sandbox.wire import answer
from connectors.dynamics.sandbox.world import World

Sent = TypeVar("Sent")


class Sequenced(StrEnum):
    """The order in which what waits is sent."""

    FORWARD = "forward"
    REVERSE = "reverse"
    SHUFFLED = "shuffled"


class Register(msgspec.Struct, forbid_unknown_fields=True):
    """Send changes of `table` to `url`: `kinds` (created, updated, deleted), updates of `columns` only.

    `image`: columns of the image after the change. `auth` and `values`: the shared value, by default in the header
    `x-shared-secret`. With `held` they wait for `send`.
    """

    url: str
    table: str
    kinds: list[Kind] = msgspec.field(default_factory=lambda: list(Kind))
    columns: list[str] = []
    image: list[str] = []
    auth: Auth = Auth.HEADER
    values: dict[str, str] = msgspec.field(default_factory=lambda: {"x-shared-secret": "sandbox-shared-value"})
    held: bool = False


class Send(msgspec.Struct, forbid_unknown_fields=True):
    """Send what waits, and with `again` what was sent before; `times` over."""

    sequence: Sequenced = Sequenced.FORWARD
    times: int = 1
    again: bool = False


class Hold(msgspec.Struct, forbid_unknown_fields=True):
    """Hold what is to be sent back until `send`, or let it go by itself again."""

    held: bool = True


class WebhookOrders:
    """`webhooks` of Dataverse."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._webhooks = world.webhooks

    def table(self, prefix: str) -> Table:
        """Return the orders below a prefix."""
        return [
            ("GET", f"/{prefix}/webhooks", self._list),
            ("POST", f"/{prefix}/webhooks", self._register),
            ("DELETE", f"/{prefix}/webhooks", self._stop),
            ("POST", f"/{prefix}/webhooks/hold", self._hold),
            ("POST", f"/{prefix}/webhooks/send", self._send),
        ]

    async def _list(self, _request: Request) -> Response:
        return answer({"events": [_event(one) for one in self._webhooks.events]})

    async def _register(self, request: Request) -> Response:
        given = await order(request, Register)
        table = self._world.org.catalogue.find(given.table)
        if table is None:
            raise ValueError(f"no table '{given.table}'")
        if unknown := {*given.columns, *given.image} - set(table.columns):
            raise ValueError(f"no columns {sorted(unknown)} in {given.table}")
        wanted = Registration(
            url=given.url,
            table=given.table,
            kinds=given.kinds,
            columns=given.columns,
            image=given.image,
            auth=given.auth,
            values=given.values,
            held=given.held,
        )
        made = self._webhooks.register(wanted)
        return answer({"steps": {str(kind): step for kind, step in made.items()}}, 201)

    async def _hold(self, request: Request) -> Response:
        self._webhooks.held = (await order(request, Hold)).held
        return answer({})

    async def _stop(self, _request: Request) -> Response:
        return answer({"ended": self._webhooks.forget()})

    async def _send(self, request: Request) -> Response:
        given = await order(request, Send)
        waiting = [one for one in self._webhooks.events if given.again or one.state is State.WAITING]
        for _ in range(given.times):
            await self._webhooks.send(_arranged(waiting, given.sequence))
        return await self._list(request)


class NotificationOrders:
    """`subscriptions` and `notifications` of Business Central."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._notifications = world.notifications

    def table(self, prefix: str) -> Table:
        """Return the orders below a prefix."""
        return [
            ("GET", f"/{prefix}/notifications", self._list),
            ("POST", f"/{prefix}/notifications", self._hold),
            ("POST", f"/{prefix}/notifications/send", self._send),
            ("DELETE", f"/{prefix}/subscriptions", self._end),
        ]

    async def _list(self, _request: Request) -> Response:
        return answer({"deliveries": [_delivery(one) for one in self._notifications.deliveries]})

    async def _hold(self, request: Request) -> Response:
        self._notifications.held = (await order(request, Hold)).held
        return answer({})

    async def _send(self, request: Request) -> Response:
        given = await order(request, Send)
        self._notifications.pack()
        deliveries = self._notifications.deliveries
        waiting = [one for one in deliveries if given.again or one.state is DeliveryState.WAITING]
        for _ in range(given.times):
            await self._notifications.send(_arranged(waiting, given.sequence))
        return await self._list(request)

    async def _end(self, _request: Request) -> Response:
        living = self._world.subscriptions.living()
        for one in living:
            self._world.subscriptions.end(one.id)
        return answer({"ended": len(living)})


def _arranged(waiting: Sequence[Sent], sequence: Sequenced) -> list[Sent]:
    arranged = list(waiting)
    if sequence is Sequenced.REVERSE:
        arranged.reverse()
    elif sequence is Sequenced.SHUFFLED:
        random.shuffle(arranged)
    return arranged


def _event(one: Event) -> dict[str, Any]:
    return {
        "id": one.id,
        "step": one.step.id,
        "record": one.record,
        "attempts": one.attempts,
        "state": one.state.value,
        "trouble": one.trouble,
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": one.url,
        "value": one.value,
        "attempts": one.attempts,
        "state": one.state.value,
        "trouble": one.trouble,
    }
