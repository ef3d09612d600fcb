"""The query part of an address: system query options, as they were sent.

See https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part2-url-conventions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from connectors.dynamics.sandbox.refusal import Refusal, unsupported

KNOWN = frozenset({"$select", "$filter", "$orderby", "$expand", "$top", "$skip", "$count", "$skiptoken", "$deltatoken"})
BEYOND = frozenset({"$apply", "$search", "fetchXml", "savedQuery", "userQuery", "sql"})
"""What the vendor reads too."""
INSIDE = frozenset({"$select", "$expand", "$filter"})
"""What may stand in the parentheses of `$expand`."""


@dataclass(frozen=True, slots=True)
class Order:
    """One criterion of `$orderby`."""

    path: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Expand:
    """One navigation of `$expand`, with the options in its parentheses."""

    name: str
    options: Options


@dataclass(frozen=True, slots=True)
class Options:
    """The system query options of a request; `raw` are all parameters, unquoted once; `text` is the query as sent."""

    raw: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def select(self) -> Sequence[str]:
        """The names in `$select`, empty for all."""
        return [name.strip() for name in split(self.raw.get("$select", "")) if name.strip()]

    @property
    def filter(self) -> str:
        """The text of `$filter`, with the values of parameters like `@p` in their places."""
        return re.sub(r"@\w+", lambda found: self.raw.get(found[0], found[0]), self.raw.get("$filter", ""))

    @property
    def order(self) -> Sequence[Order]:
        """The criteria of `$orderby`."""
        found = []
        for item in split(self.raw.get("$orderby", "")):
            words = item.split()
            if not words:
                continue
            if len(words) > 2 or (len(words) == 2 and words[1] not in {"asc", "desc"}):
                raise Refusal(400, "", f"Syntax error at position 0 in '{item.strip()}'.")
            found.append(Order(words[0], words[1:] == ["desc"]))
        return found

    @property
    def expand(self) -> Sequence[Expand]:
        """The navigations of `$expand`."""
        return [_expand(item.strip()) for item in split(self.raw.get("$expand", "")) if item.strip()]

    @property
    def top(self) -> int | None:
        """`$top`."""
        return self._number("$top")

    @property
    def skip(self) -> int | None:
        """`$skip`."""
        return self._number("$skip")

    @property
    def counted(self) -> bool:
        """`$count`."""
        return self.raw.get("$count", "false").casefold() == "true"

    def without(self, *names: str) -> str:
        """Return the query as it was sent, less some parameters."""
        kept = [part for part in self.text.split("&") if part and unquote_plus(part.partition("=")[0]) not in names]
        return "&".join(kept)

    def _number(self, name: str) -> int | None:
        if name not in self.raw:
            return None
        if not self.raw[name].isdecimal():
            raise Refusal(400, "", f"Invalid value '{self.raw[name]}' for {name} query option found.")
        return int(self.raw[name])


def read(query: str) -> Options:
    """Read a query string that is still encoded. Raises `Refusal` 400 for an unknown system query option, 501 for one beyond the twin."""
    raw: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name:
            raw[unquote_plus(name)] = unquote_plus(value)
    for name in raw:
        if name in BEYOND:
            raise unsupported(name)
        if name.startswith("$") and name not in KNOWN:
            raise Refusal(400, "", f"The query parameter {name} is not supported.")
    return Options(raw, query)


def split(text: str, mark: str = ",") -> Iterator[str]:
    """Yield what stands between marks that are outside of parentheses and quotes."""
    depth, quoted, begin = 0, False, 0
    for at, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        elif sign == mark and depth == 0:
            yield text[begin:at]
            begin = at + 1
    yield text[begin:]


def _expand(item: str) -> Expand:
    name, bracket, rest = item.partition("(")
    if bracket and not rest.endswith(")"):
        raise Refusal(400, "", f"Syntax error in '{item}'.")
    raw: dict[str, str] = {}
    for part in split(rest[:-1], ";"):
        option, _, value = part.strip().partition("=")
        if option:
            raw[option] = value
    if beyond := set(raw) - INSIDE:
        raise unsupported(f"{min(beyond)} inside $expand")
    return Expand(name.strip(), Options(raw, rest[:-1]))
