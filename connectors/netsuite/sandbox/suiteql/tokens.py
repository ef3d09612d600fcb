"""SuiteQL text cut into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from connectors.netsuite.sandbox.errors import ApiError, bad_query


class Kind(StrEnum):
    """What a token is. The names are the groups of the pattern below."""

    NUMBER = "number"
    STRING = "string"
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


_COMMENTS = re.compile(r"(?:\s|--[^\n]*|/\*.*?\*/|;)*", re.DOTALL)
_PATTERN = re.compile(
    r"""(?:\s|--[^\n]*|/\*.*?\*/)*(?:
    (?P<number>\d+\.?\d*(?![\w])|\.\d+)
    |(?P<string>'(?:[^']|'')*')
    |(?P<name>"[^"]+"|[A-Za-z_]\w*)
    |(?P<operator><=|>=|!=|<>|\|\||[=<>*+/-])
    |(?P<mark>[(),.?;])
    )""",
    re.VERBOSE | re.DOTALL,
)


def cut(text: str) -> list[Token]:
    """Return the tokens of a query, an END last. Raises `ApiError` 400."""
    tokens: list[Token] = []
    at = 0
    end = len(text.rstrip().rstrip(";").rstrip())
    while at < end:
        if _COMMENTS.fullmatch(text, at):
            break
        match = _PATTERN.match(text, at)
        if match is None or match.lastgroup is None:
            raise unparsed()
        tokens.append(Token(Kind(match.lastgroup), match[match.lastgroup].strip('"'), match.start(match.lastgroup)))
        at = match.end()
    tokens.append(Token(Kind.END, "", end))
    return tokens


def unparsed() -> ApiError:
    """Return the error of a query that is no SuiteQL."""
    return bad_query("Search error occurred: Invalid or unsupported search.")
