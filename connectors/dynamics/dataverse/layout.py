"""What of a table is read, and as what: the settings' names joined with the vendor's description of the columns.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/web-api-properties
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from connectors.contract import Choice, Described, Misconfigured, Money, Quantity, Ref
from connectors.dynamics.dataverse.schema import Attribute, Schema, Table
from connectors.dynamics.dataverse.settings import Kind
from connectors.odata import selected

STAMP, BY, FOR_OTHERS, CURRENCY, UNIT = (
    "modifiedon",
    "modifiedby",
    "modifiedonbehalfby",
    "transactioncurrencyid",
    "uomid",
)
BASE = "_base"
_ORDERS = ("lineitemnumber", "sequencenumber", "createdon")
"""What the rows of a document are put in order by, the first that the table has."""


class Form(StrEnum):
    """How a value arrives."""

    TEXT = "text"
    NUMBER = "number"
    QUANTITY = "quantity"
    MONEY = "money"
    BASE_MONEY = "base_money"
    TRUTH = "truth"
    DATE = "date"
    LOCAL_DATE = "local_date"
    MOMENT = "moment"
    WALL_CLOCK = "wall_clock"
    CHOICE = "choice"
    CHOICES = "choices"
    LINK = "link"


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        **dict.fromkeys(("String", "Memo", "EntityName", "Uniqueidentifier"), Form.TEXT),
        **dict.fromkeys(("Integer", "BigInt", "Decimal", "Double"), Form.NUMBER),
        "Money": Form.MONEY,
        "Boolean": Form.TRUTH,
        "DateTime": Form.MOMENT,
        **dict.fromkeys(("Picklist", "State", "Status"), Form.CHOICE),
        "MultiSelectPicklist": Form.CHOICES,
        **dict.fromkeys(("Lookup", "Customer", "Owner"), Form.LINK),
    }
)

_VALUES: Mapping[Form, type] = MappingProxyType(
    {
        **dict.fromkeys((Form.TEXT, Form.WALL_CLOCK), str),
        Form.NUMBER: Decimal,
        Form.QUANTITY: Quantity,
        **dict.fromkeys((Form.MONEY, Form.BASE_MONEY), Money),
        Form.TRUTH: bool,
        **dict.fromkeys((Form.DATE, Form.LOCAL_DATE), date),
        Form.MOMENT: datetime,
        Form.CHOICE: Choice,
        Form.CHOICES: tuple,
        Form.LINK: Ref,
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """A field: `prop` is the property that holds it, `unit` the one that holds the id of its unit."""

    name: str
    form: Form
    prop: str
    unit: str = ""
    target: str = ""
    secured: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns that are read of one table; `currency`: the table's rows name a currency that is needed.

    `missing` names what the settings ask for and the table does not have, or has no longer.
    """

    table: Table
    columns: tuple[Column, ...]
    currency: bool
    missing: tuple[str, ...] = ()

    @property
    def props(self) -> tuple[str, ...]:
        """The properties to ask for."""
        own = [prop for each in self.columns for prop in (each.prop, each.unit) if prop]
        return (*own, value_of(CURRENCY)) if self.currency else tuple(own)


@dataclass(frozen=True, slots=True)
class Lines:
    """A table whose rows belong to a document: `parent` is the property with the document's id."""

    sheet: Sheet
    parent: str
    order: tuple[str, ...]

    @property
    def select(self) -> str:
        """The text of `$select`."""
        return selected((self.sheet.table.key, self.parent, *self.sheet.props))


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind as it is read."""

    kind: str
    sheet: Sheet
    lines: tuple[Lines, ...]
    number: str
    tracked: bool

    @property
    def table(self) -> Table:
        """The kind's own table."""
        return self.sheet.table

    @property
    def needs_home(self) -> bool:
        """Whether an amount is in the organization's own currency."""
        sheets = (self.sheet, *(each.sheet for each in self.lines))
        return any(column.form is Form.BASE_MONEY for sheet in sheets for column in sheet.columns)

    @property
    def select(self) -> str:
        """The text of `$select`."""
        people = [value_of(each) for each in (BY, FOR_OTHERS) if each in self.table.attributes]
        number = [self.number] if self.number in self.table.attributes else []
        return selected((self.table.key, STAMP, *people, *number, *self.sheet.props))

    @property
    def fingerprint(self) -> str:
        """A short name of what is selected: a delta link goes on giving what it was asked for at first."""
        return hashlib.sha256(self.select.encode()).hexdigest()[:12]


def value_of(lookup: str) -> str:
    """Name the property that holds the id of a lookup."""
    return f"_{lookup}_value"


def described(table: Table) -> tuple[Described, ...]:
    """Return the columns of a table that can be mapped."""
    return tuple(
        Described(name, each.label or name, _VALUES[_column(table, name, {}).form])
        for name, each in table.attributes.items()
        if each.type in FORMS
    )


def layout_of(kind: str, chosen: Kind, schema: Schema) -> Layout:
    """Join a kind's settings with the description of its tables; a column that is not there stops nothing.

    Raises the contract's errors, Misconfigured first.
    """
    table = schema.table(kind)
    if STAMP not in table.attributes:
        raise Misconfigured(f"The table {kind} does not stamp its changes (modifiedon), so it cannot be read.")
    own = [path for path in chosen.fields if "." not in path]
    lines = tuple(_lines(table, schema.table(name), name, chosen) for name in chosen.lines)
    sheet = _sheet(table, own, {path: unit for path, unit in chosen.units.items() if "." not in path})
    return Layout(kind, sheet, lines, chosen.number, table.tracked and chosen.tracking)


def _lines(parent: Table, table: Table, name: str, chosen: Kind) -> Lines:
    head = f"{name}."
    fields = [path.removeprefix(head) for path in chosen.fields if path.startswith(head)]
    units = {path.removeprefix(head): unit for path, unit in chosen.units.items() if path.startswith(head)}
    order = next((each for each in _ORDERS if each in table.attributes), "")
    return Lines(
        _sheet(table, fields, units),
        value_of(_parent(parent, table)),
        tuple(each for each in (order, table.key) if each),
    )


def _parent(parent: Table, table: Table) -> str:
    """Find the lookup from a row to its document: most often it is called as the document's id (A-DYNAMICS-105)."""
    links = [each.name for each in table.attributes.values() if parent.name in each.targets]
    if parent.key in links:
        return parent.key
    if len(links) == 1:
        return links[0]
    raise Misconfigured(f"The rows of {table.name} do not belong to {parent.name}: take its fields out of `kinds`.")


def _sheet(table: Table, fields: Sequence[str], units: Mapping[str, str]) -> Sheet:
    columns = tuple(_column(table, name, units) for name in fields if name in table.attributes)
    priced = any(each.form is Form.MONEY for each in columns)
    missing = tuple(name for name in fields if name not in table.attributes)
    return Sheet(table, columns, priced and CURRENCY in table.attributes, missing)


def _column(table: Table, name: str, units: Mapping[str, str]) -> Column:
    found = _attribute(table, name)
    form = _form(found, name.endswith(BASE) and name.removesuffix(BASE) in table.attributes)
    if form is Form.LINK:
        target = found.targets[0] if len(found.targets) == 1 else ""
        return Column(name, form, value_of(name), target=target, secured=found.secured)
    unit = _unit(table, name, units)
    if unit:
        return Column(name, Form.QUANTITY, name, value_of(unit), secured=found.secured)
    return Column(name, form, name, secured=found.secured)


def _form(found: Attribute, is_base: bool) -> Form:
    form = FORMS.get(found.type)
    if form is None:
        raise Misconfigured(f"The column {found.name} ({found.type}) cannot be read: take it out of `kinds`.")
    if form is Form.MONEY and is_base:
        return Form.BASE_MONEY
    if form is Form.MOMENT and found.behavior == "DateOnly":
        return Form.DATE
    if form is Form.MOMENT and found.behavior == "UserLocal" and found.date_only:
        return Form.LOCAL_DATE
    if form is Form.MOMENT and found.behavior == "TimeZoneIndependent":
        return Form.DATE if found.date_only else Form.WALL_CLOCK
    return form


def _unit(table: Table, name: str, units: Mapping[str, str]) -> str:
    """Name the lookup to a column's unit, empty where the column is no quantity."""
    found = table.attributes.get(name)
    if found is None or FORMS.get(found.type) is not Form.NUMBER:
        return ""
    if name in units:
        _attribute(table, units[name])
        return units[name]
    return UNIT if name.startswith("quantity") and UNIT in table.attributes else ""


def _attribute(table: Table, name: str) -> Attribute:
    try:
        return table.attributes[name]
    except KeyError:
        raise Misconfigured(
            f"The table {table.name} has no column {name}: give its logical name in `kinds`, as the table's list of "
            "columns shows it."
        ) from None
