"""What a table consists of; both vendor surfaces are described with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType


class Type(StrEnum):
    """The type of a column, by the name that Dataverse's metadata has for it."""

    ID = "Uniqueidentifier"
    TEXT = "String"
    MEMO = "Memo"
    INTEGER = "Integer"
    BIGINT = "BigInt"
    DECIMAL = "Decimal"
    DOUBLE = "Double"
    MONEY = "Money"
    BOOLEAN = "Boolean"
    MOMENT = "DateTime"
    DATE = "DateOnly"
    WALL = "TimeZoneIndependent"
    CHOICE = "Picklist"
    STATE = "State"
    STATUS = "Status"
    LOOKUP = "Lookup"
    CUSTOMER = "Customer"
    OWNER = "Owner"


NUMBERS = frozenset({Type.DECIMAL, Type.DOUBLE, Type.MONEY})
WHOLE = frozenset({Type.INTEGER, Type.BIGINT})
CHOICES = frozenset({Type.CHOICE, Type.STATE, Type.STATUS})
LOOKUPS = frozenset({Type.LOOKUP, Type.CUSTOMER, Type.OWNER})
TEXTS = frozenset({Type.TEXT, Type.MEMO})
MOMENTS = frozenset({Type.MOMENT, Type.WALL})


@dataclass(frozen=True, slots=True)
class Ref:
    """A look-up's value: the table and the id of another row."""

    table: str
    id: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `scale` are its decimal places, `states` says to which state a status belongs, `shared` names the list of choices
    that it has in common with others.
    """

    name: str
    type: Type
    label: str = ""
    targets: tuple[str, ...] = ()
    options: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    states: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    shared: str = ""
    writable: bool = True
    readable: bool = True
    required: bool = False
    length: int = 200
    scale: int = 2

    @property
    def property(self) -> str:
        """The name in JSON: a look-up's value has one of its own."""
        return f"_{self.name}_value" if self.type in LOOKUPS else self.name


@dataclass(frozen=True, slots=True)
class Collected:
    """A collection-valued navigation: the rows of `table` whose `column` refers to this row."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns.

    `collections` are its collection-valued navigations; `route` is the API to which it belongs, where that is not the
    vendor's own.
    """

    name: str
    set_name: str
    columns: Mapping[str, Column]
    name_column: str
    label: str = ""
    key: str = ""
    tracked: bool = True
    keys: tuple[str, ...] = ()
    collections: Mapping[str, Collected] = field(default_factory=lambda: MappingProxyType({}))
    parent: str = ""
    route: str = ""

    @property
    def id_name(self) -> str:
        """The name of the primary key."""
        return self.key or f"{self.name}id"

    def by_property(self, name: str) -> Column | None:
        """Return the column with this name in JSON."""
        found = self.columns.get(name)
        if found is not None and found.type not in LOOKUPS:
            return found
        inner = name.removeprefix("_").removesuffix("_value")
        found = self.columns.get(inner)
        return found if found is not None and found.type in LOOKUPS and found.property == name else None

    def navigation(self, name: str) -> tuple[Column, str] | None:
        """Return the look-up behind a single-valued navigation, and the table to which it leads."""
        for column in self.columns.values():
            if column.type not in LOOKUPS:
                continue
            for target in column.targets:
                if name == self.navigation_to(column, target):
                    return column, target
        return None

    def navigation_to(self, column: Column, target: str) -> str:
        """Return the name of the single-valued navigation by a look-up to one of its tables."""
        return column.name if len(column.targets) == 1 else f"{column.name}_{target}"


class Catalogue:
    """The tables of one database, which an administrator may change while clients read."""

    def __init__(self, tables: Collection[Table]) -> None:
        self._tables = {table.name: table for table in tables}

    def all(self) -> Collection[Table]:
        """Return the tables."""
        return self._tables.values()

    def find(self, name: str) -> Table | None:
        """Return the table of this name."""
        return self._tables.get(name)

    def get(self, name: str) -> Table:
        """Return the table of this name. Raises `KeyError`."""
        return self._tables[name]

    def of_set(self, set_name: str) -> Table | None:
        """Return the table with this entity set."""
        return next((t for t in self._tables.values() if t.set_name == set_name), None)

    def drop(self, table: Table, column: Column) -> None:
        """Take a column out of a table."""
        kept = {name: c for name, c in table.columns.items() if name != column.name}
        self._tables[table.name] = replace(table, columns=kept)

    def swap(self, table: Table, old: Column, new: Column) -> None:
        """Put another column in the place of one."""
        swapped = {(new.name if c is old else name): (new if c is old else c) for name, c in table.columns.items()}
        self._tables[table.name] = replace(table, columns=swapped)

    def track(self, table: Table, *, tracked: bool) -> None:
        """Switch the change tracking of a table."""
        self._tables[table.name] = replace(table, tracked=tracked)
