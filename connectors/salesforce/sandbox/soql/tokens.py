"""SOQL text cut into tokens, and the vendor's way of pointing at one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from connectors.salesforce.sandbox.errors import ApiError


class Kind(StrEnum):
    """What a token is. The names are the groups of the pattern below."""

    DATETIME = "datetime"
    DATE = "date"
    NUMBER = "number"
    STRING = "string"
    RELATIVE = "relative"
    NAME = "name"
    OPERATOR = "operator"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token with its place in the text, counted from 0."""

    kind: Kind
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Tell whether this is one of the (upper-case) keywords."""
        return self.kind is Kind.NAME and self.text.upper() in words


# an offset needs its colon (A-SALESFORCE-57): https://developer.salesforce.com/docs/platform/api-rest/guide/intro-valid-date-formats.html
_PATTERN = re.compile(
    r"""\s*(?:
    (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)(?![\w:]))
    |(?P<date>\d{4}-\d\d-\d\d(?![\w:-]))
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w:-]))
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<relative>[A-Za-z_]\w*:\d+)
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<operator><=|>=|!=|<>|=|<|>)
    |(?P<mark>[(),])
    )""",
    re.VERBOSE | re.DOTALL,
)


def cut(text: str) -> list[Token]:
    """Return the tokens of a query, an END last. Raises `ApiError` 400 `MALFORMED_QUERY`."""
    tokens: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _PATTERN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise malformed(text, at, f"unexpected token: '{text[at:].split(maxsplit=1)[0]}'")
        tokens.append(Token(Kind(match.lastgroup), match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    tokens.append(Token(Kind.END, "<EOF>", end))
    return tokens


def malformed(text: str, at: int, message: str) -> ApiError:
    """Return the error of a query that is no SOQL."""
    return point(text, at, "MALFORMED_QUERY", message)


def point(text: str, at: int, code: str, message: str) -> ApiError:
    """Return an error that shows the place: some text, a caret below it, row and column counted from 1."""
    before = text[:at]
    row = before.count("\n") + 1
    column = at - (before.rfind("\n") + 1)
    line = text.splitlines()[row - 1] if text else ""
    start = max(0, column - 40)
    shown = f"\n{line[start : column + 40]}\n{' ' * (column - start)}^"
    return ApiError(400, code, f"{shown}\nERROR at Row:{row}:Column:{column + 1}\n{message}")
