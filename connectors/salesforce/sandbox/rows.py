"""Single records, by id or by another system's key.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-retrieve.html
and https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-upsert.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from connectors.salesforce.sandbox import conditions, values, writes
from connectors.salesforce.sandbox.errors import ApiError, not_found
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.render import attributes
from connectors.salesforce.sandbox.schema import Field, SObject
from connectors.salesforce.sandbox.store import Row

NO_CONTENT_BEFORE = 46.0  # an upsert that changed a record answered 204 until then


async def create(call: Call) -> Response:
    """Make a record: 201 with its id."""
    sobject = call.sobject()
    record_id = writes.insert(call, sobject, values.decode(await call.body()))
    response = answer({"id": record_id, "success": True, "errors": []}, 201)
    response.headers["location"] = f"{call.base}/sobjects/{sobject.name}/{record_id}"
    return conditions.tag(response, sobject, call.org.store.find(sobject.name, record_id))


async def read(call: Call) -> Response:
    """Return a record, all fields or those of `fields=`; 304 when it did not change since `If-Modified-Since`."""
    sobject = call.sobject()
    return _read(call, sobject, writes.find(call, sobject, call.request.path_params["id"]))


async def update(call: Call) -> Response:
    """Change a record: 204, or 412 when it changed after `If-Unmodified-Since` (whole seconds)."""
    sobject = call.sobject()
    row = writes.find(call, sobject, call.request.path_params["id"])
    stopped = conditions.stopped(call, sobject, row)
    if stopped:
        return stopped
    writes.change(call, sobject, row, values.decode(await call.body()))
    return conditions.tag(Response(status_code=204), sobject, call.org.store.find(sobject.name, row.id))


async def delete(call: Call) -> Response:
    """Put a record into the recycle bin: 204. Conditions are not supported here and not looked at."""
    sobject = call.sobject()
    writes.remove(call, sobject, writes.find(call, sobject, call.request.path_params["id"]))
    return Response(status_code=204)


async def read_by_key(call: Call) -> Response:
    """Return the record with another system's key; 300 with the paths of all when several have it."""
    return _with_key(call, lambda sobject, row: _read(call, sobject, row))


async def delete_by_key(call: Call) -> Response:
    """Delete the record with another system's key."""

    def gone(sobject: SObject, row: Row) -> Response:
        writes.remove(call, sobject, row)
        return Response(status_code=204)

    return _with_key(call, gone)


async def upsert(call: Call) -> Response:
    """Change the record with another system's key (200), or make one (201, unless `updateOnly=true`: 404)."""
    sobject, key, value = _key(call)
    given = values.decode(await call.body())
    try:
        row = writes.find_by_key(call, sobject, key, value)
        if row is None and call.request.query_params.get("updateOnly", "").casefold() == "true":
            raise not_found()
        stopped = conditions.stopped(call, sobject, row) if row else None
        if stopped:
            return stopped
        done = writes.upsert(call, sobject, key, value, given)
    except writes.Ambiguous as error:
        return _choices(call, sobject, error)
    if not done.created and float(call.version) < NO_CONTENT_BEFORE:
        return Response(status_code=204)
    body = {"id": done.id, "success": True, "errors": [], "created": done.created}
    return answer(body, 201 if done.created else 200)


def _with_key(call: Call, use: Callable[[SObject, Row], Response]) -> Response:
    sobject, key, value = _key(call)
    try:
        row = writes.find_by_key(call, sobject, key, value)
    except writes.Ambiguous as error:
        return _choices(call, sobject, error)
    if row is None:
        raise not_found()
    return use(sobject, row)


def _key(call: Call) -> tuple[SObject, Field, str]:
    sobject = call.sobject()
    key = writes.external_key(call, sobject, call.request.path_params["key"])
    return sobject, key, call.request.path_params["value"]


def _choices(call: Call, sobject: SObject, error: writes.Ambiguous) -> Response:
    return answer([f"{call.base}/sobjects/{sobject.name}/{row.id}" for row in error.rows], 300)


def _read(call: Call, sobject: SObject, row: Row) -> Response:
    stopped = conditions.stopped(call, sobject, row)
    if stopped:
        return conditions.tag(stopped, sobject, row)
    record: dict[str, Any] = {"attributes": attributes(sobject.name, row.id, call.base)}
    for name in _wanted(call, sobject):
        record[name] = values.render(row.values.get(name), call.org.switches)
    return conditions.tag(answer(record), sobject, row)


def _wanted(call: Call, sobject: SObject) -> list[str]:
    asked = call.request.query_params.get("fields")
    if asked is None:
        return [f.name for f in sobject.fields.values() if f.name not in call.hidden(sobject)]
    return [visible(call, sobject, name.strip()) for name in asked.split(",")]


def visible(call: Call, sobject: SObject, name: str) -> str:
    """Return a field's own name. Raises `ApiError` 400 `INVALID_FIELD` when the caller may not see it."""
    field = call.view.field(sobject, name)
    if field is None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{sobject.name}'.")
    return field.name
