"""SOQL text to tree.

See https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NoReturn

from connectors.salesforce.sandbox.errors import ApiError, unsupported
from connectors.salesforce.sandbox.soql import dates
from connectors.salesforce.sandbox.soql.syntax import (
    Among,
    Compare,
    Condition,
    Group,
    Literal,
    LiteralKind,
    Negation,
    Order,
    Path,
    Query,
    Within,
)
from connectors.salesforce.sandbox.soql.tokens import Kind, Token, cut, malformed, point

MAX_OFFSET = 2000
_KEYWORDS = ("WHERE", "ORDER", "LIMIT", "OFFSET")
_BEYOND = ("GROUP", "HAVING", "WITH", "USING", "FOR", "TYPEOF", "INCLUDES", "EXCLUDES")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_MONEY = re.compile(r"[A-Z]{3}\d+")


def parse(text: str) -> Query:
    """Return the tree of a query.

    Raises `ApiError` 400 `MALFORMED_QUERY` for what is no SOQL and 501 for SOQL that the twin does not know.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = cut(text)
        self._next = 0
        self._today = datetime.now(UTC).date()

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def query(self) -> Query:
        query = self._query()
        if self._token.kind is not Kind.END:
            self._unexpected()
        return query

    def _query(self) -> Query:
        self._expect("SELECT")
        counts, fields, children = self._selection()
        self._expect("FROM")
        source = self._path()
        alias = ""
        if self._token.kind is Kind.NAME and not self._token.is_word(*_KEYWORDS, *_BEYOND):
            alias = self._take().text
        where = self._condition() if self._skip("WHERE") else None
        orders = self._orders() if self._skip("ORDER") else ()
        limit = self._whole() if self._skip("LIMIT") else None
        offset = self._offset() if self._skip("OFFSET") else 0
        return Query(self._text, counts, fields, children, source, alias, where, orders, limit, offset)

    def _selection(self) -> tuple[bool, tuple[Path, ...], tuple[Query, ...]]:
        first = self._token
        if first.is_word("COUNT") and [t.text for t in self._tokens[self._next + 1 : self._next + 3]] == ["(", ")"]:
            self._next += 3
            return True, (), ()
        selected = [self._selected()]
        while self._skip_mark(","):
            selected.append(self._selected())
        fields = tuple(one for one in selected if isinstance(one, Path))
        return False, fields, tuple(one for one in selected if isinstance(one, Query))

    def _selected(self) -> Path | Query:
        if self._token.text == "(":
            return self._inner()
        path = self._path()
        if self._token.text == "(":
            raise unsupported(f"the function {'.'.join(path.parts)}()")
        return path

    def _inner(self) -> Query:
        self._expect_mark("(")
        query = self._query()
        self._expect_mark(")")
        return query

    def _condition(self) -> Condition:
        """Read conditions joined by AND or by OR; both at one level need parentheses (A-SALESFORCE-56)."""
        conditions = [self._term()]
        joint = self._token.text.upper() if self._token.is_word("AND", "OR") else ""
        while joint and self._skip(joint):
            conditions.append(self._term())
        return conditions[0] if len(conditions) == 1 else Group(joint == "AND", tuple(conditions))

    def _term(self) -> Condition:
        if self._skip("NOT"):
            return Negation(self._term())
        if self._skip_mark("("):
            inner = self._condition()
            self._expect_mark(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        path = self._path()
        if self._token.text == "(":
            raise unsupported(f"the function {'.'.join(path.parts)}()")
        negated = self._skip("NOT")
        if negated or self._token.is_word("IN"):
            self._expect("IN")
            if self._token.text == "(" and self._tokens[self._next + 1].is_word("SELECT"):
                return Within(path, self._inner(), negated)
            return Among(path, self._list(), negated)
        if self._skip("LIKE"):
            return Compare(path, "LIKE", self._literal())
        if self._token.kind is not Kind.OPERATOR:
            self._unexpected()
        operator = self._take().text
        return Compare(path, "!=" if operator == "<>" else operator, self._literal())

    def _list(self) -> tuple[Literal, ...]:
        self._expect_mark("(")
        literals = [self._literal()]
        while self._skip_mark(","):
            literals.append(self._literal())
        self._expect_mark(")")
        return tuple(literals)

    def _literal(self) -> Literal:
        token = self._take()
        try:
            return _literal(token, self._today)
        except ValueError as error:
            raise malformed(self._text, token.at, f"unexpected token: '{token.text}'") from error

    def _orders(self) -> tuple[Order, ...]:
        self._expect("BY")
        orders = [self._order()]
        while self._skip_mark(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        path = self._path()
        descending = self._skip("DESC")
        if not descending:
            self._skip("ASC")
        nulls_last = False
        if self._skip("NULLS"):
            nulls_last = self._skip("LAST")
            if not nulls_last:
                self._expect("FIRST")
        return Order(path, descending, nulls_last)

    def _whole(self) -> int:
        if self._token.kind is not Kind.NUMBER or not self._token.text.isdecimal():
            self._unexpected()
        return int(self._take().text)

    def _offset(self) -> int:
        at = self._token.at
        offset = self._whole()
        if offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise point(self._text, at, "NUMBER_OUTSIDE_VALID_RANGE", message)
        return offset

    def _path(self) -> Path:
        token = self._token
        if token.kind is not Kind.NAME or token.is_word("FROM", *_KEYWORDS, *_BEYOND):
            self._unexpected()
        self._next += 1
        return Path(tuple(token.text.split(".")), token.at)

    def _take(self) -> Token:
        token = self._token
        if token.kind is not Kind.END:
            self._next += 1
        return token

    def _skip(self, word: str) -> bool:
        found = self._token.is_word(word)
        self._next += found
        return found

    def _skip_mark(self, mark: str) -> bool:
        found = self._token.kind is Kind.MARK and self._token.text == mark
        self._next += found
        return found

    def _expect(self, word: str) -> None:
        if not self._skip(word):
            self._unexpected()

    def _expect_mark(self, mark: str) -> None:
        if not self._skip_mark(mark):
            self._unexpected()

    def _unexpected(self) -> NoReturn:
        token = self._token
        if token.is_word(*_BEYOND):
            raise unsupported(token.text.upper())
        raise malformed(self._text, token.at, f"unexpected token: '{token.text}'")


def _literal(token: Token, today: date) -> Literal:
    """Read one literal. Raises `ValueError` for what is none."""
    match token.kind:
        case Kind.STRING:
            return Literal(LiteralKind.STRING, _unescape(token.text[1:-1]), token.at)
        case Kind.NUMBER:
            return Literal(LiteralKind.NUMBER, Decimal(token.text), token.at)
        case Kind.DATE:
            return Literal(LiteralKind.DATE, date.fromisoformat(token.text), token.at)
        case Kind.DATETIME:
            return Literal(LiteralKind.DATETIME, datetime.fromisoformat(token.text), token.at)
        case Kind.RELATIVE:
            return _range(token, dates.counted(token.text, today))
        case Kind.NAME:
            return _word(token, today)
    raise ValueError(token.text)


def _word(token: Token, today: date) -> Literal:
    match token.text.upper():
        case "NULL":
            return Literal(LiteralKind.NULL, None, token.at)
        case "TRUE" | "FALSE" as word:
            return Literal(LiteralKind.BOOLEAN, word == "TRUE", token.at)
        case word if _MONEY.fullmatch(word):
            raise unsupported("amounts with a currency")
        case word if word in dates.UNKNOWN:
            raise unsupported(word)
        case word:
            return _range(token, dates.fixed(word, today))


def _range(token: Token, days: dates.Range | None) -> Literal:
    if days is None:
        raise ValueError(token.text)
    return Literal(LiteralKind.RANGE, days, token.at)


def _unescape(text: str) -> str:
    r"""Undo the escapes of a string; \% and \_ stay, because only LIKE understands them."""
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _escape, text, flags=re.DOTALL)


def _escape(match: re.Match[str]) -> str:
    code = match[1]
    if code in "%_":
        return match[0]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    if code in _ESCAPES:
        return _ESCAPES[code]
    if code in "'\"\\":
        return code
    raise ApiError(400, "MALFORMED_QUERY", f"Illegal character sequence '\\{code}' in string literal")
