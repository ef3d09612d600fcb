"""A query bound to a module's fields: which rows, and in which order."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from connectors.zoho.sandbox import ids, moments
from connectors.zoho.sandbox.coql.columns import Columns
from connectors.zoho.sandbox.coql.syntax import Both, Condition, Criterion, Query, Sort
from connectors.zoho.sandbox.errors import ApiError
from connectors.zoho.sandbox.order import FIRST, Key
from connectors.zoho.sandbox.schema import LINKS, NUMBERS, WORDS, Field, Type
from connectors.zoho.sandbox.store import Row, Table

Test = Callable[[Row], bool]

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_WHOLE = frozenset({"=", "!=", "is null", "is not null"})
# what words and choices do not take
_RANKED = frozenset({"<", ">", "<=", ">=", "between", "not between"})
_EQUALITY = frozenset({"=", "!=", "in", "not in", "is null", "is not null"})
# they are neither compared nor sorted
_OPAQUE = frozenset({Type.TEXTAREA, Type.MULTISELECT, Type.SUBFORM})
_SPELT = WORDS | {Type.PICKLIST}
_INDEXED = ("Modified_Time", "Created_Time")


@dataclass(frozen=True, slots=True)
class Plan:
    """What finds the rows of a query in a table."""

    query: Query
    test: Test
    columns: Columns

    def rows(self, table: Table, sees: Test) -> tuple[list[Row], bool]:
        """Return the rows of the page that the query asks for, and whether there are more."""
        start, stop = self.query.offset, self.query.offset + self.query.limit
        found = list(islice(self._sorted(table, sees), start, stop + 1))
        return found[: self.query.limit], len(found) > self.query.limit

    def _sorted(self, table: Table, sees: Test) -> Iterator[Row]:
        sorts = self.query.order or (Sort("id", descending=False),)
        matching = self._matching(table, sees, sorts)
        if _in_order(sorts):
            return matching
        rows = list(matching)
        for sort in reversed(sorts):
            rows.sort(key=_sort_key(self.column(sort.column)), reverse=sort.descending)
        return iter(rows)

    def _matching(self, table: Table, sees: Test, sorts: Sequence[Sort]) -> Iterator[Row]:
        first = sorts[0].column
        index = first if _in_order(sorts) else next((c for c in _INDEXED if _low(self.query.where, c)), "id")
        low = _low(self.query.where, index) or FIRST
        bound: Key = (low, 0)
        if index == "id":
            bound = (FIRST, int(_low_id(self.query.where) or 0))
        descending = _in_order(sorts) and sorts[0].descending
        for key in table.orders[index].walk(bound, descending=descending):
            row = table.rows[key[1]]
            if self.test(row) and sees(row):
                yield row

    def column(self, name: str) -> Callable[[Row], object]:
        """Return what reads a column of a row in its comparable form."""
        read = self.columns.reader(name)
        return lambda row: _comparable(read(row))


def bind(query: Query, columns: Columns) -> Plan:
    """Check a query against the columns that there are and make its plan. Raises `ApiError` 400."""
    for name in query.columns:
        columns.find(name)
    for sort in query.order:
        _check_plain(columns.find(sort.column), "order by")
    return Plan(query, _test(query.where, columns), columns)


def _in_order(sorts: Sequence[Sort]) -> bool:
    """Tell whether a table's own order is the one that is asked for: a stamp, then the id, both one way."""
    names = [sort.column for sort in sorts]
    one_way = len({sort.descending for sort in sorts}) == 1
    return names == ["id"] or (one_way and names in [[c, "id"] for c in _INDEXED])


def _low(where: Condition, column: str) -> datetime | None:
    """Return a moment before which no row can match."""
    if isinstance(where, Both):
        lows = [_low(part, column) for part in where.parts]
        known = [low for low in lows if low is not None]
        if where.word == "or":
            return min(known) if len(known) == len(lows) else None
        return max(known, default=None)
    if where.column == column and where.operator in {"=", ">", ">=", "between"}:
        return moments.parse(where.values[0])
    return None


def _low_id(where: Condition) -> int | None:
    if isinstance(where, Both):
        lows = [_low_id(part) for part in where.parts]
        known = [low for low in lows if low is not None]
        if where.word == "or":
            return min(known) if len(known) == len(lows) else None
        return max(known, default=None)
    if where.column == "id" and where.operator in {"=", ">", ">=", "between"}:
        return ids.parse(_as_id(where.values[0]))
    return None


def _test(where: Condition, columns: Columns) -> Test:
    if isinstance(where, Both):
        one, other = (_test(part, columns) for part in where.parts)
        if where.word == "and":
            return lambda row: one(row) and other(row)
        return lambda row: one(row) or other(row)
    field = columns.find(where.column)
    if field.type is not Type.MULTISELECT or where.operator not in _WHOLE:
        _check_plain(field, where.operator)
    read = columns.reader(where.column)
    return _compared(where, field, lambda row: _comparable(read(row)))


def _check_plain(field: Field, use: str) -> None:
    if field.type in _OPAQUE:
        details = {"column_name": field.name, "operator": use}
        raise ApiError(400, "INVALID_QUERY", "data type not supported", details)


def _compared(where: Criterion, field: Field, read: Callable[[Row], Any]) -> Test:
    if where.operator == "is null":
        return lambda row: read(row) is None
    if where.operator == "is not null":
        return lambda row: read(row) is not None
    wanted: Any = [_wanted(where, field, value) for value in where.values]
    negated = where.operator.startswith("not ")
    match where.operator.removeprefix("not "):
        case "in":
            known = frozenset(wanted)
            return lambda row: (read(row) in known) is not negated
        case "between":
            low, high = wanted
            return lambda row: (value := read(row)) is not None and (low <= value <= high) is not negated
        case "like":
            pattern = re.compile(".*".join(map(re.escape, str(wanted[0]).split("%"))), re.IGNORECASE | re.DOTALL)
            return lambda row: (value := read(row)) is not None and bool(pattern.fullmatch(value)) is not negated
    sign, value = _SIGNS[where.operator], wanted[0]
    return lambda row: (own := read(row)) is not None and sign(own, value)


def _wanted(where: Criterion, field: Field, value: object) -> object:
    """Return a literal as the field's type. Raises `ApiError` 400 when it is not one."""
    typed: object = None
    if where.operator.endswith("like") and field.type not in _SPELT:
        typed = None
    elif field.type in LINKS:
        typed = ids.parse(_as_id(value))
        if where.operator not in _EQUALITY and field.name != "id":
            typed = None
    elif field.type is Type.DATETIME:
        typed = moments.parse(value)
    elif field.type is Type.DATE:
        typed = _day(value)
    elif field.type in NUMBERS or field.type is Type.INTEGER:
        typed = value if isinstance(value, Decimal) else None
    elif field.type is Type.BOOLEAN:
        typed = value if isinstance(value, bool) else None
    elif isinstance(value, str) and where.operator not in _RANKED:
        # the values of a multi-select stand in one text
        several = field.type is Type.MULTISELECT
        typed = frozenset(value.casefold().split(";")) if several else value.casefold()
    if typed is None:
        details = {"column_name": where.column, "operator": where.operator, "expected_data_type": field.type.value}
        raise ApiError(400, "INVALID_QUERY", "value given seems to be invalid for the column", details)
    return typed


def _as_id(value: object) -> object:
    return int(value) if isinstance(value, Decimal) else value


def _day(value: object) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(str(value)), time(), UTC)
    except ValueError:
        return None


def _comparable(value: object) -> object:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return frozenset(one.casefold() for one in value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def _sort_key(read: Callable[[Row], object]) -> Callable[[Row], tuple[bool, Any]]:
    """Sort what is empty before everything else."""

    def key(row: Row) -> tuple[bool, Any]:
        value = read(row)
        return (value is not None, value if value is not None else 0)

    return key
