"""The mapped fields of the bridge file, and the columns of those that are tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from config.entry import DataClass, Entry, at
from config.values import Currency, Filled, Flag, Identifier
from pipelines.plan import PUBLIC, FieldType


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
    unit: Filled | None = Field(default=None, description="For a quantity: the unit of every value.")
    unit_path: Filled | None = Field(default=None, description="For a quantity: where the unit's code stands.")

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        for name, owner in (("currency", FieldType.MONEY), ("unit", FieldType.QUANTITY)):
            given = [key for key in (name, f"{name}_path") if getattr(self, key) is not None]
            if given and self.type is not owner:
                raise at(f"only a field of type {owner} has this key", given[0])
            if len(given) == 2:
                raise at(f"give either {name} or {name}_path", given[1])
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
