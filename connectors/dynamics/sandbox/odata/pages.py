"""Rows in a total order, from which pages are cut by the key of the last row that was read."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import CHOICES, MOMENTS, NUMBERS, WHOLE, Type
from connectors.dynamics.sandbox.store import Row

KEPT = 32


@dataclass(frozen=True, slots=True)
class Criterion:
    """One part of an order: how a row gives its value, and the direction."""

    of: Callable[[Row], Any]
    descending: bool = False


class _Reversed:
    """A value that comes before what it is greater than."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows with their keys, both in order."""

    rows: Sequence[Row]
    keys: Sequence[tuple[Any, ...]]

    def after(self, key: tuple[Any, ...] | None) -> int:
        """Return the place of the first row behind this key."""
        return 0 if key is None else bisect_right(self.keys, key)


def key_of(criteria: Sequence[Criterion], values: Iterable[Any], row_id: str) -> tuple[Any, ...]:
    """Return the sort key of a row with these values; nothing comes before something, ids decide ties."""
    return (*(_part(c, v) for c, v in zip(criteria, values, strict=True)), row_id)


def ordered(rows: Iterable[Row], criteria: Sequence[Criterion]) -> Ordered:
    """Return rows in order."""
    keyed = sorted(((key_of(criteria, (c.of(row) for c in criteria), row.id), row) for row in rows), key=_first)
    return Ordered([row for _key, row in keyed], [key for key, _row in keyed])


def _first(pair: tuple[tuple[Any, ...], Row]) -> tuple[Any, ...]:
    return pair[0]


def _part(criterion: Criterion, value: Any) -> Any:
    if value is None:
        return (criterion.descending, 0)
    folded = value.casefold() if isinstance(value, str) else value
    if not criterion.descending:
        return (True, folded)
    return (False, -folded if isinstance(folded, int | Decimal) else _Reversed(folded))


class Results:
    """The last answers of queries: a page after the first costs a look-up as long as nothing changed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Ordered] = OrderedDict()

    def clear(self) -> None:
        """Forget all: something changed of which the keys know nothing."""
        self._kept.clear()

    def get(self, key: tuple[Any, ...], make: Callable[[], Ordered]) -> Ordered:
        """Return the answer for a key, made now when it is new. The key has to name all that it depends on."""
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def written(value: Any) -> str:
    """Return a value of a sort key as text; `date`, numbers and moments are read back by the column's type."""
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def read(text: str, kind: Type) -> Any:
    """Return the value of a sort key that `written` wrote. Raises `Refusal` 400."""
    try:
        if kind in MOMENTS:
            return datetime.fromisoformat(text)
        if kind is Type.DATE:
            return date.fromisoformat(text)
        if kind is Type.BOOLEAN:
            return text == "True"
        if kind in WHOLE or kind in CHOICES:
            return int(text)
        return Decimal(text) if kind in NUMBERS else text
    except (ValueError, ArithmeticError) as error:
        raise Refusal(400, "", "The paging cookie is not valid.") from error
