"""The twin's own control API: everything that the vendor does not have, or not for its clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.salesforce.sandbox.control.behaviour import BehaviourOrders
from connectors.salesforce.sandbox.control.desk import Desk, Table
from connectors.salesforce.sandbox.control.fields import FieldOrders
from connectors.salesforce.sandbox.control.pushes import PushOrders
from connectors.salesforce.sandbox.control.records import RecordOrders
from connectors.salesforce.sandbox.control.rights import RightsOrders
from connectors.salesforce.sandbox.gate import answer, base_url
from connectors.salesforce.sandbox.org import Org

Describe = Callable[[str], Mapping[str, Any]]
PARTS = (RecordOrders, BehaviourOrders, RightsOrders, FieldOrders, PushOrders)


def orders(org: Org, describe: Describe) -> list[Route]:
    """Return the routes under `/__sandbox/`, for the shared control application."""

    async def overview(request: Request) -> Response:
        return answer(describe(base_url(request)))

    desk = Desk(org)
    first: Table = [("GET", "/", overview)]
    table = [*first, *(row for part in PARTS for row in part(desk).table())]
    return [Route(path, desk.plainly(handler), methods=[method]) for method, path, handler in table]
