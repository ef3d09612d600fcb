"""SuiteQL text to tree.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156257790831.html
"""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn

from connectors.netsuite.sandbox.errors import unsupported
from connectors.netsuite.sandbox.suiteql.syntax import (
    Among,
    Between,
    Call,
    Compare,
    Condition,
    Constant,
    Empty,
    Expression,
    Group,
    Name,
    Negation,
    Order,
    Parameter,
    Query,
    Selected,
    Source,
    Star,
)
from connectors.netsuite.sandbox.suiteql.tokens import Kind, Token, cut, unparsed

_CLAUSES = ("FROM", "WHERE", "GROUP", "ORDER", "FETCH", "INNER", "LEFT", "JOIN", "ON", "AND", "OR", "NOT", "IN", "IS")
_ENDINGS = (*_CLAUSES, "BETWEEN", "LIKE", "ASC", "DESC", "NULLS", "AS", "BY")
_BEYOND = ("UNION", "WITH", "HAVING", "ROWNUM", "CASE", "EXISTS", "RIGHT", "FULL", "CROSS", "OFFSET", "TOP", "OVER")
_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")


def parse(text: str) -> Query:
    """Return the tree of a query.

    Raises `ApiError` 400 for what is no SuiteQL and 501 for SuiteQL that the twin does not know.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = cut(text)
        self._next = 0
        self._parameters = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def query(self) -> Query:
        self._expect("SELECT")
        distinct = self._skip("DISTINCT")
        selected = [self._selected()]
        while self._skip_mark(","):
            selected.append(self._selected())
        self._expect("FROM")
        sources = self._sources()
        where = self._condition() if self._skip("WHERE") else None
        groups = self._groups() if self._skip("GROUP") else ()
        orders = self._orders() if self._skip("ORDER") else ()
        first = self._fetch() if self._skip("FETCH") else None
        if self._token.kind is not Kind.END:
            self._unexpected()
        return Query(distinct, tuple(selected), tuple(sources), where, groups, orders, first, self._parameters)

    def _selected(self) -> Selected:
        expression = self._expression(star=True)
        label = self._take_name() if self._skip("AS") else ""
        if not label and self._token.kind is Kind.NAME and not self._token.is_word(*_ENDINGS):
            label = self._take_name()
        return Selected(expression, label)

    def _sources(self) -> list[Source]:
        sources = [self._source()]
        while True:
            if self._skip_mark(","):
                sources.append(self._source())
            elif self._token.is_word("INNER", "JOIN", "LEFT"):
                sources.append(self._join())
            else:
                return sources

    def _join(self) -> Source:
        outer = self._skip("LEFT")
        if outer:
            self._skip("OUTER")
        else:
            self._skip("INNER")
        self._expect("JOIN")
        source = self._source()
        self._expect("ON")
        return Source(source.table, source.alias, outer, self._condition())

    def _source(self) -> Source:
        if self._token.text == "(":
            raise unsupported("a query inside FROM")
        table = self._take_name()
        alias = table
        if self._skip("AS") or (self._token.kind is Kind.NAME and not self._token.is_word(*_CLAUSES, *_BEYOND)):
            alias = self._take_name()
        return Source(table, alias)

    def _condition(self) -> Condition:
        conditions = [self._conjunction()]
        while self._skip("OR"):
            conditions.append(self._conjunction())
        return conditions[0] if len(conditions) == 1 else Group(every=False, conditions=tuple(conditions))

    def _conjunction(self) -> Condition:
        conditions = [self._term()]
        while self._skip("AND"):
            conditions.append(self._term())
        return conditions[0] if len(conditions) == 1 else Group(every=True, conditions=tuple(conditions))

    def _term(self) -> Condition:
        if self._skip("NOT"):
            return Negation(self._term())
        if self._token.text == "(" and self._token.kind is Kind.MARK:
            self._next += 1
            inner = self._condition()
            self._expect_mark(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Condition:
        left = self._expression()
        if self._token.kind is Kind.OPERATOR and self._token.text in _COMPARISONS:
            operator = self._take().text
            return Compare(left, "!=" if operator == "<>" else operator, self._expression())
        if self._skip("IS"):
            negated = self._skip("NOT")
            self._expect("NULL")
            return Negation(Empty(left)) if negated else Empty(left)
        negated = self._skip("NOT")
        found = self._chosen(left)
        return Negation(found) if negated else found

    def _chosen(self, left: Expression) -> Condition:
        if self._skip("IN"):
            return self._among(left)
        if self._skip("BETWEEN"):
            low = self._expression()
            self._expect("AND")
            return Between(left, low, self._expression())
        self._expect("LIKE")
        return Compare(left, "LIKE", self._expression())

    def _among(self, left: Expression) -> Condition:
        self._expect_mark("(")
        if self._token.is_word("SELECT"):
            raise unsupported("a query inside IN")
        members = [self._expression()]
        while self._skip_mark(","):
            members.append(self._expression())
        self._expect_mark(")")
        return Among(left, tuple(members))

    def _expression(self, *, star: bool = False) -> Expression:
        token = self._take()
        match token.kind:
            case Kind.STRING | Kind.NUMBER:
                return _literal(token)
            case Kind.OPERATOR if token.text == "*" and star:
                return Star("")
            case Kind.OPERATOR if token.text == "-" and self._token.kind is Kind.NUMBER:
                return Constant(-Decimal(self._take().text))
            case Kind.MARK if token.text == "?":
                self._parameters += 1
                return Parameter(self._parameters - 1)
            case Kind.NAME if not token.is_word(*_ENDINGS):
                return self._named(token, star=star)
        self._next -= 1
        return self._unexpected()

    def _named(self, token: Token, *, star: bool) -> Expression:
        if token.is_word("NULL"):
            return Constant(None)
        if token.is_word(*_BEYOND):
            raise unsupported(token.text.upper())
        parts = [token.text]
        while self._skip_mark("."):
            if star and self._token.text == "*":
                self._next += 1
                return Star(parts[0])
            parts.append(self._take_name())
        if self._token.text == "(" and self._token.kind is Kind.MARK:
            return self._call(".".join(parts).upper())
        if len(parts) > 2:
            raise unparsed()
        return Name(parts[0] if len(parts) == 2 else "", parts[-1])

    def _call(self, name: str) -> Call:
        self._expect_mark("(")
        distinct = self._skip("DISTINCT")
        arguments: list[Expression] = []
        while not self._skip_mark(")"):
            if arguments:
                self._expect_mark(",")
            arguments.append(self._expression(star=name == "COUNT"))
        return Call(name, tuple(arguments), distinct)

    def _groups(self) -> tuple[Expression, ...]:
        self._expect("BY")
        groups = [self._expression()]
        while self._skip_mark(","):
            groups.append(self._expression())
        return tuple(groups)

    def _orders(self) -> tuple[Order, ...]:
        self._expect("BY")
        orders = [self._order()]
        while self._skip_mark(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        expression = self._expression()
        descending = self._skip("DESC")
        if not descending:
            self._skip("ASC")
        # as in Oracle's database: empty values are the highest
        nulls_first = descending
        if self._skip("NULLS"):
            nulls_first = self._skip("FIRST")
            if not nulls_first:
                self._expect("LAST")
        return Order(expression, descending, nulls_first)

    def _fetch(self) -> int:
        if not self._skip("FIRST"):
            self._expect("NEXT")
        if self._token.kind is not Kind.NUMBER:
            self._unexpected()
        first = int(self._take().text)
        if not self._skip("ROWS"):
            self._expect("ROW")
        self._expect("ONLY")
        return first

    def _take(self) -> Token:
        token = self._token
        if token.kind is not Kind.END:
            self._next += 1
        return token

    def _take_name(self) -> str:
        if self._token.kind is not Kind.NAME:
            self._unexpected()
        return self._take().text

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
        if token.is_word(*_BEYOND) or token.text in {"||", "+", "/", "*"}:
            raise unsupported(token.text.upper())
        raise unparsed()


def _literal(token: Token) -> Constant:
    if token.kind is Kind.NUMBER:
        return Constant(Decimal(token.text))
    return Constant(token.text[1:-1].replace("''", "'"))
