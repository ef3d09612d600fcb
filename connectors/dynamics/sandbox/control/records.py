"""Rows behind the vendor's back, and transactions that commit late."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox.control.desk import Table, moment, order
from connectors.dynamics.sandbox.control.sides import Side
from connectors.dynamics.sandbox.schema import Table as Described
from connectors.dynamics.sandbox.store import Change
from connectors.dynamics.sandbox.wire import answer


class Write(msgspec.Struct, forbid_unknown_fields=True):
    """A change: `values` of one row, `records` to make many, or `copies` of `values` with `{n}` in their texts.

    `user` changes (Dataverse only), `stamp` is an ISO 8601 time with an offset, `transaction` the id of an open one.
    """

    values: dict[str, Any] | None = None
    records: list[dict[str, Any]] | None = None
    copies: int = 1
    user: str = ""
    stamp: str | None = None
    transaction: str = ""


class RecordOrders:
    """`records` and `transactions` of one surface."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def table(self, prefix: str) -> Table:
        """Return the orders below a prefix."""
        return [
            ("GET", f"/{prefix}/records/{{table}}", self._list),
            ("POST", f"/{prefix}/records/{{table}}", self._create),
            ("PATCH", f"/{prefix}/records/{{table}}/{{id}}", self._update),
            ("DELETE", f"/{prefix}/records/{{table}}/{{id}}", self._delete),
            ("POST", f"/{prefix}/transactions", self._begin),
            ("POST", f"/{prefix}/transactions/{{id}}/commit", self._commit),
        ]

    async def _list(self, request: Request) -> Response:
        table = self._table(request)
        return answer({"records": [self._side.shown(table, row) for row in self._side.store.rows(table.name)]})

    async def _create(self, request: Request) -> Response:
        table, write = self._table(request), await order(request, Write)
        change = self._change(write)
        given = write.records if write.records is not None else [write.values or {}]
        if write.copies > 1:
            given = [_numbered(write.values or {}, n) for n in range(1, write.copies + 1)]
        return answer({"ids": [self._side.insert(table, one, change) for one in given]}, 201)

    async def _update(self, request: Request) -> Response:
        write = await order(request, Write)
        self._side.change(self._table(request), _id(request), write.values or {}, self._change(write))
        return answer({})

    async def _delete(self, request: Request) -> Response:
        write = await order(request, Write)
        self._side.remove(self._table(request), _id(request), self._change(write))
        return answer({})

    async def _begin(self, _request: Request) -> Response:
        return answer({"id": self._side.store.begin().id}, 201)

    async def _commit(self, request: Request) -> Response:
        try:
            return answer({"changes": self._side.store.commit(request.path_params["id"])})
        except KeyError as error:
            raise ValueError(f"no open transaction {error}") from error

    def _table(self, request: Request) -> Described:
        name = request.path_params["table"]
        found = self._side.catalogue.find(name)
        if found is None:
            raise ValueError(f"no table '{name}'")
        return found

    def _change(self, write: Write) -> Change:
        if write.transaction and not self._side.store.is_open(write.transaction):
            raise ValueError(f"no open transaction '{write.transaction}'")
        return Change(self._side.user(write.user), stamp=moment(write.stamp), transaction=write.transaction)


def _numbered(values: dict[str, Any], number: int) -> dict[str, Any]:
    return {k: v.replace("{n}", str(number)) if isinstance(v, str) else v for k, v in values.items()}


def _id(request: Request) -> str:
    return str(request.path_params["id"]).lower()
