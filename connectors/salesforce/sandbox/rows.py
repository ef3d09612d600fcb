"""Single records: create, read, change, delete, with conditions on their last change.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-retrieve.html
and https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from connectors.salesforce.sandbox import ids, moments, values
from connectors.salesforce.sandbox.errors import ApiError, not_found
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.queries import attributes
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Change, Row


async def create(call: Call) -> Response:
    """Make a record: 201 with its id."""
    sobject = call.sobject()
    if not sobject.createable:
        raise _no_operation(sobject, "create")
    given = values.accept(sobject, values.decode(await call.request.body()), call.hidden(sobject), creating=True)
    record_id = call.org.store.create(sobject, given, Change(call.user_id))
    return answer({"id": record_id, "success": True, "errors": []}, 201)


async def read(call: Call) -> Response:
    """Return a record, all fields or those of `fields=`; 304 when it did not change since `If-Modified-Since`."""
    sobject, row = _row(call)
    if _failed_condition(call, row):
        return _precondition_failed(call)
    since = moments.parse_http(call.request.headers.get("if-modified-since", ""))
    if since is not None and _last_modified(row) <= since:
        return Response(status_code=304)
    record: dict[str, Any] = {"attributes": attributes(sobject.name, row.id, f"{call.base}/sobjects")}
    for name in _wanted(call, sobject):
        record[name] = values.render(row.values[name], call.org.switches)
    return answer(record)


async def update(call: Call) -> Response:
    """Change a record: 204, or 412 when it changed after `If-Unmodified-Since` (whole seconds)."""
    sobject, row = _row(call)
    if _failed_condition(call, row):
        return _precondition_failed(call)
    given = values.accept(sobject, values.decode(await call.request.body()), call.hidden(sobject), creating=False)
    call.org.store.update(sobject, row.id, given, Change(call.user_id))
    return Response(status_code=204)


async def delete(call: Call) -> Response:
    """Put a record into the recycle bin: 204. Conditions are not supported here and not looked at."""
    sobject, row = _row(call)
    if not sobject.deletable:
        raise _no_operation(sobject, "delete")
    call.org.store.delete(sobject, row.id, Change(call.user_id))
    return Response(status_code=204)


def _row(call: Call) -> tuple[SObject, Row]:
    sobject = call.sobject()
    given = str(call.request.path_params["id"])
    full = ids.canonical(given)
    row = call.org.store.find(sobject.name, full) if full else None
    if row is None:
        if full is not None and full.startswith(sobject.prefix):
            raise not_found()
        raise not_found(f"Provided external ID field does not exist or is not accessible: {given}")
    if row.deleted_at is not None:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    return sobject, row


def _wanted(call: Call, sobject: SObject) -> list[str]:
    hidden = call.hidden(sobject)
    asked = call.request.query_params.get("fields")
    if asked is None:
        return [f.name for f in sobject.fields.values() if f.name not in hidden]
    wanted: list[str] = []
    for name in (part.strip() for part in asked.split(",")):
        field = sobject.field(name)
        if field is None or field.name in hidden:
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{sobject.name}'.")
        wanted.append(field.name)
    return wanted


def _failed_condition(call: Call, row: Row) -> bool:
    """Tell whether `If-Unmodified-Since` forbids the request. Raises `ApiError` 400 for a PATCH with no date in it."""
    given = call.request.headers.get("if-unmodified-since")
    if given is None:
        return False
    since = moments.parse_http(given)
    if since is None:
        if call.request.method == "PATCH":
            raise ApiError(400, "INVALID_HEADER_VALUE", f"Invalid value for If-Unmodified-Since: {given}")
        return False
    return _last_modified(row) > since


def _precondition_failed(call: Call) -> Response:
    # A-SALESFORCE-52: the documentation gives the status alone
    if call.org.switches.precondition_body == "empty":
        return Response(status_code=412)
    message = "The record has been modified since the given date"
    return answer(ApiError(412, "PRECONDITION_FAILED", message).body(), 412)


def _last_modified(row: Row) -> datetime:
    stamp = row.values["LastModifiedDate"]
    if not isinstance(stamp, datetime):
        raise TypeError(stamp)
    return stamp.replace(microsecond=0)


def _no_operation(sobject: SObject, operation: str) -> ApiError:
    message = f"entity type {sobject.name} does not support {operation}"
    return ApiError(400, "INVALID_TYPE_FOR_OPERATION", message, ())
