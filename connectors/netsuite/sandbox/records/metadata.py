"""The metadata catalogue.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540810168.html
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from connectors.netsuite.sandbox.errors import ApiError
from connectors.netsuite.sandbox.gate import COLLECTION, Call, answer
from connectors.netsuite.sandbox.records import names
from connectors.netsuite.sandbox.schema import Column, Level, RecordType, Type

SCHEMA = "application/schema+json"
SWAGGER = "application/swagger+json"
_TYPES: dict[Type, dict[str, Any]] = {
    Type.NUMBER: {"type": "number", "format": "double"},
    Type.INTEGER: {"type": "integer", "format": "int64"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.DATETIME: {"type": "string", "format": "date-time"},
}
_REFERENCE = {"id": {"type": "string"}, "refName": {"type": "string"}, "externalId": {"type": "string"}}


async def listed(call: Call) -> Response:
    """Return the types that the role may read; `select` names some."""
    await asyncio.sleep(call.account.settings.catalogue_seconds)
    records = [r for r in call.account.catalogue.records() if call.caller.role.may(Level.VIEW, r)]
    wanted = call.request.query_params.get("select")
    if wanted is not None:
        chosen = {name.casefold() for name in wanted.split(",")}
        if chosen - {record.name.casefold() for record in records}:
            text = "The request could not be understood by the server due to malformed syntax."
            raise ApiError(400, "INVALID_REQUEST", text)
        records = [record for record in records if record.name.casefold() in chosen]
    return answer({"items": [_entry(call, record) for record in records]}, kind=COLLECTION)


async def one(call: Call) -> Response:
    """Return the JSON schema of a type."""
    await asyncio.sleep(call.account.settings.catalogue_seconds)
    record = names.record_type(call, Level.VIEW)
    accepted = call.request.headers.get("accept", "*/*")
    if SWAGGER in accepted:
        raise ApiError(501, "SANDBOX_UNSUPPORTED", "The sandbox describes records as JSON schema alone.")
    properties = {column.rest: _property(column) for column in names.fields(call, record)}
    properties |= {"id": {"type": "string"}, "links": {"type": "array", "readOnly": True}}
    if record.sublist:
        items = {column.rest: _property(column) for column in names.line_fields(call, record)}
        lines = {"type": "array", "items": {"type": "object", "properties": items}}
        properties[record.sublist.name] = {"type": "object", "properties": {"items": lines}}
    schema = {"type": "object", "properties": properties, "$schema": "http://json-schema.org/draft-06/hyper-schema#"}
    return answer(schema, kind=SCHEMA)


def _entry(call: Call, record: RecordType) -> dict[str, Any]:
    href = f"{call.base}/record/v1/metadata-catalog/{record.name}"
    kinds = {"canonical": "application/json", "describes": SCHEMA}
    linked: list[dict[str, str]] = [{"rel": rel, "href": href, "mediaType": kind} for rel, kind in kinds.items()]
    return {"name": record.name, "links": linked}


def _property(column: Column) -> dict[str, Any]:
    if column.type in {Type.REFERENCE, Type.CHOICE} and column.rest != "units":
        shape: dict[str, Any] = {"type": "object", "properties": _REFERENCE}
    else:
        shape = dict(_TYPES.get(column.type, {"type": "string"}))
    return shape | {"title": column.rest, "nullable": not column.required, "x-ns-filterable": True}
