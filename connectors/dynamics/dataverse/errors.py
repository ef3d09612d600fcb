"""What Dataverse and the network between say when a call fails: a table from code to what happens next.

https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType

import requests

from connectors.contract import (
    ConnectorError,
    CursorLost,
    Malformed,
    Misconfigured,
    Refused,
    Retryable,
    Throttled,
    Unknown,
)
from connectors.odata import Fault
from connectors.transport import NotSent

LONGEST_WAIT = timedelta(hours=1)
SHORTEST_WAIT = timedelta(seconds=1)
WAIT = timedelta(seconds=30)
"""Where the vendor names no time."""
EXPIRED = "0x80044352"
"""ExpiredVersionStamp: https://learn.microsoft.com/power-apps/developer/data-platform/cache-schema-data"""


class FieldUnknown(Misconfigured):
    """A query names a column that the table does not have, or has no longer."""


class DeltaLost(CursorLost):
    """The delta link has lapsed: what changed since it was given must be found another way."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens next, and the sentence for the operator."""

    error: type[ConnectorError]
    sentence: str


_PRIVILEGE = Meaning(
    Misconfigured,
    "The application user may not do this in Dataverse: give its security role the privilege, for reading by change "
    "tracking at the level of the organization.",
)
_BUSY = Meaning(Retryable, "Dataverse reports a fault of its own.")

_BY_CODE: Mapping[str, Meaning] = MappingProxyType(
    {
        "0x80072560": Meaning(
            Misconfigured,
            "Dataverse does not know the app: add it as an application user of the environment, with a security role.",
        ),
        "0x80072561": Meaning(Misconfigured, "The application user is disabled: enable it in the environment."),
        **dict.fromkeys(("0x80040220", "0x80048306", "0x80042f09"), _PRIVILEGE),
        "0x80060888": Meaning(
            FieldUnknown, "Dataverse does not know a column or option of the query: check the names in `kinds`."
        ),
        "0x8006088a": Meaning(Misconfigured, "Dataverse does not know the table: check the names in `kinds`."),
        EXPIRED: Meaning(DeltaLost, "The delta link has lapsed."),
        **dict.fromkeys(("0x80040216", "0x80044150", "0x80044151", "0x80048105"), _BUSY),
    }
)
_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "0x80072322": "Dataverse counts too many calls of this user in five minutes: lower `share`, or poll less.",
        "0x80072321": "The calls of this user take Dataverse too long: lower `concurrency` or `page_size`.",
        "0x80072326": "Dataverse counts too many calls of this user at once: lower `concurrency`.",
    }
)
"""https://learn.microsoft.com/power-apps/developer/data-platform/api-limits"""


def explain(fault: Fault, waits: timedelta | None = None) -> ConnectorError:
    """Return the error to raise for a failed call; `waits` is the vendor's own wish for how long."""
    meaning = _BY_CODE.get(fault.code.lower()) or _by_status(fault)
    if meaning is None:
        # The code is shown, because nobody can look up what is hidden.
        return Refused(f"Dataverse refused the call ({fault.code or f'HTTP {fault.status}'}).", detail=fault.detail)
    if issubclass(meaning.error, Retryable):
        return Retryable(meaning.sentence, detail=fault.detail, after=waits)
    return meaning.error(meaning.sentence, detail=fault.detail)


def throttled(fault: Fault, waits: timedelta | None, scope: str) -> Throttled:
    """Return the error for a call beyond the service protection limits."""
    sentence = _LIMITS.get(fault.code.lower(), "Dataverse asks for fewer calls of this user.")
    return Throttled(sentence, after=waits or WAIT, scope=scope, detail=fault.detail)


def lapsed(fault: Fault) -> bool:
    """Tell whether the vendor refuses a link of its own: because it is too old, or the table has changed under it.

    The page on change tracking says that there is an error and neither status nor code (A-DYNAMICS-2, A-DYNAMICS-3); taking one
    for another costs a few more calls, while a link that is kept forever ends all reading.
    """
    return fault.status in {400, 404, 410, 412} or fault.code.lower() == EXPIRED


def explain_network(fault: requests.RequestException, *, repeatable: bool) -> ConnectorError:
    """Return the error for a call that got no answer: only what changes nothing may simply be sent again."""
    detail = type(fault).__name__
    if isinstance(fault, requests.exceptions.SSLError):
        return Misconfigured(
            "The certificate of Dataverse is not trusted: name the private CA in this source's settings.",
            detail=detail,
        )
    if repeatable or isinstance(fault, NotSent | requests.exceptions.ConnectTimeout):
        return Retryable("Dataverse cannot be reached, or did not answer in time.", detail=detail)
    return Unknown("The connection to Dataverse broke after the call was sent.", detail=detail)


def unreadable(body: bytes, detail: str = "") -> Malformed:
    """Return the error for an answer that is not what the vendor documents."""
    return Malformed("Dataverse's answer is not what its documentation says.", body=body, detail=detail)


def wait_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read `Retry-After` (headers are lower-case), seconds or a date; None where it is absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text):
        asked = timedelta(seconds=float(text))
    else:
        try:
            asked = parsedate_to_datetime(text) - now
        except (ValueError, TypeError):
            return None
    return min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)


def _by_status(fault: Fault) -> Meaning | None:
    if fault.status == 401:
        return Meaning(Misconfigured, "Dataverse refuses a fresh token: check `url`, `tenant` and the app.")
    if fault.status == 403:
        return _PRIVILEGE
    if fault.status in {408, 500, 502, 503, 504}:
        return Meaning(Retryable, "Dataverse is not available.")
    if 300 <= fault.status < 400:
        return Meaning(Misconfigured, "Dataverse sends the call to another address: check `url`.")
    return None
