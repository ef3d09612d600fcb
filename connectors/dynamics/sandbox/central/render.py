"""Resources in the form of JSON answers.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-connect-apps-tips
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.central.api import Call
from connectors.dynamics.sandbox.central.enums import ENUMS, escaped
from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.central.place import NOBODY, Place
from connectors.dynamics.sandbox.central.tables import COMPANY, NAVIGATIONS
from connectors.dynamics.sandbox.odata.options import Options
from connectors.dynamics.sandbox.refusal import Refusal, unsupported
from connectors.dynamics.sandbox.schema import Column, Table, Type
from connectors.dynamics.sandbox.store import Row

EMPTY = {
    Type.TEXT: "",
    Type.DATE: date(1, 1, 1),
    Type.ID: NOBODY,
    Type.DECIMAL: Decimal(0),
    Type.INTEGER: 0,
    Type.BOOLEAN: False,
    Type.MOMENT: datetime(1, 1, 1, tzinfo=UTC),
}
"""What an empty value looks like: nothing is ever null."""


def empty(column: Column) -> Any:
    """Return the empty value of a column; that of an enumeration is its first member."""
    return ENUMS[column.shared][0] if column.shared else EMPTY.get(column.type)


def value_of(place: Place, table: Table, column: Column, row: Row) -> Any:
    """Return the value that clients see: members by their names, amounts with the code of the local currency."""
    if column.name == "id":
        return row.id
    value = row.values.get(column.name, empty(column))
    # A-DYNAMICS-28: the pages write some members as identifiers, others as they are
    if column.shared and place.switches.enum_names == "escaped":
        return escaped(value)
    # A-DYNAMICS-30: samples have the company's own currency beside an id of zeros
    if value == "" and column.name == "currencyCode" and "currencyId" in table.columns:
        return place.local_currency(str(row.values[COMPANY])) if place.switches.local_currency == "code" else ""
    return value


def etag(row: Row) -> str:
    """Return the ETag of a row; it says nothing to anybody."""
    inner = base64.b64encode(f"19;{row.version * 7_919_203};1;00;".encode()).decode()
    return f'W/"{inner}"'


def unknown_property(name: str, table: Table) -> Refusal:
    """Return the refusal of a name that is no property."""
    message = f"Could not find a property named '{name}' on type 'Microsoft.NAV.{table.name}'."
    return refuse(400, "BadRequest", message)


def plain(value: Any, *, trimmed: bool = False) -> Any:
    """Return a stored value as JSON has it."""
    if isinstance(value, datetime):
        return moments.in_milliseconds(value, trimmed=trimmed)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return Decimal(f"{value.normalize():f}")
    return value


class Printer:
    """Prints rows of one resource for one call."""

    def __init__(self, call: Call, table: Table, options: Options) -> None:
        """Prepare what is asked for. Raises `Refusal` 400 for unknown properties."""
        self.table = table
        self._place: Place = call.place
        self._trimmed = call.place.switches.trimmed_fraction
        self._columns = _chosen(table, options.select)
        self._expanded = [(one.name, self._inner(call, one.name, one.options)) for one in options.expand]

    def entity(self, row: Row) -> dict[str, Any]:
        """Return a row."""
        shown: dict[str, Any] = {"@odata.etag": etag(row)}
        for column in self._columns:
            shown[column.name] = plain(value_of(self._place, self.table, column, row), trimmed=self._trimmed)
        for name, inner in self._expanded:
            shown[name] = self._related(name, inner, row)
        return shown

    def _inner(self, call: Call, name: str, options: Options) -> Printer:
        if options.filter:
            raise unsupported("$filter inside $expand")
        table = self.table.collections.get(name)
        target, column = (table.table, "") if table else self._single(name)
        if not target or (not table and not column):
            raise unknown_property(name, self.table)
        return Printer(call, call.place.catalogue.get(target), options)

    def _single(self, name: str) -> tuple[str, str]:
        """Return where a single-valued navigation leads, and by which column."""
        target, columns = NAVIGATIONS.get(name, ("", ()))
        return target, next((column for column in columns if column in self.table.columns), "")

    def _related(self, name: str, inner: Printer, row: Row) -> Any:
        collected = self.table.collections.get(name)
        target = inner.table.name
        if collected is None:
            found = self._place.store.find(target, str(row.values.get(self._single(name)[1], "")))
            return inner.entity(found) if found else None
        return [inner.entity(line) for line in lines_of(self._place, target, row.id)]


def lines_of(place: Place, table: str, document: str) -> Sequence[Row]:
    """Return the lines of a document, in order."""
    return sorted(place.store.lines(table, document), key=_sequence)


def _sequence(row: Row) -> int:
    return int(row.values["sequence"])


def _chosen(table: Table, select: Sequence[str]) -> Sequence[Column]:
    unknown = [name for name in select if name not in table.columns]
    if unknown:
        raise unknown_property(unknown[0], table)
    return [table.columns[name] for name in select] if select else list(table.columns.values())
