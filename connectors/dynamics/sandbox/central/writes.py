"""Writing records: numbers, totals, what a line does to its document."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.central.enums import member
from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.central.place import NOBODY, Place
from connectors.dynamics.sandbox.central.render import empty, lines_of, unknown_property
from connectors.dynamics.sandbox.central.tables import COMPANY, PREFIXES
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Column, Table, Type
from connectors.dynamics.sandbox.store import Change, Locked, Row

_CENTS = Decimal("0.01")


def accept(table: Table, given: Mapping[str, Any], *, every: bool = False) -> dict[str, Any]:
    """Return what a writer sent, typed; with `every` also what clients may not write. Raises `Refusal` 400."""
    accepted: dict[str, Any] = {}
    for name, value in given.items():
        if "@" in name:
            continue
        column = table.columns.get(name)
        if column is None:
            raise unknown_property(name, table)
        if not column.writable and not every:
            raise refuse(400, "BadRequest_InvalidOperation", f"Control '{name}' is read-only.")
        accepted[name] = typed(column, value)
    return accepted


def insert(place: Place, table: Table, company: str, given: Mapping[str, Any], by: Change) -> Row:
    """Make a record of a company from typed values. Raises `Refusal`."""
    row_id = str(given.get("id") or uuid.uuid4())
    values: dict[str, Any] = {name: empty(column) for name, column in table.columns.items()}
    values |= given
    values |= {"id": row_id, COMPANY: company}
    if "number" in values and not values["number"]:
        values["number"] = _next_number(place, table)
    if "status" in values and not given.get("status"):
        values["status"] = "Draft" if table.collections else values["status"]
    if table.parent:
        _check_document(place, table, values)
        if not values["sequence"]:
            values["sequence"] = 10_000 * (len(place.store.lines(table.name, str(values["documentId"]))) + 1)
    return _write(place, table, Row(row_id, values, 0), given, by)


def change(place: Place, table: Table, row: Row, given: Mapping[str, Any], by: Change) -> Row:
    """Change a record by typed values. Raises `Refusal`."""
    present = _present(place, table, row.id, by) or row
    return _write(place, table, present, given, by)


def remove(place: Place, table: Table, row: Row, by: Change) -> None:
    """Delete a record, with its lines; nothing but a notification tells of it. Raises `Refusal`."""
    _present(place, table, row.id, by)
    for collected in table.collections.values():
        lines = place.catalogue.get(collected.table)
        for line in list(lines_of(place, lines.name, row.id)):
            place.store.delete(lines, line.id, by)
    place.store.delete(table, row.id, by)
    if "netAmount" in table.columns:
        _total(place, table, str(row.values["documentId"]), by)


def _present(place: Place, table: Table, row_id: str, by: Change) -> Row | None:
    try:
        return place.store.present(table.name, row_id, by)
    except Locked as error:
        message = "We can't save your changes right now, because a record in the table is being updated in a transaction done by another session."
        raise refuse(409, "Internal_RecordLocked", message) from error


def _write(place: Place, table: Table, row: Row, given: Mapping[str, Any], by: Change) -> Row:
    _present(place, table, row.id, by)
    values = {**row.values, **given}
    if "lastModifiedDateTime" in table.columns:
        values["lastModifiedDateTime"] = by.at
    _settle_names(place, values, given)
    if "netAmount" in table.columns:
        _settle_line(values)
    written = place.store.write(table, row.id, values, given, by)
    if "netAmount" in table.columns:
        _total(place, table, str(values["documentId"]), by)
    return written


def _settle_names(place: Place, values: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Fill in what follows from a customer, a vendor, an item or a currency that was given by id or by number."""
    for kind, table, name in (("customer", "customers", "displayName"), ("vendor", "vendors", "displayName")):
        if f"{kind}Id" in given or f"{kind}Number" in given:
            found = _named(place, table, values, f"{kind}Id" if f"{kind}Id" in given else f"{kind}Number")
            values |= {
                f"{kind}Id": found.id,
                f"{kind}Number": found.values.get("number"),
                f"{kind}Name": found.values.get(name),
            }
    if values.get("currencyCode") and values["currencyCode"] == place.local_currency(str(values[COMPANY])):
        values |= {"currencyCode": "", "currencyId": NOBODY} if "currencyId" in values else {}
    for code, key, table in (
        ("currencyCode", "currencyId", "currencies"),
        ("unitOfMeasureCode", "unitOfMeasureId", "unitsOfMeasure"),
        ("baseUnitOfMeasureCode", "baseUnitOfMeasureId", "unitsOfMeasure"),
    ):
        if given.get(code) and values[code] and key in values and key not in given:
            wanted = (given[code], values[COMPANY])
            rows = place.store.rows(table)
            values[key] = next((r.id for r in rows if (r.values["code"], r.values[COMPANY]) == wanted), NOBODY)


def _named(place: Place, table: str, values: Mapping[str, Any], key: str) -> Row:
    wanted = values[key]
    rows = [row for row in place.store.rows(table) if row.values[COMPANY] == values[COMPANY]]
    found = next((r for r in rows if wanted in {r.id, r.values.get("number")}), None)
    if found is None:
        message = f"The field {key} contains a value ({wanted}) that cannot be found in the related table."
        raise refuse(400, "Internal_InvalidTableRelation", message)
    return found


def _settle_line(values: dict[str, Any]) -> None:
    price = next((_amount(values, n) for n in ("unitPrice", "directUnitCost", "unitCost") if n in values), Decimal(0))
    whole = _amount(values, "quantity") * price * (1 - _amount(values, "discountPercent") / 100)
    net = whole.quantize(_CENTS, ROUND_HALF_UP)
    tax = (net * _amount(values, "taxPercent") / 100).quantize(_CENTS, ROUND_HALF_UP)
    values |= {"amountExcludingTax": net, "netAmount": net, "totalTaxAmount": tax, "amountIncludingTax": net + tax}
    values |= {"netTaxAmount": tax, "netAmountIncludingTax": net + tax}


def _amount(values: Mapping[str, Any], name: str) -> Decimal:
    """Return a number of a line; a column that an administrator made something else counts as nothing."""
    value = values.get(name)
    return value if isinstance(value, Decimal) else Decimal(0)


def _total(place: Place, table: Table, document: str, by: Change) -> None:
    """Bring a document's totals in line with its lines."""
    parent = place.catalogue.get(table.parent)
    header = place.store.find(parent.name, document)
    if header is None or by.transaction:
        return
    lines = place.store.lines(table.name, document)
    net = sum((line.values["netAmount"] for line in lines), Decimal(0))
    tax = sum((line.values["totalTaxAmount"] for line in lines), Decimal(0))
    totals = {"totalAmountExcludingTax": net, "totalTaxAmount": tax, "totalAmountIncludingTax": net + tax}
    # A-DYNAMICS-15: no page says whether a line touches the times of its document
    if place.switches.line_moves_header:
        values = {**header.values, **totals, "lastModifiedDateTime": by.at}
        place.store.write(parent, document, values, totals, by)
    else:
        place.store.amend(parent.name, Row(document, {**header.values, **totals}, header.version))


def _check_document(place: Place, table: Table, values: Mapping[str, Any]) -> None:
    if place.store.find(table.parent, str(values.get("documentId"))) is None:
        raise refuse(400, "Application_DialogException", "You must specify a document id to get or create a line.")


def _next_number(place: Place, table: Table) -> str:
    return f"{PREFIXES.get(table.name, '')}{len(place.store.rows(table.name)) + 1001:05d}"


def typed(column: Column, value: Any) -> Any:
    """Return one value typed. Raises `Refusal` 400."""
    if value is None:
        return empty(column)
    try:
        if column.shared:
            return member(column.shared, _text(value))
        return _READERS[column.type](value)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise _unreadable(column, value) from error


def _unreadable(column: Column, value: Any) -> Refusal:
    message = f"Cannot convert the value '{value}' of '{column.name}' to {column.type}."
    return refuse(400, "BadRequest", message)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: Any) -> Decimal:
    number = Decimal(value)
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(value)
    return number.quantize(Decimal("0.00001"), ROUND_HALF_UP)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


_READERS: Mapping[Type, Callable[[Any], Any]] = {
    Type.TEXT: _text,
    Type.ID: lambda value: str(uuid.UUID(_text(value))),
    Type.BOOLEAN: _boolean,
    Type.INTEGER: int,
    Type.DECIMAL: _number,
    Type.DATE: lambda value: date.fromisoformat(value[:10]),
    Type.MOMENT: moments.parse,
}
