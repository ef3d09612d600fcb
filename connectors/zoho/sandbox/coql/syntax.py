"""What a query is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Criterion:
    """One comparison: `operator` in lower case, `values` as many as it takes."""

    column: str
    operator: str
    values: Sequence[object]


@dataclass(frozen=True, slots=True)
class Both:
    """Criteria joined by `and` or `or`."""

    word: str
    parts: Sequence[Condition]


Condition: TypeAlias = "Criterion | Both"


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of ORDER BY."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query."""

    columns: Sequence[str]
    module: str
    where: Condition
    order: Sequence[Sort]
    limit: int
    offset: int
