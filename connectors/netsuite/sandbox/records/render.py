"""Records as JSON.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545141500.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.database import NAME
from connectors.netsuite.sandbox.schema import Column, RecordType, Row, Type

_WRITE: dict[Type, Callable[[Any], Any]] = {
    Type.BOOLEAN: lambda value: value == "T",
    Type.DATETIME: moments.iso,
    Type.NUMBER: lambda value: int(value) if float(value).is_integer() else value,
}
_TYPES = {"CustJob": "customer", "Vendor": "vendor", "Employee": "employee"}
_OF_TABLE = {"employee": "employee", "subsidiary": "subsidiary", "currency": "currency", "location": "location"}


def target(account: Account, table: str, found: Row) -> str:
    """Return the record type to which a reference leads, empty when it leads to no record of its own."""
    if table == "entity":
        return _TYPES.get(str(found.get("type")), "")
    if table == "transaction":
        return account.catalogue.of_code(str(found["type"])).name
    others = {"customer": "customer", "vendor": "vendor", "item": "inventoryItem", "unitstype": "unitsType"}
    return {**_OF_TABLE, **others}.get(table, "")


@dataclass(frozen=True, slots=True)
class Printer:
    """Writes records with links below `base`."""

    account: Account
    base: str

    def record(self, record: RecordType, row: Row, columns: Iterable[Column]) -> dict[str, Any]:
        """Return a record without its lines."""
        shown: dict[str, Any] = {"links": [self._self(f"{record.name}/{row['id']}")]}
        shown |= self._values(row, columns)
        return shown | {"id": str(row["id"]), "refName": row[NAME]}

    def sublist_link(self, record: RecordType, row: Row) -> dict[str, Any]:
        """Return the place of a record's lines."""
        name = record.sublist.name if record.sublist else ""
        return {"links": [self._self(f"{record.name}/{row['id']}/{name}")]}

    def lines(self, record: RecordType, row: Row, lines: list[Row], columns: Iterable[Column]) -> dict[str, Any]:
        """Return a record's lines."""
        items = [self.line(record, row, line, columns) for line in lines]
        counted = {"count": len(items), "hasMore": False, "offset": 0, "totalResults": len(items)}
        return {**self.sublist_link(record, row), **counted, "items": items}

    def line(self, record: RecordType, row: Row, line: Row, columns: Iterable[Column]) -> dict[str, Any]:
        """Return one line."""
        if record.sublist is None:
            return {}
        place = f"{record.name}/{row['id']}/{record.sublist.name}/{line[record.sublist.number]}"
        return {"links": [self._self(place)], **self._values(line, columns)}

    def _values(self, row: Row, columns: Iterable[Column]) -> dict[str, Any]:
        written = {column.rest: self._value(column, row) for column in columns}
        if self.account.switches.empty_fields == "null":
            return written
        return {name: value for name, value in written.items() if value is not None}

    def _value(self, column: Column, row: Row) -> Any:
        value = row[column.key]
        if value is None:
            return None
        if column.type is Type.REFERENCE:
            return self._reference(column, value)
        if column.type is Type.CHOICE:
            code = f"{row['type']}:{value}" if column.typed else str(value)
            name = column.choices.get(code, code).rpartition(" : ")[2]
            # A-NETSUITE-38: the schema says that it is a text, and not which
            named = column.typed and self.account.switches.status_id == "name"
            return {"id": name if named else str(value), "refName": name}
        return _WRITE.get(column.type, lambda plain: plain)(value)

    def _reference(self, column: Column, value: int) -> Any:
        table = self.account.catalogue.table(column.target)
        found = self.account.database.one(column.target, table.unique if table else "id", value) or {}
        if column.target == "unitstypeuom" and column.rest == "units":
            # A-NETSUITE-9: the schema says that it is a text, and not which
            return str(value) if self.account.switches.line_units == "id" else found.get(NAME)
        name = target(self.account, column.target, found)
        linked = [self._self(f"{name}/{value}")] if name else []
        return {"links": linked, "id": str(value), "refName": found.get(NAME, "")}

    def _self(self, path: str) -> dict[str, str]:
        return {"rel": "self", "href": f"{self.base}/record/v1/{path}"}
