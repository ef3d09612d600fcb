"""The shape of objects and fields, as describe tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Values = dict[str, Any]
"""A record's fields by name: str, bool, int, Decimal, date, datetime or None."""


class Type(StrEnum):
    """Field types by the name that describe gives them."""

    ID = "id"
    STRING = "string"
    TEXTAREA = "textarea"
    PICKLIST = "picklist"
    CURRENCY = "currency"
    PERCENT = "percent"
    DOUBLE = "double"
    INT = "int"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    REFERENCE = "reference"
    EMAIL = "email"
    PHONE = "phone"


NUMBERS = frozenset({Type.CURRENCY, Type.PERCENT, Type.DOUBLE, Type.INT})
IDS = frozenset({Type.ID, Type.REFERENCE})


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `length` counts characters; `precision` and `scale` are digits, of numbers alone.

    `relationship` is the name by which SOQL follows a reference to one of the objects `references`, `children` the
    name by which a query over such an object selects the records that refer to it.
    """

    name: str
    type: Type
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    references: tuple[str, ...] = ()
    relationship: str = ""
    children: str = ""
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    required: bool = False
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False

    @property
    def custom(self) -> bool:
        """Whether an administrator of the org made the field."""
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        """Whether WHERE and ORDER BY may name it: long text may not be."""
        return self.type is not Type.TEXTAREA

    @property
    def polymorphic(self) -> bool:
        """Whether it refers to records of several objects."""
        return len(self.references) > 1


@dataclass(frozen=True, slots=True)
class SObject:
    """One object. `derive` completes a record's values after a write, given the names that the writer set.

    `name_field` is what people call a record by, `auto_number` the field that counts records; `stored` is False for
    what is computed when it is asked for.
    """

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    replicateable: bool = True
    stored: bool = True
    name_field: str = "Name"
    auto_number: str = ""
    derive: Callable[[Values, frozenset[str]], None] = lambda _values, _given: None

    def field(self, name: str) -> Field | None:
        """Find a field by its name; case does not matter."""
        return self.fields.get(name.casefold())

    def relation(self, name: str) -> Field | None:
        """Find the reference that the relationship `name` follows; case does not matter."""
        wanted = name.casefold()
        return next((f for f in self.fields.values() if f.relationship.casefold() == wanted), None)

    def blank(self) -> Values:
        """Return the values of a record about which nothing is said."""
        return {f.name: False if f.type is Type.BOOLEAN else None for f in self.fields.values()}


def by_name(fields: list[Field]) -> dict[str, Field]:
    """Index fields by their case-folded name, in their order."""
    return {f.name.casefold(): f for f in fields}
