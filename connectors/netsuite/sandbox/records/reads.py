"""Reading records: one, with its lines, or a list of ids.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545141500.html,
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1540810951.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_159894563219.html
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.netsuite.sandbox.database import quoted
from connectors.netsuite.sandbox.database import stored as stored_table
from connectors.netsuite.sandbox.errors import ApiError, bad_parameter, no_record
from connectors.netsuite.sandbox.gate import COLLECTION, Call, answer, links
from connectors.netsuite.sandbox.records import filters, names
from connectors.netsuite.sandbox.records.render import Printer, target
from connectors.netsuite.sandbox.schema import Level, RecordType, Row, Type


async def read(call: Call) -> Response:
    """Return one record; with `expandSubResources=true` its lines too, with `fields` some of its fields."""
    record = names.record_type(call, Level.VIEW)
    row = names.stored(call, record, to_read=True)
    printer = Printer(call.account, call.base)
    columns = names.fields(call, record)
    wanted = call.request.query_params.get("fields")
    if wanted is not None:
        chosen = {name.strip().casefold() for name in wanted.split(",")}
        known = {column.rest.casefold() for column in columns} | {"id", "refname"}
        if unknown := chosen - known:
            raise bad_parameter("fields", f"Invalid field name {min(unknown)}.")
        columns = [column for column in columns if column.rest.casefold() in chosen]
        return answer(printer.record(record, row, columns))
    shown = printer.record(record, row, columns)
    if record.sublist:
        expand = call.request.query_params.get("expandSubResources", "false").casefold() == "true"
        shown[record.sublist.name] = _lines(call, record, row) if expand else printer.sublist_link(record, row)
    return answer(shown)


async def listed(call: Call) -> Response:
    """Return one page of ids and links."""
    record = names.record_type(call, Level.VIEW)
    if record.name in call.account.settings.unlistable:
        raise ApiError(405, "INVALID_METHOD", f"The record type {record.name} does not support the list operation.")
    limit, offset = call.paging()
    where, values = _conditions(call, record)
    parts = ("FROM", stored_table(record.table), "WHERE", where)
    database = call.account.database
    total = min(
        int(database.run("SELECT COUNT(*)", *parts, values=values).fetchone()[0]), call.account.settings.ceiling
    )
    page = database.run("SELECT id", *parts, "ORDER BY id LIMIT ? OFFSET ?", values=(*values, limit, offset))
    base = f"{call.base}/record/v1/{record.name}"
    items = [{"links": [{"rel": "self", "href": f"{base}/{row[0]}"}], "id": str(row[0])} for row in page]
    query = {k: v for k, v in call.request.query_params.items() if k == "q"}
    return answer(
        {
            "links": links(base, limit, offset, total, query),
            "items": items,
            "count": len(items),
            "offset": offset,
            "hasMore": offset + len(items) < total,
            "totalResults": total,
        },
        kind=COLLECTION,
    )


async def part(call: Call) -> Response:
    """Return the lines of a record, or the record to which one of its fields refers."""
    record = names.record_type(call, Level.VIEW)
    row = names.stored(call, record, to_read=True)
    name = call.path("part")
    if record.sublist and name.casefold() == record.sublist.name.casefold():
        return answer(_lines(call, record, row), kind=COLLECTION)
    column = next((c for c in names.fields(call, record) if c.rest.casefold() == name.casefold()), None)
    if column is None or column.type is not Type.REFERENCE or row[column.key] is None:
        raise no_record()
    found = call.account.database.one(column.target, "id", row[column.key]) or {}
    other = call.account.catalogue.record(target(call.account, column.target, found))
    behind = call.account.store.find(other, row[column.key]) if other else None
    if other is None or behind is None or not call.caller.role.may(Level.VIEW, other):
        raise no_record()
    return answer(Printer(call.account, call.base).record(other, behind, names.fields(call, other)))


async def line(call: Call) -> Response:
    """Return one line of a record."""
    record = names.record_type(call, Level.VIEW)
    row = names.stored(call, record, to_read=True)
    sublist = record.sublist
    if sublist is None or call.path("part").casefold() != sublist.name.casefold():
        raise no_record()
    lines = call.account.store.lines(record, row["id"])
    found = next((one for one in lines if str(one[sublist.number]) == call.path("line")), None)
    if found is None:
        raise no_record()
    return answer(Printer(call.account, call.base).line(record, row, found, names.line_fields(call, record)))


def _lines(call: Call, record: RecordType, row: Row) -> dict[str, Any]:
    lines = call.account.store.lines(record, row["id"])
    return Printer(call.account, call.base).lines(record, row, lines, names.line_fields(call, record))


def _conditions(call: Call, record: RecordType) -> tuple[str, tuple[Any, ...]]:
    conditions, values = ["1"], []
    if record.code:
        conditions.append("type = ?")
        values.append(record.code)
    role = call.caller.role
    if role.confined is not None and any(c.key == "subsidiary" for c in call.account.catalogue.fields(record)):
        allowed = ", ".join(str(one) for one in sorted(role.confined))
        conditions.append(f"({quoted('subsidiary')} IS NULL OR {quoted('subsidiary')} IN ({allowed}))")
    text = call.request.query_params.get("q", "").strip()
    if text:
        seen = {column.rest.casefold(): column for column in names.fields(call, record)}
        words = filters.Words(
            lambda name: seen.get(name.casefold()), call.account.settings.date_format, call.account.user_zone
        )
        found = filters.parse(text, words)
        conditions.append(found.sql)
        values += found.values
    return " AND ".join(conditions), tuple(values)
