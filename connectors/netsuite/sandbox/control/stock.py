"""Goods that are counted, that arrive and that leave."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.control.desk import Desk, Table, order, told
from connectors.netsuite.sandbox.demo import CLERK
from connectors.netsuite.sandbox.store import Change


class Count(msgspec.Struct, forbid_unknown_fields=True):
    """Say how much of an item lies at a location, by their ids, in the base unit."""

    item: int
    location: int
    quantity: Decimal | int


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """Receive the goods of a purchaseOrder, or ship those of a salesOrder.

    `lines` are quantities by the number of the line, in its unit (none: all that is left).
    """

    type: str
    id: int
    lines: dict[str, Decimal | int] | None = None
    user: str = str(CLERK)
    stamp: str | None = None


class StockOrders:
    """`stock` and `goods`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._account = desk.account

    def table(self) -> Table:
        """Return the orders."""
        return [("GET", "/stock", self._list), ("POST", "/stock", self._count), ("POST", "/goods", self._move)]

    async def _list(self, _request: Request) -> Response:
        rows = self._account.database.all("aggregateitemlocation")
        return told({"stock": [{k: v for k, v in row.items() if k not in {"key", "_name"}} for row in rows]})

    async def _count(self, request: Request) -> Response:
        given = await order(request, Count)
        for table, key in (("item", given.item), ("location", given.location)):
            if self._account.database.one(table, "id", key) is None:
                raise ValueError(f"no {table} {key}")
        self._account.stock.count(given.item, given.location, float(given.quantity))
        return told({}, 201)

    async def _move(self, request: Request) -> Response:
        given = await order(request, Move)
        lines = {int(at): float(much) for at, much in given.lines.items()} if given.lines is not None else None
        stamp = moments.instant(given.stamp) if given.stamp else None
        change = Change(self._desk.employee(given.user), stamp)
        self._account.stock.move(self._desk.record(given.type), given.id, lines, change)
        return told({}, 201)
