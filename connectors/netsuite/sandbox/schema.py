"""The shape of tables and records: SuiteQL names the one, REST and SOAP the other, both lead to the same values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Row = dict[str, Any]
"""One stored row by the keys of its columns: int, float, str or None."""
CUSTOM = ("custbody", "custcol", "custentity", "custitem")


class Type(StrEnum):
    """What a column holds, and how it is stored.

    ID and REFERENCE are whole numbers, NUMBER is a double, BOOLEAN is T or F, DATE is an ISO day without a zone,
    DATETIME is Unix milliseconds, CHOICE is the code of one of `choices`.
    """

    ID = "id"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    REFERENCE = "reference"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is where it is stored; `name` is its name in SuiteQL and `rest` in records, empty where absent.

    `target` is the table to which a reference leads. The codes in `choices` carry the transaction's type where
    `typed` is set. `records` are the record types that have it (empty: all of its table).
    """

    key: str
    type: Type
    name: str
    rest: str = ""
    target: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False
    records: frozenset[str] = frozenset()
    writable: bool = True
    required: bool = False

    @property
    def custom(self) -> bool:
        """Whether an administrator of the account made the field."""
        return self.key.startswith(CUSTOM)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of SuiteQL with the column that tells its rows apart."""

    name: str
    unique: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Sublist:
    """The lines of a record: rows of `table` whose column `parent` holds the record's id.

    `number` is the column that numbers a record's lines; `soap` is the name of the list in SOAP.
    """

    name: str
    table: str
    parent: str
    number: str
    soap: str


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type. `code` is its type in the table `transaction`, `area` the part of the WSDL that declares it."""

    name: str
    table: str
    label: str
    area: str
    soap: str
    sublist: Sublist | None = None
    code: str = ""

    @property
    def sells(self) -> bool:
        """Whether it is a transaction with a customer."""
        return self.code in {"SalesOrd", "CustInvc"}


class Level(StrEnum):
    """How far a role may go with the records of one type, each including those before it."""

    NONE = "none"
    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    FULL = "full"

    def covers(self, wanted: Level) -> bool:
        """Tell whether this level includes another."""
        order = list(Level)
        return order.index(self) >= order.index(wanted)
