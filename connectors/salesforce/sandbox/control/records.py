"""Records behind the vendor's back, and transactions that commit late."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import moments, values
from connectors.salesforce.sandbox.control.desk import Desk, Table, moment, order, record_id
from connectors.salesforce.sandbox.demo import SALES
from connectors.salesforce.sandbox.gate import answer
from connectors.salesforce.sandbox.store import Change


class Write(msgspec.Struct, forbid_unknown_fields=True):
    """A change behind the vendor's back: `values` of one record or `records` to create many.

    `user` is a username or id (default: the salesperson), `stamp` an ISO 8601 time with an offset for all the time
    fields, `transaction` the id of an open one.
    """

    values: dict[str, Any] | None = None
    records: list[dict[str, Any]] | None = None
    user: str = SALES
    stamp: str | None = None
    transaction: str | None = None


class Begin(msgspec.Struct, forbid_unknown_fields=True):
    """Open a transaction, as if it had run since `opened_at` (ISO 8601 with an offset; default: now)."""

    opened_at: str | None = None


class RecordOrders:
    """`records` and `transactions`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.org.store

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("GET", "/records/{sobject}", self._list),
            ("POST", "/records/{sobject}", self._create),
            ("PATCH", "/records/{sobject}/{id}", self._update),
            ("DELETE", "/records/{sobject}/{id}", self._delete),
            ("POST", "/records/{sobject}/{id}/undelete", self._undelete),
            ("POST", "/records/{sobject}/{id}/purge", self._purge),
            ("POST", "/transactions", self._begin),
            ("POST", "/transactions/{id}/commit", self._commit),
        ]

    async def _list(self, request: Request) -> Response:
        rows = self._store.rows(self._desk.sobject(request.path_params["sobject"]))
        shown = [{n: values.render(v, self._desk.org.switches) for n, v in row.values.items()} for row in rows]
        return answer({"records": shown})

    async def _create(self, request: Request) -> Response:
        sobject, write = self._desk.sobject(request.path_params["sobject"]), await order(request, Write)
        change = self._change(write)
        given = write.records if write.records is not None else [write.values or {}]
        typed = [values.accept(sobject, one, values.NO_LIMITS, creating=True) for one in given]
        return answer({"ids": [self._store.create(sobject, one, change) for one in typed]}, 201)

    async def _update(self, request: Request) -> Response:
        sobject, write = self._desk.sobject(request.path_params["sobject"]), await order(request, Write)
        typed = values.accept(sobject, write.values or {}, values.NO_LIMITS, creating=False)
        self._store.update(sobject, record_id(request), typed, self._change(write))
        return answer({})

    async def _delete(self, request: Request) -> Response:
        change = self._change(await order(request, Write))
        self._store.delete(self._desk.sobject(request.path_params["sobject"]), record_id(request), change)
        return answer({})

    async def _undelete(self, request: Request) -> Response:
        change = self._change(await order(request, Write))
        self._store.undelete(self._desk.sobject(request.path_params["sobject"]), record_id(request), change)
        return answer({})

    async def _purge(self, request: Request) -> Response:
        self._store.purge(self._desk.sobject(request.path_params["sobject"]), record_id(request))
        return answer({})

    async def _begin(self, request: Request) -> Response:
        given = await order(request, Begin)
        opened = self._store.begin(moment(given.opened_at) or moments.now())
        return answer({"id": opened.id, "opened_at": moments.render(opened.opened_at)}, 201)

    async def _commit(self, request: Request) -> Response:
        try:
            return answer({"records": self._store.commit(request.path_params["id"])})
        except KeyError as error:
            raise ValueError(f"no open transaction {error}") from error

    def _change(self, write: Write) -> Change:
        if write.transaction and not self._store.is_open(write.transaction):
            raise ValueError(f"no open transaction '{write.transaction}'")
        return Change(self._desk.user(write.user), moment(write.stamp), write.transaction)
