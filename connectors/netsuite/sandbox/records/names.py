"""What a request names: a type of record, a record, a field."""

from __future__ import annotations

from connectors.netsuite.sandbox.errors import ApiError, no_record, user_error
from connectors.netsuite.sandbox.gate import Call, forbidden
from connectors.netsuite.sandbox.schema import Column, Level, RecordType, Row

EXTERNAL = "eid:"
LOCKED = "This record has been locked by a user defined workflow."


def record_type(call: Call, level: Level) -> RecordType:
    """Return the type that the path names. Raises `ApiError` 404 or for a lack of permission."""
    name = call.path("type")
    found = call.account.catalogue.record(name)
    if found is None:
        raise ApiError(404, "INVALID_RECORD_TYPE", f"Record type '{name}' does not exist.", {"o:urlPath": name})
    if not call.caller.role.may(level, found):
        raise forbidden(call.account, found.label)
    return found


def stored(call: Call, record: RecordType, *, to_read: bool) -> Row:
    """Return the record that the path names. Raises `ApiError` 404, or 400 for one that a workflow locked."""
    row = find(call, record, call.path("id"))
    if row is None:
        raise no_record()
    # A-NETSUITE-22: people report that even reading is refused
    readable = to_read and call.account.switches.locked_reads == "readable"
    if (record.name, row["id"]) in call.account.locked and not readable:
        raise user_error(LOCKED)
    return row


def find(call: Call, record: RecordType, key: str) -> Row | None:
    """Find a record by its id, or by `eid:` and its external id, among those that the role reaches."""
    store = call.account.store
    row = None
    if key.startswith(EXTERNAL):
        row = store.by_external(record, key.removeprefix(EXTERNAL))
    elif key.isdecimal():
        row = store.find(record, int(key))
    return row if row is not None and call.caller.role.reaches(row) else None


def fields(call: Call, record: RecordType) -> list[Column]:
    """Return the fields of a record that the role sees."""
    columns = call.account.catalogue.fields(record)
    return [column for column in columns if call.caller.role.sees(record.table, column)]


def line_fields(call: Call, record: RecordType) -> list[Column]:
    """Return the fields of a record's lines that the role sees."""
    table = call.account.catalogue.table(record.sublist.table) if record.sublist else None
    if table is None:
        return []
    return [column for column in table.columns if column.rest and call.caller.role.sees(table.name, column)]
