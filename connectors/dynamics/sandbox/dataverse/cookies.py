"""Paging cookies: where the next page begins, as XML that is percent-encoded twice inside a link.

A client must use the link as it is: whoever encodes it once more gets an error, see
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-data-web-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from connectors.dynamics.sandbox.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Cookie:
    """The number of the next page, and for each key of the order what the last row had (None: nothing)."""

    page: int
    last: Mapping[str, str | None]
    tracking: bool = False

    def encoded(self, first: Mapping[str, str | None] | None = None) -> str:
        """Return the value of `$skiptoken`, ready for a link."""
        keys = "".join(_element(name, value, (first or {}).get(name)) for name, value in self.last.items())
        inner = f'<cookie page="{self.page - 1}">{keys}</cookie>'
        packed = re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(inner, safe=""))
        outer = f'<cookie pagenumber="{self.page}" pagingcookie="{packed}" istracking="{self.tracking}" />'
        return quote(outer, safe="=/")


def decode(token: str) -> Cookie:
    """Read the value of `$skiptoken`, unquoted once. Raises `Refusal` 400."""
    try:
        outer = ET.fromstring(token)  # noqa: S314 - a twin reads what it wrote itself, on loopback
        inner = ET.fromstring(unquote(outer.attrib["pagingcookie"]))  # noqa: S314 - the same
        last = {e.tag: None if e.get("lastnull") else e.attrib["last"] for e in inner}
        return Cookie(int(outer.attrib["pagenumber"]), last, outer.get("istracking") == "True")
    except (ET.ParseError, KeyError, ValueError) as error:
        raise Refusal(400, "0x80040203", "Malformed XML in the Paging Cookie.") from error


def _element(name: str, last: str | None, first: str | None) -> str:
    ends = f"last={quoteattr(last)}" if last is not None else 'lastnull="1"'
    begins = f" first={quoteattr(first)}" if first is not None else ""
    return f"<{name} {ends}{begins} />"
