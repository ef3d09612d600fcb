"""Records behind the vendor's back, many of them at once, and transactions that commit late."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox import approvals, moments
from connectors.netsuite.sandbox.control.desk import Desk, Table, order, told
from connectors.netsuite.sandbox.demo import CLERK
from connectors.netsuite.sandbox.records.accept import Reader, Strictness
from connectors.netsuite.sandbox.schema import RecordType, Row
from connectors.netsuite.sandbox.store import Change
from connectors.netsuite.sandbox.tables.transactions import AFTER


class Write(msgspec.Struct, forbid_unknown_fields=True):
    """A change behind the vendor's back: `values` as REST takes them, with lines, or `records` to create many.

    `user` is an employee (default: the sales clerk), `stamp` an ISO 8601 time with an offset, `transaction` the id of
    an open one, `context` how the change came in. An approvalStatus is set without asking who may.
    """

    values: dict[str, Any] | None = None
    records: list[dict[str, Any]] | None = None
    user: str = str(CLERK)
    stamp: str | None = None
    transaction: str | None = None
    context: str = "userinterface"


class Seed(msgspec.Struct, forbid_unknown_fields=True):
    """Make `count` transactions of a type with `lines` lines each, all stamped `stamp` and then `step` ms apart.

    `values` are what they have in common.
    """

    type: str
    count: int
    lines: int = 1
    stamp: str | None = None
    step: int = 0
    values: dict[str, Any] = msgspec.field(default_factory=dict)


class RecordOrders:
    """`records`, `seed` and `transactions`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._account = desk.account
        self._store = desk.account.store

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("GET", "/records/{type}", self._list),
            ("POST", "/records/{type}", self._create),
            ("PATCH", "/records/{type}/{id:int}", self._update),
            ("DELETE", "/records/{type}/{id:int}", self._delete),
            ("POST", "/seed", self._seed),
            ("POST", "/transactions", self._begin),
            ("POST", "/transactions/{id}/commit", self._commit),
        ]

    async def _list(self, request: Request) -> Response:
        record = self._desk.record(request.path_params["type"])
        rows = [row for row in self._account.database.all(record.table) if row.get("type", record.code) == record.code]
        return told({"records": [{**row, "lines": self._store.lines(record, row["id"])} for row in rows]})

    async def _create(self, request: Request) -> Response:
        record, write = self._desk.record(request.path_params["type"]), await order(request, Write)
        change = self._change(write)
        given = write.records if write.records is not None else [write.values or {}]
        read = [self._read(record, one) for one in given]
        return told({"ids": [self._store.create(record, values, lines or [], change) for values, lines in read]}, 201)

    async def _update(self, request: Request) -> Response:
        record, write = self._desk.record(request.path_params["type"]), await order(request, Write)
        values, lines = self._read(record, write.values or {})
        self._found(record, request)
        self._store.update(record, request.path_params["id"], values, lines, self._change(write))
        return told({})

    async def _delete(self, request: Request) -> Response:
        record, write = self._desk.record(request.path_params["type"]), await order(request, Write)
        self._found(record, request)
        self._store.delete(record, request.path_params["id"], self._change(write))
        return told({})

    async def _seed(self, request: Request) -> Response:
        given = await order(request, Seed)
        record = self._desk.record(given.type)
        if not record.code:
            raise ValueError("only transactions are made in bulk")
        stamp = moments.instant(given.stamp) if given.stamp else moments.now() // moments.SECOND * moments.SECOND
        common, _ = self._read(record, given.values)
        items = self._account.database.all("item")

        def make(at: int) -> tuple[Row, list[Row]]:
            item = items[at % len(items)]
            moment = stamp + at * given.step
            values = {"currency": 1, "subsidiary": 1, "exchangerate": 1.0, "trandate": moments.iso(moment)[:10]}
            values |= {"entity": None, "tranid": f"S-{at}", "createddate": moment, "lastmodifieddate": moment} | common
            line = {"item": item["id"], "quantity": float(at % 9 + 1), "units": item["saleunit"], "rate": 2.5}
            return values, [dict(line) for _ in range(given.lines)]

        first = self._store.seed(record, given.count, make, stamp)
        return told({"first": first, "count": given.count}, 201)

    async def _begin(self, _request: Request) -> Response:
        return told({"id": self._store.begin().id}, 201)

    async def _commit(self, request: Request) -> Response:
        try:
            return told({"writes": self._store.commit(request.path_params["id"])})
        except KeyError as error:
            raise ValueError(f"no open transaction {error}") from error

    def _read(self, record: RecordType, given: dict[str, Any]) -> tuple[Row, list[Row] | None]:
        reader = Reader(self._account, Strictness.ERROR, Strictness.ERROR)
        name = record.sublist.name if record.sublist else ""
        fields = self._account.catalogue.fields(record)
        values = reader.record({key: value for key, value in given.items() if key != name}, fields)
        if record.code and "approvalstatus" in values:
            values["status"] = AFTER[record.code][approvals.meaning(values["approvalstatus"])]
        table = self._account.catalogue.table(record.sublist.table) if record.sublist else None
        if table is None or name not in given:
            return values, None
        return values, reader.lines(given[name], record, [column for column in table.columns if column.rest])

    def _found(self, record: RecordType, request: Request) -> None:
        if self._store.find(record, request.path_params["id"]) is None:
            raise ValueError(f"no {record.name} {request.path_params['id']}")

    def _change(self, write: Write) -> Change:
        if write.transaction and not self._store.is_open(write.transaction):
            raise ValueError(f"no open transaction '{write.transaction}'")
        stamp = moments.instant(write.stamp) if write.stamp else None
        return Change(self._desk.employee(write.user), stamp, write.transaction, write.context)
