"""The metadata catalogue.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545129726.html (JSON schema) and
https://system.netsuite.com/help/helpcenter/en_US/APIs/REST_API_Browser/record/v1/2026.1/index.html (the fields)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from connectors.netsuite.sandbox.errors import ApiError
from connectors.netsuite.sandbox.gate import COLLECTION, Call, answer
from connectors.netsuite.sandbox.records import names
from connectors.netsuite.sandbox.schema import Column, Level, RecordType, Type

SCHEMA = "application/schema+json"
SWAGGER = "application/swagger+json"
PLACE = "/services/rest/record/v1/metadata-catalog"
DRAFT = "https://json-schema.org/draft-06/hyper-schema#"
_TYPES: dict[Type, dict[str, Any]] = {
    Type.NUMBER: {"type": "number", "format": "double"},
    Type.INTEGER: {"type": "integer", "format": "int64"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.DATETIME: {"type": "string", "format": "date-time"},
}
_ID = {"title": "Internal identifier", "type": "string"}
_NAME = {"title": "Reference Name", "type": "string"}
_LINKS = {"title": "Links", "type": "array", "readOnly": True, "items": {"$ref": f"{PLACE}/nsLink"}}
_EXTERNAL = {"title": "External identifier", "type": "string"}
_RESOURCE = {"id": _ID, "refName": _NAME, "externalId": _EXTERNAL, "links": _LINKS}
_SHARED = {
    "nslink": {
        "rel": {"title": "Relationship", "type": "string", "readOnly": True},
        "href": {"title": "Hypertext Reference", "type": "string", "readOnly": True},
    },
    "nsresource": _RESOURCE,
}
"""Schemas that belong to no record."""
_TARGETS = {"entity": "customer", "item": "inventoryItem", "unitstype": "unitsType", "unitstypeuom": "nsResource"}
"""The schema to which a reference leads, where its name is not that of the table."""


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
    shared = _SHARED.get(call.path("type").casefold())
    if shared is not None:
        return answer({"type": "object", "properties": shared, "$schema": DRAFT}, kind=SCHEMA)
    record = names.record_type(call, Level.VIEW)
    if SWAGGER in call.request.headers.get("accept", "*/*"):
        raise ApiError(501, "SANDBOX_UNSUPPORTED", "The sandbox describes records as JSON schema alone.")
    schema = _object(call, record, names.fields(call, record))
    schema["properties"] |= {"id": {"title": "Internal ID", "type": "string"}, "links": _LINKS}
    if record.sublist:
        lines = {"type": "array", "items": _object(call, record, names.line_fields(call, record))}
        schema["properties"][record.sublist.name] = {"type": "object", "properties": {"items": lines}}
    return answer(schema | {"$schema": DRAFT}, kind=SCHEMA)


def _entry(call: Call, record: RecordType) -> dict[str, Any]:
    href = f"{call.base}/record/v1/metadata-catalog/{record.name}"
    kinds = (("canonical", "application/json"), ("alternate", SWAGGER), ("alternate", SCHEMA))
    linked: list[dict[str, str]] = [{"rel": rel, "href": href, "mediaType": kind} for rel, kind in kinds]
    return {"name": record.name, "links": [*linked, {"rel": "describes", "href": href}]}


def _object(call: Call, record: RecordType, columns: Sequence[Column]) -> dict[str, Any]:
    """Return the schema of a record's own fields, or of those of its lines."""
    filterable = [column.rest for column in columns if not column.custom]
    shown = {column.rest: _property(call, record, column) for column in columns}
    return {"type": "object", "properties": shown, "x-ns-filterable": filterable}


def _property(call: Call, record: RecordType, column: Column) -> dict[str, Any]:
    if column.type is Type.CHOICE:
        shape: dict[str, Any] = {"type": "object", "properties": {"id": _ID | _codes(record, column), "refName": _NAME}}
    elif column.type is Type.REFERENCE and column.rest != "units":
        # A-NETSUITE-39: public clients have met both
        if call.account.switches.catalogue_references == "pointed_at":
            return {"$ref": f"{PLACE}/{_TARGETS.get(column.target, column.target)}"}
        shape = {"type": "object", "properties": _RESOURCE}
    else:
        shape = _TYPES.get(column.type, {"type": "string"}) | {"title": _title(column.rest)}
    custom = {"x-ns-custom-field": True} if column.custom else {}
    return shape | {"nullable": not column.required} | custom


def _codes(record: RecordType, column: Column) -> dict[str, list[str]]:
    """Return the values of a field with a fixed list, by their codes."""
    if not column.typed:
        return {"enum": list(column.choices)}
    return {"enum": [code.partition(":")[2] for code in column.choices if code.startswith(f"{record.code}:")]}


def _title(name: str) -> str:
    """Return a field's label, made from its name."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)
    return words[0].upper() + words[1:]
