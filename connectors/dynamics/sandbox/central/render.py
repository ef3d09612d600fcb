"""Resources in the form of JSON answers.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-connect-apps-tips
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.central.api import Call
from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.central.place import NOBODY, Place
from connectors.dynamics.sandbox.central.tables import PAGE_NAMES
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
}
"""What an empty value looks like: nothing is ever null."""


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
        values, trimmed = row.values, self._trimmed
        for column in self._columns:
            name = column.name
            shown[name] = row.id if name == "id" else plain(values.get(name, EMPTY.get(column.type)), trimmed=trimmed)
        for name, inner in self._expanded:
            shown[name] = self._related(name, inner, row)
        return shown

    def _inner(self, call: Call, name: str, options: Options) -> Printer:
        if options.filter:
            raise unsupported("$filter inside $expand")
        table = self.table.collections.get(name)
        target = table.table if table else PAGE_NAMES.get(f"{name}Id", "")
        if not target or (table is None and f"{name}Id" not in self.table.columns):
            raise unknown_property(name, self.table)
        return Printer(call, call.place.catalogue.get(target), options)

    def _related(self, name: str, inner: Printer, row: Row) -> Any:
        collected = self.table.collections.get(name)
        target = inner.table.name
        if collected is None:
            found = self._place.store.find(target, str(row.values.get(f"{name}Id", "")))
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
