"""The tree of a query."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A column, with the alias of its table where one is given."""

    alias: str
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, a number or NULL."""

    value: str | Decimal | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A question mark, counted from 0."""

    at: int


@dataclass(frozen=True, slots=True)
class Star:
    """All columns of a table, or of all tables."""

    alias: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its upper-case name; COUNT(*) has a star as its argument."""

    name: str
    arguments: tuple[Expression, ...]
    distinct: bool = False


Expression = Name | Constant | Parameter | Star | Call


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; `operator` is one of = != < <= > >= LIKE."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Among:
    """IN a list."""

    left: Expression
    members: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """BETWEEN two values, both included."""

    left: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class Empty:
    """IS NULL."""

    left: Expression


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND (every) or OR."""

    every: bool
    conditions: tuple[Condition, ...]


Condition = Compare | Among | Between | Empty | Negation | Group


@dataclass(frozen=True, slots=True)
class Source:
    """One table of FROM; `outer` is LEFT JOIN, `on` is None for the first and after a comma."""

    table: str
    alias: str
    outer: bool = False
    on: Condition | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """One column of the answer; `label` is its name, empty where the query gives none."""

    expression: Expression
    label: str


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY; a whole number names a column of the answer."""

    expression: Expression
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query. `first` is FETCH FIRST so many rows."""

    distinct: bool
    selected: tuple[Selected, ...]
    sources: tuple[Source, ...]
    where: Condition | None
    groups: tuple[Expression, ...]
    orders: tuple[Order, ...]
    first: int | None
    parameters: int
