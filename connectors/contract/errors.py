"""Errors, each named by what its runner must do next.

::

    ConnectorError
    |- Retryable       try again after `after`, or by the runner's own back-off
    |  `- Throttled    the vendor said "too much": stop `scope` for `after`
    |- Refused         final for this request: tell the operator
    |- Unknown         sent, and no answer came: it may have happened
    |- Misconfigured   final until somebody changes a setting or a permission
    |- Malformed       not what the vendor documents: keep the bytes
    `- CursorLost      the vendor forgot the cursor: read again from the start
"""

from __future__ import annotations

from datetime import timedelta


class ConnectorError(Exception):
    """Something a vendor did or said.

    `str(error)` tells the operator what to do; `detail` is for us (codes, ids) and holds no secret or field's value.
    """

    def __init__(self, sentence: str, *, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


class Retryable(ConnectorError):
    """A passing fault."""

    def __init__(self, sentence: str, *, detail: str = "", after: timedelta | None = None) -> None:
        super().__init__(sentence, detail=detail)
        self.after = after


class Throttled(Retryable):
    """The vendor's quota is used up. `scope` names what must stop: a credential, a destination, an address."""

    def __init__(self, sentence: str, *, after: timedelta, scope: str, detail: str = "") -> None:
        super().__init__(sentence, detail=detail, after=after)
        self.scope = scope


class Refused(ConnectorError):
    """Final for this request."""


class Unknown(ConnectorError):
    """Sent, and no answer came."""


class Misconfigured(ConnectorError):
    """Final until a person changes something."""


class Malformed(ConnectorError):
    """An answer that the vendor does not document. `body` is what came."""

    def __init__(self, sentence: str, *, body: bytes, detail: str = "") -> None:
        super().__init__(sentence, detail=detail)
        self.body = body


class CursorLost(ConnectorError):
    """The vendor no longer knows the cursor. Whoever pulls starts again without one."""
