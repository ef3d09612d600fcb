"""What of a kind is read from a SOAP record, and as what: the settings' paths joined with the WSDL's types.

Names are told apart without regard to capitals, because REST, SuiteQL and SOAP write them differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import Misconfigured
from connectors.netsuite.settings import Form, Kind
from connectors.netsuite.soap.searches import STAMP, Sought
from connectors.netsuite.tables import HEADER, LINE, Known
from connectors.soap_values import Types

CUSTOM = "customFieldList"
CURRENCY = "currency"
UNITS = "units"

MOMENTS = frozenset(
    {"createddate", "lastmodifieddate", "datecreated", "lastmessagedate", "lastreopeneddate", "firstvisit", "lastvisit"}
)
"""Elements of type dateTime that have a time of day; all others are dates (A-NETSUITE-205)."""
AMOUNTS = frozenset(
    {
        *("total", "subtotal", "taxtotal", "tax2total", "discounttotal", "shippingcost", "handlingcost"),
        *("altshippingcost", "althandlingcost", "usertotal", "payment", "applied", "unapplied"),
        *("amount", "grossamt", "taxamount", "tax1amt", "rate"),
    }
)
"""Numbers of a transaction that are in its currency (A-NETSUITE-206)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One value: its name in the record, the element or custom field that it comes from, and how it arrives.

    `form` is None where the element's own type says it.
    """

    name: str
    source: str
    custom: bool
    form: Form | None
    target: str


@dataclass(frozen=True, slots=True)
class Sublist:
    """Lines: the element that holds them, the element of one, and what is read of each."""

    name: str
    whole: str
    one: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How records of one kind are read."""

    kind: str
    sought: Sought
    columns: tuple[Column, ...]
    sublists: tuple[Sublist, ...]
    number: str

    @property
    def only(self) -> frozenset[str]:
        """The children of a record's element that are needed."""
        own = {CUSTOM if each.custom else each.source for each in self.columns}
        return frozenset({*own, *(each.whole for each in self.sublists), STAMP, CURRENCY, self.number})

    def has(self, form: Form) -> bool:
        """Whether anything of it arrives so."""
        parts = (self.columns, *(each.columns for each in self.sublists))
        return any(column.form is form for part in parts for column in part)


def plan_of(types: Types, name: str, kind: Kind, sought: Sought) -> Plan:
    """Join settings and WSDL. Raises Misconfigured for a field that the record does not have."""
    known = HEADER if sought.transaction else {}
    named = _Named(types, types.named(sought.record), sought)
    columns = tuple(named.column(path, path, kind, known) for path in kind.fields if "." not in path)
    return Plan(name, sought, columns, tuple(_sublists(named, kind)), _number(named, kind))


@dataclass(frozen=True, slots=True)
class _Named:
    """The children of one type, found without regard to capitals."""

    types: Types
    type: Any
    sought: Sought

    def find(self, name: str) -> str | None:
        return next((each for each in self.types.children(self.type) if each.lower() == name.lower()), None)

    def column(self, path: str, name: str, kind: Kind, known: Mapping[str, Known]) -> Column:
        found, said = self.find(name), known.get(name.lower())
        custom = found is None and self.find(CUSTOM) is not None and name.lower().startswith("cust")
        if found is None and not custom:
            raise Misconfigured(f"{self.sought.record} has no field {path} in NetSuite's SOAP: correct its id.")
        form = kind.types.get(path) or (said.form if said else self._usual(name.lower()))
        return Column(name, found or name.lower(), custom, form, said.target if said else "")

    def _usual(self, name: str) -> Form | None:
        if name in MOMENTS:
            return Form.MOMENT
        return Form.MONEY if self.sought.transaction and name in AMOUNTS else None


def _sublists(header: _Named, kind: Kind) -> Iterator[Sublist]:
    types, known = header.types, LINE if header.sought.transaction else {}
    paths: dict[str, list[str]] = {}
    for path in kind.fields:
        head, dot, rest = path.partition(".")
        if dot:
            paths.setdefault(head, []).append(rest)
    for head, names in paths.items():
        whole = header.find(f"{head}List")
        holder = types.child(header.type, whole) if whole else None
        one = next(iter(types.items(holder)), None) if types.children(holder) else None
        if whole is None or one is None:
            raise Misconfigured(f"{header.sought.record} has no lines {head} in NetSuite's SOAP: correct the paths.")
        lines = _Named(types, types.child(holder, one), header.sought)
        columns = tuple(lines.column(f"{head}.{name}", name, kind, known) for name in names)
        yield Sublist(head, whole, one, columns)


def _number(named: _Named, kind: Kind) -> str:
    usual = (kind.number,) if kind.number else ("tranId", "caseNumber", "entityId", "title")
    return next((found for found in map(named.find, usual) if found), "")
