"""Collections: up to 200 records in one call, each with its own outcome inside HTTP 200.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from starlette.responses import Response

from connectors.salesforce.sandbox import ids, values, writes
from connectors.salesforce.sandbox.errors import ApiError, not_found
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.render import attributes
from connectors.salesforce.sandbox.rows import visible
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Row

MOST_RECORDS = 200
MOST_CHUNKS = 10

Outcome = dict[str, Any]
Write = Callable[[Any], Outcome]


async def create(call: Call) -> Response:
    """Make records."""
    body = await _body(call)

    def write(record: Any) -> Outcome:
        return _done(writes.insert(call, _typed(call, record), _fields(record)))

    return _all(call, _records(body), write, whole=_whole(call, body))


async def update(call: Call) -> Response:
    """Change records that are named by `id`."""
    body = await _body(call)

    def write(record: Any) -> Outcome:
        sobject, given = _typed(call, record), _fields(record)
        record_id = next((given.pop(name) for name in list(given) if name.casefold() == "id"), None)
        if not isinstance(record_id, str):
            raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", ())
        row = writes.find(call, sobject, record_id)
        writes.change(call, sobject, row, given)
        return _done(row.id)

    return _all(call, _records(body), write, whole=_whole(call, body))


async def upsert(call: Call) -> Response:
    """Change or make records that are named by another system's key."""
    body = await _body(call)
    sobject = call.sobject()
    key = writes.external_key(call, sobject, call.request.path_params["key"])

    def write(record: Any) -> Outcome:
        if _typed(call, record) is not sobject:
            raise ApiError(400, "INVALID_TYPE", f"only records of {sobject.name} are allowed", ())
        given = _fields(record)
        name = next((n for n in given if n.casefold() == key.name.casefold()), "")
        value = given.pop(name, None)
        if value is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", (key.name,))
        try:
            done = writes.upsert(call, sobject, key, str(value), given)
        except writes.Ambiguous as error:
            message = f"{key.name}: more than one record found for external id field: {[r.id for r in error.rows]}"
            raise ApiError(300, "DUPLICATE_EXTERNAL_ID", message, (key.name,)) from error
        return _done(done.id) | {"created": done.created}

    return _all(call, _records(body), write, whole=_whole(call, body))


async def delete(call: Call) -> Response:
    """Delete the records of `ids=`."""
    wanted = call.request.query_params.get("ids", "").split(",")

    def write(record_id: Any) -> Outcome:
        sobject = call.org.catalogue.of_id(record_id)
        if sobject is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {record_id}", ())
        row = writes.find(call, sobject, record_id)
        writes.remove(call, sobject, row)
        return _done(row.id)

    return _all(call, wanted, write, whole=_whole(call, dict(call.request.query_params)))


async def read(call: Call) -> Response:
    """Return the records of `ids` with `fields`, in their order, null for those that there are not."""
    sobject = call.sobject()
    if call.request.method == "POST":
        body = await _body(call)
        wanted, fields = body.get("ids"), body.get("fields")
    else:
        wanted, fields = (call.request.query_params.get(name, "").split(",") for name in ("ids", "fields"))
    if not isinstance(wanted, list) or not isinstance(fields, list):
        raise ApiError(400, "JSON_PARSER_ERROR", "ids and fields must be lists")
    names = [visible(call, sobject, str(name)) for name in fields]
    return answer([_shown(call, sobject, str(record_id), names) for record_id in wanted])


def _shown(call: Call, sobject: SObject, record_id: str, names: Sequence[str]) -> Outcome | None:
    full = ids.canonical(record_id)
    row: Row | None = call.org.store.find(sobject.name, full) if full else None
    if row is None or row.deleted_at is not None or not call.org.access.sees(call.user_id, sobject, row):
        return None
    shown = {name: values.render(row.values.get(name), call.org.switches) for name in names}
    return {"attributes": attributes(sobject.name, row.id, call.base), **shown}


def _all(call: Call, given: Sequence[Any], write: Write, *, whole: bool) -> Response:
    """Write one after another; with `whole` nothing stays when one fails."""
    _measure(given)
    before = call.org.store.save() if whole else None
    outcomes = [_outcome(write, one) for one in given]
    if before and not all(outcome["success"] for outcome in outcomes):
        call.org.store.restore(before)
        outcomes = [outcome if not outcome["success"] else _rolled_back() for outcome in outcomes]
    return answer(outcomes)


def _measure(given: Sequence[Any]) -> None:
    # A-SALESFORCE-71: the limits are documented, these errors are not
    if len(given) > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
    kinds = [str(one.get("attributes", {}).get("type", "")).casefold() for one in given if isinstance(one, dict)]
    if sum(1 for _ in groupby(kinds)) > MOST_CHUNKS:
        message = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange the data"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def _outcome(write: Write, one: Any) -> Outcome:
    try:
        return write(one)
    except ApiError as error:
        return _failed(error.code, error.message, error.fields or ())


def _done(record_id: str) -> Outcome:
    return {"id": record_id, "success": True, "errors": []}


def _failed(code: str, message: str, fields: Sequence[str]) -> Outcome:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def _rolled_back() -> Outcome:
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return _failed("ALL_OR_NONE_OPERATION_ROLLED_BACK", message, ())


async def _body(call: Call) -> dict[str, Any]:
    return values.decode(await call.body())


def _records(body: dict[str, Any]) -> list[Any]:
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    return records


def _whole(call: Call, given: dict[str, Any]) -> bool:
    """Tell whether all is to be undone; a composite request that wants it overrules the collection inside it.

    See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-allornone.html
    """
    return call.whole or str(given.get("allOrNone", "")).casefold() == "true"


def _typed(call: Call, record: dict[str, Any]) -> SObject:
    told = record.get("attributes")
    name = told.get("type") if isinstance(told, dict) else None
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_TYPE", "Each object must contain an attributes map with a type", ())
    sobject = call.org.catalogue.find(name)
    if sobject is None:
        raise not_found()
    return sobject


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "attributes"}
