"""The header `Prefer`.

See https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part1-protocol.html#_Toc372793615
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_PREFERENCE = re.compile(r'\s*([\w.\-]+)(?:\s*=\s*(?:"([^"]*)"|([^,;"]*)))?\s*(?:[,;]|$)')


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client prefers, by lower-case name, with or without the prefix `odata.`."""

    given: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Tell whether this is preferred."""
        return name in self.given

    @property
    def page_size(self) -> int | None:
        """The rows of a page."""
        text = self.given.get("maxpagesize", "")
        return int(text) if text.isdecimal() and int(text) > 0 else None

    @property
    def representation(self) -> bool:
        """Whether a write answers with the row."""
        return self.given.get("return") == "representation"

    def annotated(self, name: str) -> bool:
        """Tell whether annotations of this name are asked for."""
        wanted = False
        for pattern in self.given.get("include-annotations", "").split(","):
            stripped = pattern.strip()
            if stripped.startswith("-") and fnmatchcase(name, stripped[1:]):
                return False
            wanted = wanted or (bool(stripped) and fnmatchcase(name, stripped))
        return wanted


def read(header: str) -> Preferences:
    """Read the header."""
    given: dict[str, str] = {}
    for match in _PREFERENCE.finditer(header):
        name = match[1].casefold().removeprefix("odata.")
        given[name] = match[2] if match[2] is not None else (match[3] or "").strip()
    return Preferences(given)
