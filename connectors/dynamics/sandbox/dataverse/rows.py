"""Single rows: read, make, change, upsert, delete, under conditions.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/perform-conditional-operations-using-web-api
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from connectors.dynamics.sandbox import wire
from connectors.dynamics.sandbox.dataverse import states, steps, writes
from connectors.dynamics.sandbox.dataverse.access import Right, no_access
from connectors.dynamics.sandbox.dataverse.api import Call, applied, json
from connectors.dynamics.sandbox.dataverse.lookups import does_not_exist, find_row, key_of
from connectors.dynamics.sandbox.dataverse.render import Printer, etag
from connectors.dynamics.sandbox.dataverse.values import accept
from connectors.dynamics.sandbox.odata.options import Options
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Change, Row


def read(call: Call) -> Response:
    """Return a row; 304 when it is still what the client has, without annotations and `$expand` only."""
    table = call.table()
    row = find_row(call, table, call.segments[0])
    annotated = call.prefer.has("include-annotations")
    if call.headers.get("if-none-match") == etag(row) and not annotated and not call.options.expand:
        return Response(status_code=304, headers={"OData-Version": "4.0"})
    printer = Printer(call, table, call.options)
    context = f"{printer.context(call.options.select, call.options.expand)}/$entity"
    return json({"@odata.context": context, **printer.entity(row)}, headers={"ETag": etag(row), **applied(call)})


def create(call: Call) -> Response:
    """Make a row: 204 with its address, or 201 with the row."""
    table = call.table()
    call.org.access.require(call.caller, table, Right.CREATE)
    return _written(call, table, _insert(call, table, _given(call, table)), 201)


def create_many(call: Call) -> Response:
    """Make many rows, all or none, and return their ids.

    See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/createmultiple
    """
    table = call.table()
    call.org.access.require(call.caller, table, Right.CREATE)
    targets = body(call).get("Targets")
    if not isinstance(targets, list) or not all(isinstance(one, dict) for one in targets):
        raise Refusal(400, "0x80048d19", "Error identified in Payload: Targets has to be a list of records.")
    before = call.org.store.save()
    try:
        made = [_insert(call, table, _checked(call, table, one)).id for one in targets]
    except Refusal:
        call.org.store.restore(before)
        raise
    return json({"@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", "Ids": made})


def write(call: Call) -> Response:
    """Change a row, or make it when there is none with this key: a PATCH is an upsert unless a condition says no."""
    table = call.table()
    row_id, row = key_of(call, table, call.segments[0])
    match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
    if row is None:
        if match is not None:
            raise does_not_exist(table, row_id)
        return _make(call, table, row_id)
    if none_match == "*":
        raise Refusal(412, "0x80060892", "A record with matching key values already exists.")
    call.org.access.require(call.caller, table, Right.WRITE)
    if not call.org.access.allows(call.caller, table, row, Right.WRITE):
        raise no_access(call.caller, table, row.id, Right.WRITE)
    _check_version(call, row)
    given = _given(call, table)
    steps.check(call.org, table, {**row.values, **given})
    states.check(call.org, table, row, given)
    written = writes.change(call.org, table, row.id, given, by(call))
    return _written(call, table, written, 200)


def delete(call: Call) -> Response:
    """Delete a row: 204."""
    table = call.table()
    row = find_row(call, table, call.segments[0], Right.DELETE)
    _check_version(call, row)
    writes.remove(call.org, table, row.id, by(call))
    return Response(status_code=204, headers={"OData-Version": "4.0"})


def by(call: Call) -> Change:
    """Return who changes: the impersonated user, on behalf of whom the caller acts."""
    sender = call.caller.sender_id
    return Change(call.caller.user_id, behalf_of=sender if sender != call.caller.user_id else "")


def _make(call: Call, table: Table, row_id: str) -> Response:
    call.org.access.require(call.caller, table, Right.CREATE)
    given = _given(call, table)
    if row_id:
        given[table.id_name] = row_id
    else:
        name, text = next(iter((call.segments[0].args or {}).items()))
        given[name] = text.strip("'")
    return _written(call, table, _insert(call, table, given), 201)


def _insert(call: Call, table: Table, given: Mapping[str, Any]) -> Row:
    steps.check(call.org, table, given)
    return writes.insert(call.org, table, given, by(call))


def _check_version(call: Call, row: Row) -> None:
    match = call.headers.get("if-match", "*")
    if match not in {"*", etag(row)}:
        # A-DYNAMICS-1: the pages show an empty code, the field sees a number
        message = "The version of the existing record doesn't match the RowVersion property provided."
        raise Refusal(412, call.org.switches.mismatch_code, message)


def _given(call: Call, table: Table) -> dict[str, Any]:
    return _checked(call, table, body(call))


def _checked(call: Call, table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    typed = accept(call.org.catalogue, table, given)
    locked = call.org.access.fixed(call.caller, table) & set(typed)
    if locked:
        message = (
            "The user doesn't have AttributePrivilegeUpdate and not granted shared access for a secured attribute "
            f"during update operation: {', '.join(sorted(locked))}"
        )
        raise Refusal(403, "0x8004f507", message)
    return typed


def body(call: Call) -> Mapping[str, Any]:
    """Return the JSON object that a call brought. Raises `Refusal` 400."""
    try:
        return wire.decode(call.body)
    except ValueError as error:
        raise Refusal(400, "0x80048d19", f"Error identified in Payload: {error}") from error


def _written(call: Call, table: Table, row: Row, status: int) -> Response:
    address = {"OData-EntityId": f"{call.root}/{table.set_name}({row.id})"}
    if not call.prefer.representation:
        return Response(status_code=204, headers={"OData-Version": "4.0", **address})
    printer = Printer(call, table, call.options if call.options.select else Options())
    shown = {"@odata.context": f"{printer.context(call.options.select)}/$entity", **printer.entity(row)}
    return json(shown, status, {**address, "Preference-Applied": "return=representation"})
