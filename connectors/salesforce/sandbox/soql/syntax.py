"""The tree of a query, as parsed and not yet bound to fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class LiteralKind(StrEnum):
    """Literals by the name that the vendor's messages give them."""

    STRING = "string"
    NUMBER = "double"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    DATETIME = "dateTime"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition. A RANGE holds its first day and the first day after it."""

    kind: LiteralKind
    value: str | Decimal | bool | date | datetime | tuple[date, date] | None
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A field, through parents where it has dots."""

    parts: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; `operator` is one of = != < <= > >= LIKE."""

    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """IN or NOT IN a list."""

    path: Path
    literals: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Within:
    """IN or NOT IN what another query selects."""

    path: Path
    query: Query
    negated: bool


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND (all) or OR (any)."""

    every: bool
    conditions: tuple[Condition, ...]


Condition = Compare | Among | Within | Negation | Group


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY. Nulls come first unless it says otherwise, in both directions."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query. `counts` is SELECT COUNT(), which has no fields; `children` are the queries inside SELECT.

    `text` is the whole text, also of an inner query.
    """

    text: str
    counts: bool
    fields: tuple[Path, ...]
    children: tuple[Query, ...]
    source: Path
    alias: str
    where: Condition | None
    orders: tuple[Order, ...]
    limit: int | None
    offset: int
