"""What every way of writing shares: permissions, locks, and finding a record by another system's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.salesforce.sandbox import ids, values
from connectors.salesforce.sandbox.access import Level
from connectors.salesforce.sandbox.errors import ApiError, not_found
from connectors.salesforce.sandbox.gate import Call
from connectors.salesforce.sandbox.schema import Field, SObject
from connectors.salesforce.sandbox.store import Change, Row

Given = Mapping[str, Any]


class Ambiguous(Exception):
    """Several records have the key that was given."""

    def __init__(self, rows: list[Row]) -> None:
        super().__init__(f"{len(rows)} records")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Upserted:
    """The record that an upsert wrote, and whether it is new."""

    id: str
    created: bool


def insert(call: Call, sobject: SObject, given: Given) -> str:
    """Make a record and return its id. Raises `ApiError`."""
    if not sobject.createable:
        raise _no_operation(sobject, "create")
    return call.org.store.create(sobject, _accept(call, sobject, given, creating=True), Change(call.user_id))


def change(call: Call, sobject: SObject, row: Row, given: Given) -> None:
    """Change a record. Raises `ApiError`."""
    if not sobject.updateable:
        raise _no_operation(sobject, "update")
    typed = _accept(call, sobject, given, creating=False)
    _permit(call, sobject, row, Level.EDIT)
    call.org.store.update(sobject, row.id, typed, Change(call.user_id))


def remove(call: Call, sobject: SObject, row: Row) -> None:
    """Put a record into the recycle bin. Raises `ApiError`."""
    if not sobject.deletable:
        raise _no_operation(sobject, "delete")
    _permit(call, sobject, row, Level.DELETE)
    call.org.store.delete(sobject, row.id, Change(call.user_id))


def upsert(call: Call, sobject: SObject, key: Field, value: str, given: Given) -> Upserted:
    """Change the record with this key, or make one. Raises `ApiError`, or `Ambiguous`."""
    if any(name.casefold() in {key.name.casefold(), "id"} for name in given):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message)
    row = find_by_key(call, sobject, key, value)
    if row is None:
        return Upserted(insert(call, sobject, {**given, key.name: value}), created=True)
    change(call, sobject, row, given)
    return Upserted(row.id, created=False)


def find_by_key(call: Call, sobject: SObject, key: Field, value: str) -> Row | None:
    """Return the record with this key, None when there is none. Raises `Ambiguous`."""
    rows = [
        row
        for row in call.view.rows(sobject)
        if row.deleted_at is None and str(row.values.get(key.name) or "").casefold() == value.casefold()
    ]
    if len(rows) > 1:
        raise Ambiguous(rows)
    return rows[0] if rows else None


def external_key(call: Call, sobject: SObject, name: str) -> Field:
    """Return the field that holds another system's key. Raises `ApiError` 404."""
    field = call.view.field(sobject, name)
    if field is None or not field.external_id:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def find(call: Call, sobject: SObject, given: str) -> Row:
    """Return the record of this id, in 15 or 18 characters. Raises `ApiError` 404."""
    full = ids.canonical(given)
    row = call.org.store.find(sobject.name, full) if full and sobject.stored else None
    if row is None or not call.org.access.sees(call.user_id, sobject, row):
        if full is not None and full.startswith(sobject.prefix):
            raise not_found()
        raise not_found(f"Provided external ID field does not exist or is not accessible: {given}")
    if row.deleted_at is not None:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    return row


def _accept(call: Call, sobject: SObject, given: Given, *, creating: bool) -> dict[str, Any]:
    hidden, fixed = call.hidden(sobject), call.org.access.fixed(call.user_id, sobject)
    return values.accept(sobject, given, values.Limits(hidden, fixed), creating=creating)


def _permit(call: Call, sobject: SObject, row: Row, needed: Level) -> None:
    if not call.org.access.level(call.user_id, sobject, row.id).allows(needed):
        # A-SALESFORCE-65: both statuses are reported
        status = call.org.switches.insufficient_access_status
        raise ApiError(status, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", ())
    if call.org.approvals.locks(row.id) and not call.org.access.is_admin(call.user_id):
        raise ApiError(400, "ENTITY_IS_LOCKED", "the entity is locked for editing", ())


def _no_operation(sobject: SObject, operation: str) -> ApiError:
    message = f"entity type {sobject.name} does not support {operation}"
    return ApiError(400, "INVALID_TYPE_FOR_OPERATION", message, ())
