"""The query parameter `q` of a list.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.database import quoted
from connectors.netsuite.sandbox.errors import ApiError, bad_parameter
from connectors.netsuite.sandbox.schema import Column, Type

_TOKEN = re.compile(r'\s*(?:"([^"]*)"|([()\[\],])|([^\s()\[\],"]+))')
_NUMBERS = {"EQUAL": "=", "GREATER": ">", "GREATER_OR_EQUAL": ">=", "LESS": "<", "LESS_OR_EQUAL": "<="}
_DATES = {"AFTER": ">", "BEFORE": "<", "ON_OR_AFTER": ">=", "ON_OR_BEFORE": "<="}
_TEXTS = {"IS": "{}", "CONTAIN": "%{}%", "START_WITH": "{}%", "END_WITH": "%{}", "ENDWITH": "%{}"}
_IDS = frozenset({Type.ID, Type.REFERENCE})
_NUMERIC = _IDS | {Type.INTEGER, Type.NUMBER}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition in SQL with its values."""

    sql: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """How a filter is read: the fields it may name, the user's dates and zone."""

    field: Callable[[str], Column | None]
    date_format: str
    zone: tzinfo


def parse(text: str, words: Words) -> Filter:
    """Return the condition of a list. Raises `ApiError` 400."""
    tokens: list[str | tuple[str]] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text)
        # a value in quotes is no operator and no bracket
        tokens.append((found[1],) if found[1] is not None else found[2] or found[3])
        at = found.end()
    return _Parser(text, tokens, words).whole()


class _Parser:
    def __init__(self, text: str, tokens: Sequence[str | tuple[str]], words: Words) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._words = words

    def whole(self) -> Filter:
        found = self._any()
        if self._next != len(self._tokens):
            raise _wrong(self._text)
        return found

    def _any(self) -> Filter:
        return self._joined("OR", self._every)

    def _every(self) -> Filter:
        return self._joined("AND", self._term)

    def _joined(self, word: str, part: Callable[[], Filter]) -> Filter:
        parts = [part()]
        while self._skip(word):
            parts.append(part())
        values = tuple(value for one in parts for value in one.values)
        return Filter(f"({f' {word} '.join(one.sql for one in parts)})", values)

    def _term(self) -> Filter:
        if self._skip("("):
            inner = self._any()
            if not self._skip(")"):
                raise _wrong(self._text)
            return inner
        name, operator = self._take(), self._take().upper()
        column = self._words.field(name) if name.casefold() != "id" else Column("id", Type.ID, "id")
        if column is None:
            raise bad_parameter("q", f"Invalid query filter. The field {name} does not exist or cannot be filtered by.")
        negated = operator.endswith("_NOT")
        found = self._condition(column, operator.removesuffix("_NOT"))
        return Filter(f"(NOT {found.sql})", found.values) if negated else found

    def _condition(self, column: Column, operator: str) -> Filter:
        place = quoted(column.key)
        if operator == "EMPTY":
            return Filter(f"({place} IS NULL)", ())
        if operator in {"BETWEEN", "WITHIN"}:
            low, high = self._list(2)
            return Filter(f"({place} BETWEEN ? AND ?)", (_number(low, self._text), _number(high, self._text)))
        if operator == "ANY_OF":
            values = tuple(_number(one, self._text) for one in self._list(0))
            return Filter(f"({place} IN ({', '.join('?' for _ in values)}))", values)
        return self._comparison(column, operator, self._take())

    def _comparison(self, column: Column, operator: str, value: str) -> Filter:
        place = quoted(column.key)
        if column.type in {Type.DATE, Type.DATETIME}:
            return self._date(column, operator, value)
        if column.type in _NUMERIC and operator in {**_NUMBERS, "IS": ""}:
            return Filter(f"({place} {_NUMBERS.get(operator, '=')} ?)", (_number(value, self._text),))
        if column.type is Type.BOOLEAN and operator == "IS":
            return Filter(f"({place} = ?)", ("T" if value.casefold() in {"true", "t"} else "F",))
        if operator in _TEXTS and column.type not in _NUMERIC:
            return Filter(f"(LOWER({place}) LIKE LOWER(?))", (_TEXTS[operator].format(value),))
        raise bad_parameter("q", f"Invalid query filter. The operator {operator} does not fit the field {column.rest}.")

    def _date(self, column: Column, operator: str, text: str) -> Filter:
        """Compare whole days of the user, or moments where the value has a time."""
        start, length = self._moment(text)
        end = start + length
        place = quoted(column.key)
        first, after = (_as_stored(column, one) for one in (start, end))
        match operator:
            case "ON":
                return Filter(f"({place} >= ? AND {place} < ?)", (first, after))
            case "AFTER":
                return Filter(f"({place} >= ?)", (after,))
            case "ON_OR_BEFORE":
                return Filter(f"({place} < ?)", (after,))
            case "BEFORE" | "ON_OR_AFTER":
                return Filter(f"({place} {_DATES[operator]} ?)", (first,))
        raise bad_parameter("q", f"Invalid query filter. The operator {operator} does not fit the field {column.rest}.")

    def _moment(self, text: str) -> tuple[datetime, timedelta]:
        model = self._words.date_format
        lengths = {model: timedelta(days=1), f"{model} HH12:MI AM": timedelta(minutes=1)}
        for one, length in lengths.items():
            try:
                return moments.read(text, one, self._words.zone), length
            except ValueError:
                continue
        raise bad_parameter("q", f"Invalid query filter. The value {text} is not a date in the format {model}.")

    def _list(self, size: int) -> list[str]:
        values: list[str] = []
        if not self._skip("["):
            raise _wrong(self._text)
        while not self._skip("]"):
            if values and not self._skip(","):
                raise _wrong(self._text)
            values.append(self._take())
        if size and len(values) != size:
            raise _wrong(self._text)
        return values

    def _take(self) -> str:
        if self._next >= len(self._tokens):
            raise _wrong(self._text)
        token = self._tokens[self._next]
        self._next += 1
        return token if isinstance(token, str) else token[0]

    def _skip(self, word: str) -> bool:
        token = self._tokens[self._next] if self._next < len(self._tokens) else ""
        found = isinstance(token, str) and token.upper() == word
        self._next += found
        return found


def _as_stored(column: Column, at: datetime) -> int | str:
    return moments.of(at) if column.type is Type.DATETIME else f"{at:%Y-%m-%d}"


def _number(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise _wrong(whole) from error


def _wrong(text: str) -> ApiError:
    return bad_parameter("q", f"Invalid query filter: {text}")
