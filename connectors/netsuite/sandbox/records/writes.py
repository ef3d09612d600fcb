"""Writing records: nothing is compared with what the writer had seen, because the vendor has no entity tags.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545142173.html,
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156335203191.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545295601.html
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.netsuite.sandbox import approvals
from connectors.netsuite.sandbox.errors import ApiError, bad_content
from connectors.netsuite.sandbox.gate import SINGULAR, Call, forbidden
from connectors.netsuite.sandbox.records import names
from connectors.netsuite.sandbox.records.accept import Reader, Strictness, strictness
from connectors.netsuite.sandbox.schema import Level, RecordType, Row
from connectors.netsuite.sandbox.store import Change

CONTEXT = "restwebservices"
NAMES = "X-NetSuite-PropertyNameValidation"
VALUES = "X-NetSuite-PropertyValueValidation"
WARNINGS = "X-NetSuite-Warnings"
"""A-NETSUITE-27: the page does not name the header of warnings."""


async def create(call: Call) -> Response:
    """Make a record and answer 204 with its place."""
    record = names.record_type(call, Level.CREATE)
    return _create(call, record, await call.json(), {})


async def update(call: Call) -> Response:
    """Change a record; what the body lacks stays as it is."""
    record = names.record_type(call, Level.EDIT)
    return _update(call, record, names.stored(call, record, to_read=False), await call.json())


async def upsert(call: Call) -> Response:
    """Make or change the record with an external id."""
    record = names.record_type(call, Level.EDIT)
    key = call.path("id")
    if not key.startswith(names.EXTERNAL):
        raise ApiError(400, "INVALID_REQUEST", "Upsert needs an external ID in the URL.", {"o:urlPath": key})
    if names.find(call, record, key) is None:
        if not call.caller.role.may(Level.CREATE, record):
            raise forbidden(call.account, record.label)
        return _create(call, record, await call.json(), {"externalid": key.removeprefix(names.EXTERNAL)})
    return _update(call, record, names.stored(call, record, to_read=False), await call.json())


async def delete(call: Call) -> Response:
    """Remove a record."""
    record = names.record_type(call, Level.FULL)
    row = names.stored(call, record, to_read=False)
    call.account.store.delete(record, row["id"], Change(call.caller.employee, context=CONTEXT))
    return Response(status_code=204)


def _create(call: Call, record: RecordType, body: Any, key: Row) -> Response:
    reader = _reader(call)
    values, lines = _read(call, record, reader, body)
    for column in names.fields(call, record):
        if column.required and values.get(column.key) is None:
            raise ApiError(400, "USER_ERROR", f"Please enter value(s) for: {column.rest}", {"o:errorPath": column.rest})
    values |= key
    _check_external(call, record, values, None)
    if record.code:
        # a new record is pending, whatever it says; to approve it is a change
        pending = approvals.code(call.account, "1")
        wanted = values.pop("approvalstatus", pending)
        values["approvalstatus"] = wanted
        approvals.decide(call.account, call.caller, record, {"approvalstatus": pending}, values)
    made = call.account.store.create(record, values, lines or [], Change(call.caller.employee, context=CONTEXT))
    return _done(call, record, made, reader)


def _update(call: Call, record: RecordType, row: Row, body: Any) -> Response:
    reader = _reader(call)
    values, lines = _read(call, record, reader, body)
    _check_external(call, record, values, row["id"])
    approvals.decide(call.account, call.caller, record, row, values)
    merged = None if lines is None else _merged(call, record, row, body, lines)
    change = Change(call.caller.employee, context=CONTEXT)
    call.account.store.update(record, row["id"], values, merged, change)
    return _done(call, record, row["id"], reader)


def _reader(call: Call) -> Reader:
    headers = call.request.headers
    return Reader(
        call.account,
        strictness(headers, NAMES, Strictness.WARNING),
        strictness(headers, VALUES, Strictness.ERROR),
    )


def _read(call: Call, record: RecordType, reader: Reader, body: Any) -> tuple[Row, list[Row] | None]:
    """Return the values of a body, and its lines where it has some."""
    if not isinstance(body, dict):
        raise bad_content("", "The request body is not a JSON object.")
    name = record.sublist.name.casefold() if record.sublist else ""
    fields = {key: value for key, value in body.items() if key.casefold() != name}
    values = reader.record(fields, names.fields(call, record))
    given = [value for key, value in body.items() if key.casefold() == name]
    return values, reader.lines(given[0], record, names.line_fields(call, record)) if given else None


def _merged(call: Call, record: RecordType, row: Row, body: dict[str, Any], lines: list[Row]) -> list[Row]:
    """Return all lines after a change: lines with a known number are changed, others are added.

    An empty sublist (null) and `replace` take away what the body does not name.
    """
    sublist = record.sublist
    if sublist is None:
        return []
    given = next(value for key, value in body.items() if key.casefold() == sublist.name.casefold())
    cleared = given is None or (isinstance(given, dict) and given.get("items") is None)
    replaced = sublist.name in call.request.query_params.get("replace", "").split(",")
    before = [] if cleared else call.account.store.lines(record, row["id"])
    # A-NETSUITE-31: no page names the key of these lines
    changes = {line[sublist.number]: line for line in lines if line.get(sublist.number)}
    kept = [one for one in before if not replaced or one[sublist.number] in changes]
    known = {one[sublist.number] for one in kept}
    return [
        *({**one, **changes.get(one[sublist.number], {})} for one in kept),
        *(line for line in lines if line.get(sublist.number) not in known),
    ]


def _check_external(call: Call, record: RecordType, values: Row, own: int | None) -> None:
    wanted = values.get("externalid")
    found = call.account.store.by_external(record, wanted) if wanted else None
    if found is not None and found["id"] != own:
        # A-NETSUITE-32: no page shows this error
        text = (
            "This entity already exists." if record.table in {"customer", "vendor"} else "This record already exists."
        )
        raise ApiError(400, "DUP_RCRD", text, {"o:errorPath": "externalId"})


def _done(call: Call, record: RecordType, record_id: int, reader: Reader) -> Response:
    headers = {"location": f"{call.base}/record/v1/{record.name}/{record_id}"}
    if reader.warnings:
        headers[WARNINGS.lower()] = "; ".join(reader.warnings)
    return Response(status_code=204, headers=headers, media_type=SINGULAR)
