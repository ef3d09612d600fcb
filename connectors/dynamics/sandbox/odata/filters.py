"""`$filter`: its syntax, and what it lets through.

See https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part2-url-conventions.html#_Toc372793790
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.refusal import Refusal, unsupported
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, MOMENTS, NUMBERS, TEXTS, WHOLE, Type

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<list>\[[^\]]*\])"
    r"|(?P<word>[A-Za-z_@][\w./:]*)"
    r"|(?P<mark>[(),=]))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_SEARCH: Mapping[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}

Passes = Callable[[Any], bool]
"""Tells whether a row gets through."""


@dataclass(frozen=True, slots=True)
class Operand:
    """What a path of a filter stands for: how a row gives it, its type, and the only values that it has, if they are few."""

    path: str
    of: Callable[[Any], Any]
    type: Type
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a vendor reads a filter: `find` raises `Refusal` for an unknown path.

    `fold`: text is compared whatever its case; `null_differs`: an empty value is not equal to any other;
    `or_on_distinct`: OR may stand between conditions on different fields; `enums` are the paths whose literals have
    to name their enumeration.
    """

    find: Callable[[str], Operand]
    fold: bool = True
    null_differs: bool = True
    or_on_distinct: bool = True
    enums: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def compiled(text: str, dialect: Dialect) -> Passes:
    """Return the test that a filter describes. Raises `Refusal` 400, or 501 for what the twin does not know."""
    return _Parser(text, dialect).whole()


class _Parser:
    """Reads a filter by recursive descent; each part returns its test and notes the fields that it uses."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._dialect = dialect
        self._tokens = _scan(text)
        self._at = 0

    def whole(self) -> Passes:
        test, _fields = self._or()
        if self._at < len(self._tokens):
            raise self._wrong()
        return test

    def _or(self) -> tuple[Passes, set[str]]:
        test, fields = self._and()
        parts = [test]
        while self._take_word("or"):
            more, others = self._and()
            if not self._dialect.or_on_distinct and (len(fields | others) > 1):
                message = "An unsupported OR has been detected on distinct fields"
                raise Refusal(501, "BadRequest_MethodNotImplemented", message)
            parts.append(more)
            fields |= others
        return (parts[0] if len(parts) == 1 else (lambda row: any(part(row) for part in parts))), fields

    def _and(self) -> tuple[Passes, set[str]]:
        test, fields = self._not()
        parts = [test]
        while self._take_word("and"):
            more, others = self._not()
            parts.append(more)
            fields |= others
        return (parts[0] if len(parts) == 1 else (lambda row: all(part(row) for part in parts))), fields

    def _not(self) -> tuple[Passes, set[str]]:
        if self._take_word("not"):
            test, fields = self._not()
            return (lambda row: not test(row)), fields
        if self._take("("):
            test, fields = self._or()
            self._expect(")")
            return test, fields
        return self._condition()

    def _condition(self) -> tuple[Passes, set[str]]:
        word = self._next("word").text
        if word in _SEARCH:
            return self._search(_SEARCH[word])
        if word == "Microsoft.Dynamics.CRM.In":
            return self._crm_in()
        if "Microsoft.Dynamics.CRM." in word or word.endswith(("/any", "/all")) or self._peek("("):
            raise unsupported(f"'{word}' in $filter")
        found = self._dialect.find(word)
        name = self._next("word").text
        if name in {"in", "has"}:
            raise unsupported(f"'{name}' in $filter")
        if name not in _COMPARE:
            raise self._wrong()
        return self._comparison(found, name), {found.path}

    def _comparison(self, found: Operand, name: str) -> Passes:
        token = self._next()
        if token.kind == "word" and token.text == "null":
            return partial(_is_null, found.of, wanted=name == "eq")
        value = self._value(found, self._of_enum(found, token))
        of, compare, null_differs = self._folded(found), _COMPARE[name], name == "ne" and self._dialect.null_differs

        def test(row: Any) -> bool:
            own = of(row)
            return null_differs if own is None else compare(own, value)

        return test

    def _of_enum(self, found: Operand, token: _Token) -> _Token:
        """Return the text of a literal like `Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'`."""
        if found.path not in self._dialect.enums:
            return token
        if token.kind == "text":
            message = (
                f"A binary operator with incompatible types was detected. '{found.path}' is of an enumeration, "
                "which the literal has to name."
            )
            raise Refusal(400, "0x80060888", message)
        return self._next("text")

    def _crm_in(self) -> tuple[Passes, set[str]]:
        """Read the query function that takes a list of values.

        See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/in
        """
        self._expect("(")
        given: dict[str, _Token] = {}
        for _ in range(2):
            name = self._next("word").text
            self._expect("=")
            given[name] = self._next()
            self._take(",")
        self._expect(")")
        if set(given) != {"PropertyName", "PropertyValues"}:
            raise self._wrong()
        found = self._dialect.find(_unquoted(given["PropertyName"].text))
        listed = re.findall(r'["\']([^"\']*)["\']', given["PropertyValues"].text)
        values = {_coerced(found, text, fold=self._dialect.fold) for text in listed}
        of = self._folded(found)
        return (lambda row: of(row) in values), {found.path}

    def _search(self, how: Callable[[str, str], bool]) -> tuple[Passes, set[str]]:
        self._expect("(")
        found = self._dialect.find(self._next("word").text)
        self._expect(",")
        wanted = _unquoted(self._next("text").text)
        self._expect(")")
        if found.type not in TEXTS:
            raise Refusal(400, "", f"A search in '{found.path}', which is no text, is not possible.")
        wanted = wanted.casefold() if self._dialect.fold else wanted
        of = self._folded(found)
        return (lambda row: (own := of(row)) is not None and how(own, wanted)), {found.path}

    def _folded(self, found: Operand) -> Callable[[Any], Any]:
        if found.type not in TEXTS or not self._dialect.fold:
            return found.of
        of = found.of
        return lambda row: own.casefold() if (own := of(row)) is not None else None

    def _value(self, found: Operand, token: _Token) -> Any:
        if token.kind not in {"text", "guid", "moment", "number", "word"}:
            raise self._wrong(token)
        text = _unquoted(token.text) if token.kind == "text" else token.text
        if (token.kind == "text") != (found.type in TEXTS):
            kinds = f"'Edm.{'String' if token.kind == 'text' else 'Primitive'}' and '{found.type}'"
            message = f"A binary operator with incompatible types was detected. Found operand types {kinds}."
            raise Refusal(400, "", message)
        if found.members and text not in found.members:
            raise Refusal(400, "", f"The string '{text}' is not a valid enumeration type constant of '{found.path}'.")
        return _coerced(found, text, fold=self._dialect.fold)

    def _peek(self, text: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text == text

    def _take(self, mark: str) -> bool:
        found = self._peek(mark) and self._tokens[self._at].kind == "mark"
        self._at += found
        return found

    def _take_word(self, word: str) -> bool:
        found = self._peek(word) and self._tokens[self._at].kind == "word"
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise self._wrong()

    def _next(self, kind: str = "") -> _Token:
        if self._at >= len(self._tokens) or (kind and self._tokens[self._at].kind != kind):
            raise self._wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def _wrong(self, token: _Token | None = None) -> Refusal:
        if token is None:
            token = self._tokens[self._at] if self._at < len(self._tokens) else None
        at = token.at if token else len(self._text)
        return Refusal(400, "", f"Syntax error at position {at} in '{self._text}'.")


def _scan(text: str) -> Sequence[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Refusal(400, "", f"Syntax error: character '{text[at : at + 1]}' is not valid at position {at}.")
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return found


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _is_null(of: Callable[[Any], Any], row: Any, *, wanted: bool) -> bool:
    return (of(row) is None) is wanted


def _coerced(found: Operand, text: str, *, fold: bool) -> Any:
    """Return a literal as a value of the operand's type."""
    try:
        return _typed(found.type, text, fold=fold)
    except (ValueError, ArithmeticError) as error:
        raise Refusal(400, "", f"Cannot convert '{text}' to the type of '{found.path}', {found.type}.") from error


def _typed(kind: Type, text: str, *, fold: bool) -> Any:
    if kind in TEXTS:
        return text.casefold() if fold else text
    return _READERS[kind](text)


def _guid(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise ValueError(text)
    return text.lower()


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


def _moment(text: str) -> datetime:
    return moments.parse(text if "T" in text else f"{text}T00:00:00Z")


_READERS: Mapping[Type, Callable[[str], Any]] = {
    Type.ID: _guid,
    Type.BOOLEAN: _boolean,
    Type.DATE: lambda text: date.fromisoformat(text[:10]),
    **dict.fromkeys(LOOKUPS, _guid),
    **dict.fromkeys(WHOLE | CHOICES, int),
    **dict.fromkeys(NUMBERS, Decimal),
    **dict.fromkeys(MOMENTS, _moment),
}
