"""The twin's own control API: everything that the vendor does not have, or not for its clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dynamics.sandbox.control.behaviour import BehaviourOrders
from connectors.dynamics.sandbox.control.desk import Table, plainly
from connectors.dynamics.sandbox.control.fields import FieldOrders
from connectors.dynamics.sandbox.control.pushes import NotificationOrders, WebhookOrders
from connectors.dynamics.sandbox.control.records import RecordOrders
from connectors.dynamics.sandbox.control.rights import RightsOrders
from connectors.dynamics.sandbox.control.sides import CentralSide, DataverseSide
from connectors.dynamics.sandbox.wire import answer, base_url
from connectors.dynamics.sandbox.world import World

Describe = Callable[[str], Mapping[str, Any]]


def orders(world: World, describe: Describe) -> list[Route]:
    """Return the routes under `/__sandbox/`, for the shared control application."""

    async def overview(request: Request) -> Response:
        return answer(describe(base_url(request)))

    dataverse, central = DataverseSide(world.org), CentralSide(world.place)
    table: Table = [
        ("GET", "/", overview),
        *RecordOrders(dataverse).table("dataverse"),
        *RecordOrders(central).table("businesscentral"),
        *FieldOrders(dataverse).table("dataverse"),
        *FieldOrders(central).table("businesscentral"),
        *RightsOrders(world.org).table("dataverse"),
        *WebhookOrders(world).table("dataverse"),
        *NotificationOrders(world).table("businesscentral"),
        *BehaviourOrders(world).table(),
    ]
    return [Route(path, plainly(handler, world.tell), methods=[method]) for method, path, handler in table]
