"""The twin's own control API: everything that the vendor does not have, or not for its clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.control.behaviour import BehaviourOrders
from connectors.netsuite.sandbox.control.desk import Desk, Table, told
from connectors.netsuite.sandbox.control.fields import FieldOrders
from connectors.netsuite.sandbox.control.records import RecordOrders
from connectors.netsuite.sandbox.control.rights import RightsOrders
from connectors.netsuite.sandbox.control.scripts import ScriptOrders
from connectors.netsuite.sandbox.control.stock import StockOrders
from connectors.netsuite.sandbox.gate import base_url

Describe = Callable[[str], Mapping[str, Any]]
PARTS = (RecordOrders, BehaviourOrders, RightsOrders, FieldOrders, StockOrders, ScriptOrders)


def orders(account: Account, describe: Describe) -> list[Route]:
    """Return the routes under `/__sandbox/`, for the shared control application."""

    async def overview(request: Request) -> Response:
        return told(describe(base_url(request)))

    desk = Desk(account)
    first: Table = [("GET", "/", overview)]
    table = [*first, *(row for part in PARTS for row in part(desk).table())]
    return [Route(path, desk.plainly(handler), methods=[method]) for method, path, handler in table]
