"""Who a route tells: destinations, or those that a table chooses by a field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from config.declared import unknown
from config.entry import DestinationName, Entry, at, equatable_fields, text_fault
from config.values import Filled, Identifier, Listed, Unique, Written
from pipelines.plan import ByField, ByPerson

Destinations = Annotated[
    tuple[DestinationName, ...], Listed, Unique, Field(min_length=1), Written("destination, or a list of them")
]


class TableEntry(Entry):
    """Destinations by the value of a field: `{by: region, table: {HK: sales-hk, SG: sales-sg}, otherwise: sales}`."""

    by: Identifier = Field(description="The field that chooses: a text, bool, choice, ref or date of the route's kind.")
    table: Mapping[Filled, Destinations] = Field(
        min_length=1,
        description="The destinations by the field's value: the text, true or false, the code of a choice, the id of a "
        "reference, or a day such as 2026-11-01.",
    )
    otherwise: Destinations = Field(description="Who is told where the field is empty or has another value.")

    @property
    def value(self) -> ByField:
        """The value that this entry writes down."""
        return ByField(self.by, dict(self.table), self.otherwise)

    @property
    def destinations(self) -> tuple[str, ...]:
        """All that it may choose, each once."""
        rows = (name for row in self.table.values() for name in row)
        return tuple(dict.fromkeys((*rows, *self.otherwise)))


class PersonEntry(Entry):
    """People whom a field names, one to one: `{person: owner, by: staff, otherwise: sales}`."""

    person: Identifier | None = Field(
        default=None,
        description="The field that names who is told, by the source's user ids: a ref, a text with commas, a list. This "
        "or `manager_of`.",
    )
    manager_of: Identifier | None = Field(
        default=None, description="The field that names those whose managers are told, as their application tells."
    )
    by: DestinationName = Field(description="The destination that reaches them; its settings name nobody themselves.")
    otherwise: Destinations = Field(description="Who is told where the field is empty, or names nobody who is matched.")

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.person is None) == (self.manager_of is None):
            raise ValueError("give either person or manager_of")
        return self

    @property
    def value(self) -> ByPerson:
        """The value that this entry writes down."""
        return ByPerson(self.field, self.by, self.otherwise, manager=self.manager_of is not None)

    @property
    def field(self) -> str:
        """The field that names them."""
        return self.person or self.manager_of or ""

    @property
    def destinations(self) -> tuple[str, ...]:
        """All that it may choose, each once."""
        return tuple(dict.fromkeys((self.by, *self.otherwise)))


def _fits(
    to: TableEntry | PersonEntry | tuple[str, ...], info: ValidationInfo
) -> TableEntry | PersonEntry | tuple[str, ...]:
    fields = equatable_fields(info)
    if isinstance(to, TableEntry) and fields is not None:
        if to.by not in fields:
            raise at(unknown(to.by, fields, f"field of {info.data['from_']} that can choose"), "by")
        for text in to.table:
            if fault := text_fault(fields[to.by], text):
                raise at(fault, "table", text)
    return to


def _form(value: Any) -> str:
    if isinstance(value, dict):
        return "person" if {"person", "manager_of"} & value.keys() else "by field"
    return "person" if isinstance(value, PersonEntry) else "by field" if isinstance(value, TableEntry) else "names"


ToPeople = Annotated[
    Annotated[Destinations, Tag("names")] | Annotated[PersonEntry, Tag("person")],
    Discriminator(_form),
    Written("destination, a list of them, or entry, see below"),
]
To = Annotated[
    Annotated[Destinations, Tag("names")]
    | Annotated[TableEntry, Tag("by field")]
    | Annotated[PersonEntry, Tag("person")],
    Discriminator(_form),
    AfterValidator(_fits),
    Written("destination, a list of them, or entry, see below"),
]
