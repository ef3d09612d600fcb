"""The grammar of queries.

See https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html
and https://www.zoho.com/crm/developer/docs/api/v8/COQL-Limitations.html
"""

from __future__ import annotations

from decimal import Decimal

from connectors.zoho.sandbox.coql.syntax import Both, Condition, Criterion, Query, Sort
from connectors.zoho.sandbox.coql.tokens import Token, cut, missing, near
from connectors.zoho.sandbox.errors import ApiError

LIMIT = 200
MAX_LIMIT = 2000
MAX_REACH = 100_000
MAX_COLUMNS = 50
MAX_SORTS = 10
MAX_CRITERIA = 25
MAX_IN = 50

_COMPARISONS = frozenset({"=", "!=", "<>", "<", ">", "<=", ">="})
_WORDS = {"true": True, "false": False}


def parse(text: str, *, brackets: bool) -> Query:
    """Read a query. `brackets`: more than two criteria must be nested. Raises `ApiError` 400."""
    return _Parser(cut(text), brackets).query()


class _Parser:
    def __init__(self, tokens: list[Token], brackets: bool) -> None:
        self._tokens = tokens
        self._place = 0
        self._brackets = brackets
        self._criteria = 0

    def query(self) -> Query:
        self._clause("select")
        columns = self._columns()
        self._clause("from")
        module = self._name()
        self._clause("where")
        where = self._condition(nested=False)
        order = self._order()
        limit, offset = self._limits()
        if self._now.kind != "end":
            raise near(self._now.text, self._now.column)
        return Query(columns, module, where, order, limit, offset)

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._now
        self._place += token.kind != "end"
        return token

    def _take(self, text: str) -> bool:
        found = self._now.kind in {"word", "sign"} and self._now.text.casefold() == text
        self._place += found
        return found

    def _clause(self, word: str) -> None:
        if not self._take(word):
            raise missing(word)

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise near(self._now.text, self._now.column)

    def _name(self) -> str:
        token = self._next()
        if token.kind != "word":
            raise near(token.text, token.column)
        return token.text

    def _columns(self) -> list[str]:
        columns = [self._name()]
        while self._take(","):
            columns.append(self._name())
        if len(columns) > MAX_COLUMNS:
            raise _exceeded("select", MAX_COLUMNS)
        _no_repeats(columns)
        return columns

    def _condition(self, *, nested: bool) -> Condition:
        parts = [self._operand()]
        words: list[str] = []
        while self._now.word in {"and", "or"}:
            words.append(self._next().word)
            parts.append(self._operand())
            # A-ZOHO-68: the pages demand the brackets and do not say what happens without
            if self._brackets and len(parts) > 2:
                raise near(words[-1], self._now.column)
        if nested:
            self._expect(")")
        joined = parts[0]
        for word, part in zip(words, parts[1:], strict=True):
            joined = Both(word, (joined, part))
        return joined

    def _operand(self) -> Condition:
        if self._take("("):
            return self._condition(nested=True)
        self._criteria += 1
        if self._criteria > MAX_CRITERIA:
            raise _exceeded("where", MAX_CRITERIA)
        column = self._name()
        return self._criterion(column)

    def _criterion(self, column: str) -> Criterion:
        sign = self._next()
        if sign.text in _COMPARISONS:
            return Criterion(column, "!=" if sign.text == "<>" else sign.text, (self._value(),))
        if sign.word == "is":
            word = "is not null" if self._take("not") else "is null"
            self._expect("null")
            return Criterion(column, word, ())
        negated = "not " if sign.word == "not" else ""
        word = self._next().word if negated else sign.word
        if word == "in":
            return Criterion(column, f"{negated}in", self._values())
        if word == "like":
            return Criterion(column, f"{negated}like", (self._value(),))
        if word == "between":
            low = self._value()
            self._expect("and")
            return Criterion(column, f"{negated}between", (low, self._value()))
        raise near(sign.text, sign.column)

    def _values(self) -> list[object]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        if len(values) > MAX_IN:
            raise _exceeded("in", MAX_IN)
        return values

    def _value(self) -> object:
        token = self._next()
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'").replace("\\'", "'").replace("\\\\", "\\")
        if token.kind == "number":
            return Decimal(token.text)
        if token.kind == "word":
            # the pages write choices without quotes
            return _WORDS.get(token.word, token.text)
        raise near(token.text, token.column)

    def _order(self) -> list[Sort]:
        if not self._take("order"):
            return []
        self._expect("by")
        sorts = [self._sort()]
        while self._take(","):
            sorts.append(self._sort())
        if len(sorts) > MAX_SORTS:
            raise _exceeded("order by", MAX_SORTS)
        _no_repeats([sort.column for sort in sorts])
        return sorts

    def _sort(self) -> Sort:
        column = self._name()
        descending = self._take("desc")
        if not descending:
            self._take("asc")
        return Sort(column, descending)

    def _limits(self) -> tuple[int, int]:
        """Read `limit 200`, `limit 200 offset 400` or `limit 400, 200`, where the offset comes first."""
        limit, offset = LIMIT, 0
        if self._take("limit"):
            limit = self._count()
            if self._take(","):
                limit, offset = self._count(), limit
        if self._take("offset"):
            offset = self._count()
        if limit > MAX_LIMIT:
            raise _exceeded("limit", MAX_LIMIT)
        if offset + limit > MAX_REACH:
            raise _exceeded("offset", MAX_REACH)
        return limit, offset

    def _count(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdecimal():
            raise near(token.text, token.column)
        return int(token.text)


def _no_repeats(names: list[str]) -> None:
    repeated = [name for n, name in enumerate(names) if name in names[:n]]
    if repeated:
        raise ApiError(400, "DUPLICATE_DATA", "duplicate data", {"column_name": repeated[0]})


def _exceeded(clause: str, limit: int) -> ApiError:
    return ApiError(400, "LIMIT_EXCEEDED", "Limit exceeded", {"clause": clause, "limit": limit})
