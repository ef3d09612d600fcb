"""The path of an address: segments with keys or arguments in parentheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from connectors.dynamics.sandbox.odata.options import split


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. `args` are what stands in its parentheses by name, a lone value by the empty one; None without."""

    name: str
    args: Mapping[str, str] | None = None

    @property
    def key(self) -> str:
        """The lone value in the parentheses, without quotes."""
        return plain((self.args or {}).get("", ""))


def segments(path: str) -> Sequence[Segment]:
    """Read a path that is still encoded."""
    return [_segment(unquote(part)) for part in path.split("/") if part]


def plain(value: str) -> str:
    """Return a value without the quotes of a text."""
    quoted = len(value) > 1 and value.startswith("'") and value.endswith("'")
    return value[1:-1].replace("''", "'") if quoted else value


def _segment(text: str) -> Segment:
    name, bracket, rest = text.partition("(")
    if not bracket or not rest.endswith(")"):
        return Segment(text)
    args: dict[str, str] = {}
    for part in split(rest[:-1]):
        left, equals, right = part.partition("=")
        if equals and not left.strip().startswith("'"):
            args[left.strip()] = right.strip()
        elif part.strip():
            args[""] = part.strip()
    return Segment(name, args)
