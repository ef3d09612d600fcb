"""A query cut into words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.zoho.sandbox.errors import ApiError

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.|'')*')
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)
      | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word with its kind (text, number, word, sign, end) and its place."""

    kind: str
    text: str
    column: int

    @property
    def word(self) -> str:
        """The word in lower case, empty for anything else."""
        return self.text.casefold() if self.kind == "word" else ""


def cut(query: str) -> list[Token]:
    """Return the tokens of a query, an end token last. Raises `ApiError` 400 `SYNTAX_ERROR`."""
    tokens: list[Token] = []
    place, end = 0, len(query.rstrip().removesuffix(";"))
    while place < end:
        match = _TOKEN.match(query, place)
        if match is None or match.lastgroup is None:
            raise near(query[place:].split(maxsplit=1)[0], place + 1)
        tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1))
        place = match.end()
    return [*tokens, Token("end", "", end + 1)]


def near(text: str, column: int) -> ApiError:
    """Return the answer to a query that cannot be read from here on."""
    return ApiError(
        400, "SYNTAX_ERROR", "error occurred while parsing the query", {"line": 1, "column": column, "near": text}
    )


def missing(clause: str) -> ApiError:
    """Return the answer to a query that lacks a clause."""
    return ApiError(400, "SYNTAX_ERROR", "missing clause", {"clause": clause})
