"""Insert, update, upsert and delete: each row has a result of its own.

See https://www.zoho.com/crm/developer/docs/api/v8/insert-records.html,
https://www.zoho.com/crm/developer/docs/api/v8/update-records.html
and https://www.zoho.com/crm/developer/docs/api/v8/upsert-records.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import ids, moments, wire
from connectors.zoho.sandbox.errors import LOCKED, ApiError, RowError
from connectors.zoho.sandbox.gate import Call, answer
from connectors.zoho.sandbox.people import Right
from connectors.zoho.sandbox.rendering import brief
from connectors.zoho.sandbox.schema import Module
from connectors.zoho.sandbox.store import Change, Row, unknown_row

MAX_ROWS = 100
ROWS_A_CREDIT = 10

Given = Mapping[str, Any]


def insert(call: Call) -> Response:
    """Make records: 201."""
    rows = _Rows(call, call.module(Right.CREATE))
    return _results(call, 201, rows.each(rows.insert))


def update(call: Call) -> Response:
    """Change records: 200, or 412 when the record changed after `If-Unmodified-Since` (whole seconds)."""
    rows = _Rows(call, call.module(Right.EDIT))
    return _results(call, 200, rows.each(rows.update))


def upsert(call: Call) -> Response:
    """Change the records that the duplicate check finds, in the order of its fields, and make the others: 200."""
    module = call.module(Right.EDIT)
    call.org.rules.check(call.user, module, Right.CREATE)
    rows = _Rows(call, module, wire.decode(call.body).get("duplicate_check_fields"))
    return _results(call, 200, rows.each(rows.upsert))


def delete(call: Call) -> Response:
    """Put records into the recycle bin: 200."""
    module = call.module(Right.DELETE)
    named = call.request.path_params.get("id") or call.param("ids") or ""
    rows = _Rows(call, module)
    return _results(call, 200, [rows.settle(rows.delete, {"id": one}, n) for n, one in enumerate(named.split(","))])


def cost(call: Call) -> int:
    """Return the credits of a write: one for ten rows."""
    try:
        count = len(wire.decode(call.body).get("data", ()))
    except (ApiError, TypeError):
        return 1
    return max(1, -(-count // ROWS_A_CREDIT))


def given_rows(body: bytes) -> list[dict[str, Any]]:
    """Return the rows of a body. Raises `ApiError` 400."""
    data = wire.decode(body).get("data")
    if data is None:
        raise ApiError(
            400, "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "data", "json_path": "$.data"}
        )
    if not isinstance(data, list) or not data or not all(isinstance(row, dict) for row in data):
        details = {"expected_data_type": "jsonarray", "api_name": "data", "json_path": "$.data"}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    if len(data) > MAX_ROWS:
        raise ApiError(400, "LIMIT_EXCEEDED", "Record insertion limit has been exceeded.", {"limit": MAX_ROWS})
    return data


@dataclass(frozen=True, slots=True)
class _Result:
    body: dict[str, Any]
    error: RowError | None = None


class _Rows:
    """The rows of one write."""

    def __init__(self, call: Call, module: Module, checked: Sequence[str] | None = None) -> None:
        """Take the fields of a duplicate check: None are those of the module itself."""
        self._call = call
        self._checked = checked
        self._module = module
        self._org = call.org
        self._writer = call.org.writer(call.user)
        self._change = Change(call.user)
        self._unmodified_since = _condition(call)

    def each(self, work: Callable[[Given, int], dict[str, Any]]) -> list[_Result]:
        """Do `work` for each row of the body."""
        return [self.settle(work, row, n) for n, row in enumerate(given_rows(self._call.body))]

    def settle(self, work: Callable[[Given, int], dict[str, Any]], row: Given, index: int) -> _Result:
        """Do `work` for one row and return what the caller is told."""
        try:
            return _Result({"code": "SUCCESS", **work(row, index), "status": "success"})
        except RowError as error:
            return _Result(error.body(), error)

    def insert(self, given: Given, index: int) -> dict[str, Any]:
        """Make one record."""
        values = self._writer.accept(self._module, given, index, creating=True)
        self._check_unique(values, index, 0)
        row = self._org.store.create(self._module, values, self._change)
        return {"details": brief(self._org, row, self._call.user), "message": "record added"}

    def update(self, given: Given, index: int) -> dict[str, Any]:
        """Change one record, named by the path or by its id."""
        row = self._row(self._call.request.path_params.get("id", given.get("id")), index)
        return self._change_row(row, given, index)

    def upsert(self, given: Given, index: int) -> dict[str, Any]:
        """Change one record when the duplicate check finds it, or make it."""
        if "id" in given:
            return {
                **self._change_row(self._row(given["id"], index), given, index),
                "action": "update",
                "duplicate_field": None,
            }
        found = self._duplicate(given)
        if found is None:
            return {**self.insert(given, index), "action": "insert", "duplicate_field": None}
        name, row = found
        return {**self._change_row(row, given, index), "action": "update", "duplicate_field": name}

    def delete(self, given: Given, index: int) -> dict[str, Any]:
        """Delete one record."""
        row = self._row(given["id"], index)
        self._org.store.delete(self._module, row.id, self._change)
        return {"details": {"id": str(row.id)}, "message": "record deleted"}

    def _row(self, named: object, index: int) -> Row:
        if named is None:
            raise RowError(
                "MANDATORY_NOT_FOUND",
                "required field not found",
                {"api_name": "id", "json_path": f"$.data[{index}].id"},
            )
        row = self._org.store.find(self._module.name, ids.parse(named))
        if row is None or not self._org.rules.sees(self._call.user, self._module, row.values):
            raise unknown_row(index)
        return row

    def _change_row(self, row: Row, given: Given, index: int) -> dict[str, Any]:
        if self._unmodified_since is not None and row.modified > self._unmodified_since:
            details = {k: v for k, v in brief(self._org, row, self._call.user).items() if k[0] != "$"}
            raise RowError(
                "ALREADY_MODIFIED", "Record updated time has already passed if-unmodified-since time", details
            )
        values = self._writer.accept(self._module, given, index, creating=False)
        self._check_state(row, values)
        self._check_unique(values, index, row.id)
        changed = self._org.store.update(self._module, row.id, values, self._change)
        return {"details": brief(self._org, changed, self._call.user), "message": "record updated"}

    def _check_state(self, row: Row, values: Mapping[str, object]) -> None:
        if row.locked:
            raise RowError("RECORD_LOCKED", LOCKED, {"id": str(row.id)})
        # A-ZOHO-67: the status page names the code, no page the case
        if row.awaiting and self._org.switches.awaiting_written == "refused":
            raise RowError("NOT_APPROVED", "Cannot update record that is not approved yet", {"id": str(row.id)})
        process = self._org.processes.get(self._module.name)
        if row.in_process and process is not None and process.field in values:
            raise RowError("RECORD_IN_BLUEPRINT", "The record is in blue print", {"api_name": process.field})

    def _check_unique(self, values: Mapping[str, object], index: int, own_id: int) -> None:
        for name, value in values.items():
            if value is None or not self._module.fields[name].unique:
                continue
            other = self._find(name, value)
            if other is not None and other.id != own_id:
                raise RowError("DUPLICATE_DATA", "duplicate data", self._told(name, index, other))

    def _told(self, name: str, index: int, other: Row) -> dict[str, Any]:
        module = {"api_name": self._module.name, "id": str(self._module.id)}
        return {
            "api_name": name,
            "json_path": f"$.data[{index}].{name}",
            "id": str(other.id),
            "duplicate_record": {"id": str(other.id), "module": module},
        }

    def _duplicate(self, given: Given) -> tuple[str, Row] | None:
        unique = [f.name for f in self._module.fields.values() if f.unique]
        for name in self._checked or [*self._module.duplicates, *unique]:
            row = self._find(name, given[name]) if given.get(name) is not None else None
            if row is not None:
                return name, row
        return None

    def _find(self, name: str, value: object) -> Row | None:
        wanted = value.casefold() if isinstance(value, str) else value
        for row in self._org.store.table(self._module).rows.values():
            known = row.values.get(name)
            if (known.casefold() if isinstance(known, str) else known) == wanted:
                return row
        return None


def _condition(call: Call) -> datetime | None:
    given = call.request.headers.get("if-unmodified-since")
    if given is None:
        return None
    moment = moments.parse(given)
    if moment is None:
        details = {"header": "If-Unmodified-Since", "expected_data_type": "datetime"}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    return moment


def _results(call: Call, status: int, results: Sequence[_Result]) -> Response:
    refused = [result.error for result in results if result.error is not None]
    # A-ZOHO-79: the specification has 412 for one row; several of them get it when none was written
    if refused and all(error.code == "ALREADY_MODIFIED" for error in refused) and len(refused) == len(results):
        status = 412
    # A-ZOHO-65: pages show 200, 201, 202 and 207 with refused rows
    elif refused and call.org.switches.written_rows_status == "by_rows":
        status = 400 if len(refused) == len(results) else 207
    return answer({"data": [result.body for result in results]}, status)
