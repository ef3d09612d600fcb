"""The mapped fields of the bridge file, and the columns of those that are tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from config.entry import DataClass, Entry, UnitName, at
from config.values import Currency, Factor, Filled, Flag, Identifier, Places, given
from connectors.contract import Money, Quantity
from pipelines.plan import PUBLIC, FieldType, Style
from pipelines.units import are_same

_STYLES = {
    FieldType.NUMBER: {Style.PLAIN, Style.RATIO},
    FieldType.DATE: {Style.ISO, Style.LONG, Style.FULL},
    FieldType.DATETIME: {Style.ISO, Style.LONG, Style.FULL},
}
_OWNERS = {
    "currency": {FieldType.MONEY},
    "currency_path": {FieldType.MONEY},
    "unit": {FieldType.QUANTITY},
    "unit_path": {FieldType.QUANTITY},
    "convert": {FieldType.QUANTITY},
    "decimals": {FieldType.NUMBER, FieldType.QUANTITY},
    "format": set(_STYLES),
}
"""Which types have a key that not all have."""


class ConversionEntry(Entry):
    """The other unit in which a quantity is told too. Nothing is converted but by a factor that stands here."""

    to: UnitName = Field(description="The other unit.")
    factor: Factor = Field(description="How much of the other unit one of this one is: 24 pieces to a case.")


class CellEntry(Entry):
    """What a field and a column share."""

    path: Filled = Field(description="Where the value stands in the source's record.")
    type: FieldType = Field(
        description="What the value is. A value of another type holds the fact; nothing is guessed."
    )
    label: Filled | None = Field(
        default=None, description="What readers see. Without it: the name, with spaces for underscores."
    )
    required: Flag = Field(default=False, description="A record without this value is held instead of told.")
    currency: Currency | None = Field(default=None, description="For money: the currency of every value.")
    currency_path: Filled | None = Field(default=None, description="For money: where the currency's code stands.")
    unit: UnitName | None = Field(default=None, description="For a quantity: the unit of every value.")
    unit_path: Filled | None = Field(
        default=None,
        description="For a quantity: where the unit's code stands. A code that is no unit of the table or of `units` "
        "holds the fact.",
    )
    convert: Mapping[UnitName, ConversionEntry] = Field(
        default_factory=dict,
        description="For a quantity, by the unit that comes: the other unit that it is told in too. `{GRM: {to: KGM, "
        "factor: 0.001}}`. A quantity in a unit without a factor is held.",
    )
    default: Filled | None = Field(
        default=None,
        description="What stands in for an empty value, and for one that a record lacks when it is seen first: `0`, "
        "`HKD 0`, `0 EA`, `2026-11-01`.",
    )
    format: Style | None = Field(
        default=None,
        description="How it is written. A number: `plain` is 2026 and not 2,026, `ratio` writes 0.05 as 5 %. A date or "
        "time: `iso` is 2026-11-01, `long` has the month's name, `full` the weekday too. No digit is lost.",
    )
    decimals: Places | None = Field(
        default=None,
        description="For a number or quantity: how many decimals are written at least. More are written where there "
        "are more digits; nothing is rounded.",
    )

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        for name, owners in _OWNERS.items():
            if getattr(self, name) not in (None, {}) and self.type not in owners:
                raise at(f"only a field of type {' or '.join(sorted(owners))} has this key", name)
        for name in ("currency", "unit"):
            if getattr(self, name) and getattr(self, f"{name}_path"):
                raise at(f"give either {name} or {name}_path", f"{name}_path")
        if self.format is not None and self.format not in _STYLES[self.type]:
            raise at(f"a {self.type} is written {' or '.join(sorted(_STYLES[self.type]))}", "format")
        return self

    @model_validator(mode="after")
    def _converts(self) -> Self:
        for name, other in self.convert.items():
            if self.unit is not None and not are_same(name, self.unit):
                raise at(f"the field is always in {self.unit}", "convert", name)
            if are_same(name, other.to):
                raise at("this is the same unit", "convert", name, "to")
        return self

    @model_validator(mode="after")
    def _stands_in(self) -> Self:
        if self.default is None:
            return self
        if self.required:
            raise at("a required value has nothing that stands in for it: remove one of the two", "default")
        try:
            found = given(self.type, self.default)
        except ValueError as error:
            raise at(str(error), "default") from error
        always = self.unit or self.currency
        if always and isinstance(found, Quantity) and not are_same(found.unit, always):
            raise at(f"the field is always in {always}", "default")
        if always and isinstance(found, Money) and found.currency != always:
            raise at(f"the field is always in {always}", "default")
        return self


class ColumnEntry(CellEntry):
    """One column of a table: a field of its rows, of the table's own data class."""

    @model_validator(mode="after")
    def _flat(self) -> Self:
        if self.type is FieldType.TABLE:
            raise at("a row holds no table", "type")
        return self


class FieldEntry(CellEntry):
    """One mapped field. Only mapped fields are read, stored and told."""

    data_class: DataClass = Field(
        default=PUBLIC, alias="class", description="Who may see it: readers need a clearance for this class."
    )
    columns: Mapping[Identifier, ColumnEntry] = Field(
        default_factory=dict,
        description="For a table, such as the lines of an order: the fields of its rows by name, in the order in which "
        "they are shown.",
    )

    @model_validator(mode="after")
    def _tabular(self) -> Self:
        if self.columns and self.type is not FieldType.TABLE:
            raise at("only a field of type table has this key", "columns")
        if not self.columns and self.type is FieldType.TABLE:
            raise ValueError("a table needs columns: {item: {path: item, type: ref}}")
        return self
