"""Rows in the form of JSON answers, with what else a client asked for beside them.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-data-web-api
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.dataverse.access import Right
from connectors.dynamics.sandbox.dataverse.api import Call
from connectors.dynamics.sandbox.dataverse.lookups import links_of, many_to_many
from connectors.dynamics.sandbox.odata.options import Expand, Options
from connectors.dynamics.sandbox.refusal import Refusal, unsupported
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, Column, Ref, Table, Type
from connectors.dynamics.sandbox.store import Row, Store

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
MOST_EXPANDED = 5000
_FOUR = Decimal("0.0001")


def etag(row: Row) -> str:
    """Return the ETag of a row."""
    return f'W/"{row.version}"'


def unknown_property(name: str, table: Table) -> Refusal:
    """Return the refusal of a name that is no property."""
    message = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table.name}'."
    return Refusal(400, "0x80060888", message)


def plain(value: Any, column: Column, *, digits: str = "four") -> Any:
    """Return a stored value as JSON has it."""
    if value is None or column.type is Type.BOOLEAN:
        return value
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, datetime):
        return moments.in_seconds(value)
    if isinstance(value, date):
        return value.isoformat()
    if column.type is Type.MONEY and digits == "four":
        # A-DYNAMICS-12: the samples of the pages have four decimal places
        return value.quantize(_FOUR)
    return value


def formatted(value: Any, column: Column, row: Row, store: Store) -> str | None:
    """Return a value as an English user reads it; None for what has no such form."""
    if value is None:
        return None
    if column.type in CHOICES:
        return column.options.get(value)
    if isinstance(value, Ref):
        return name_of(store, value)
    if column.type is Type.MONEY:
        return f"{_symbol(row, store)}{value:,.2f}"
    return next((write(value) for kind, write in _WRITTEN if isinstance(value, kind)), None)


_WRITTEN: Sequence[tuple[type, Callable[[Any], str]]] = (
    (bool, lambda value: "Yes" if value else "No"),
    (datetime, lambda value: f"{value:%-m/%-d/%Y %-I:%M %p}"),
    (date, lambda value: f"{value:%-m/%-d/%Y}"),
    (int, lambda value: f"{value:,}"),
    (Decimal, lambda value: f"{value:,}"),
)


def name_of(store: Store, ref: Ref) -> str | None:
    """Return the name of the row to which a look-up leads."""
    found = store.find(ref.table, ref.id)
    if found is None:
        return None
    return next((str(found.values[n]) for n in NAME_COLUMNS if found.values.get(n) is not None), None)


NAME_COLUMNS = ("fullname", "name", "currencyname", "title", "salesorderdetailname", "quotedetailname")


def _symbol(row: Row, store: Store) -> str:
    ref = row.values.get("transactioncurrencyid")
    found = store.find(ref.table, ref.id) if isinstance(ref, Ref) else None
    return str(found.values.get("currencysymbol") or "") if found else ""


@dataclass(frozen=True, slots=True)
class Expanded:
    """One navigation of `$expand`: how to find its rows (without a `column`, by links), and how to print them."""

    name: str
    printer: Printer
    column: str
    one: bool
    query: str


class Printer:
    """Prints rows of one table for one call."""

    def __init__(self, call: Call, table: Table, options: Options, *, nested: bool = False) -> None:
        """Prepare what is asked for. Raises `Refusal` 400 for unknown properties."""
        self._call = call
        self.table = table
        self._nested = nested
        self._store = call.org.store
        self._digits = call.org.switches.money_digits
        prefer = call.prefer
        self._formatted = prefer.annotated(FORMATTED)
        self._logical = prefer.annotated(LOGICAL_NAME)
        self._navigation = prefer.annotated(NAVIGATION)
        self._hidden = call.org.access.hidden(call.caller, table)
        self._columns = self._chosen(options.select)
        self._groups: dict[str, Mapping[str, Sequence[Row]]] = {}
        self._expanded = [self._expand(one) for one in options.expand]

    def context(self, select: Sequence[str], expand: Iterable[Expand] = ()) -> str:
        """Return the fragment of the context address."""
        inner = [*select, *(f"{one.name}({','.join(one.options.select)})" for one in expand)]
        listed = f"({','.join(inner)})" if inner else ""
        return f"{self._call.root}/$metadata#{self.table.set_name}{listed}"

    def entity(self, row: Row) -> dict[str, Any]:
        """Return a row."""
        shown: dict[str, Any] = {} if self._nested else {"@odata.etag": etag(row)}
        values, id_name, digits = row.values, self.table.id_name, self._digits
        annotated = self._formatted or self._logical or self._navigation
        for column in self._columns:
            name = column.property
            if name == id_name:
                shown[name] = row.id
                continue
            value = row.version if name == "versionnumber" else values.get(column.name)
            if self._hidden and column.name in self._hidden:
                value = None
            elif annotated and value is not None:
                shown.update(self._notes(column, value, row))
            shown[name] = plain(value, column, digits=digits)
        for expanded in self._expanded:
            shown |= self._related(expanded, row)
        return shown

    def _notes(self, column: Column, value: Any, row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._formatted and (text := formatted(value, column, row, self._store)) is not None:
            found[f"{column.property}@{FORMATTED}"] = text
        if isinstance(value, Ref):
            if self._logical:
                found[f"{column.property}@{LOGICAL_NAME}"] = value.table
            if self._navigation and column.type in LOOKUPS:
                alone = len(column.targets) == 1 or column.type is Type.OWNER
                found[f"{column.property}@{NAVIGATION}"] = column.name if alone else f"{column.name}_{value.table}"
        return found

    def _chosen(self, select: Sequence[str]) -> Sequence[Column]:
        # A-DYNAMICS-7: what a column that is hidden from the caller looks like
        absent = self._call.org.switches.secured_column == "absent"
        if not select:
            return [c for c in self.table.columns.values() if c.readable and not (absent and c.name in self._hidden)]
        chosen: dict[str, Column] = {}
        for name in select:
            column = self.table.by_property(name)
            if column is None:
                raise unknown_property(name, self.table)
            chosen[column.name] = column
        if any(c.type is Type.MONEY for c in chosen.values()) and "transactioncurrencyid" in self.table.columns:
            chosen.setdefault("transactioncurrencyid", self.table.columns["transactioncurrencyid"])
        chosen.setdefault(self.table.id_name, self.table.columns[self.table.id_name])
        return [c for c in chosen.values() if c.readable and not (absent and c.name in self._hidden)]

    def _expand(self, one: Expand) -> Expanded:
        if one.options.filter:
            raise unsupported("$filter inside $expand")
        catalogue = self._call.org.catalogue
        single = self.table.navigation(one.name) or _owner(self.table, one.name)
        if single is not None:
            column, target = single
            printer = Printer(self._call, catalogue.get(target), one.options, nested=True)
            return Expanded(one.name, printer, column.name, one=True, query="")
        collected, linked = self.table.collections.get(one.name), dict(links_of(self.table)).get(one.name)
        if collected is None and linked is None:
            raise unknown_property(one.name, self.table)
        printer = Printer(self._call, catalogue.get(collected.table if collected else str(linked)), one.options)
        query = f"?{one.options.text.replace(';', '&')}" if one.options.text else ""
        return Expanded(one.name, printer, collected.column if collected else "", one=False, query=query)

    def _related(self, expanded: Expanded, row: Row) -> Mapping[str, Any]:
        table = expanded.printer.table
        seen = self._call.org.access.filter(self._call.caller, table, Right.READ)
        if expanded.one:
            ref = row.values.get(expanded.column)
            found = self._store.find(table.name, ref.id) if isinstance(ref, Ref) and ref.table == table.name else None
            visible = found is not None and (seen is None or seen(found))
            return {expanded.name: expanded.printer.entity(found) if found is not None and visible else None}
        shown_rows = self._children(expanded, row)
        shown = [expanded.printer.entity(child) for child in shown_rows if seen is None or seen(child)]
        link = f"{self._call.root}/{self.table.set_name}({row.id})/{expanded.name}{expanded.query}"
        return {expanded.name: shown[:MOST_EXPANDED], f"{expanded.name}@odata.nextLink": link}

    def _children(self, expanded: Expanded, row: Row) -> Sequence[Row]:
        if not expanded.column:
            linked = many_to_many(self._call, self.table, row, expanded.name)
            return linked[1] if linked else ()
        if expanded.name not in self._groups:
            self._groups[expanded.name] = by_parent(self._store, expanded.printer.table.name, expanded.column)
        return self._groups[expanded.name].get(row.id, ())


def by_parent(store: Store, table: str, column: str) -> Mapping[str, Sequence[Row]]:
    """Return the rows of a table by the row to which they refer."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in store.rows(table):
        ref = row.values.get(column)
        if isinstance(ref, Ref):
            found[ref.id].append(row)
    return found


def _owner(table: Table, name: str) -> tuple[Column, str] | None:
    """Return the navigations that only an owner has."""
    targets = {"owninguser": "systemuser", "owningteam": "team", "ownerid": "systemuser"}
    if name not in targets or "ownerid" not in table.columns:
        return None
    return table.columns["ownerid"], targets[name]
