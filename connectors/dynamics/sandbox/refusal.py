"""What either vendor surface answers when it refuses: a status, a code and a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A refusal; `body()` is the error object that OData prescribes.

    See https://docs.oasis-open.org/odata/odata-json-format/v4.0/odata-json-format-v4.0.html
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"error": {"code": self.code, "message": self.message}}


def unsupported(what: str) -> Refusal:
    """Return the answer to what the vendor can do and this twin cannot.

    It is never the vendor's: nobody should take a gap of the twin for a behaviour of the vendor.
    """
    return Refusal(501, "SANDBOX_UNSUPPORTED", f"The sandbox does not know {what}; the vendor does")
