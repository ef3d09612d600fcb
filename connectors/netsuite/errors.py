"""What NetSuite and the network between say when a call fails: a table from code to what happens next.

REST: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import requests

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable, Unknown
from connectors.oauth import GrantRefused
from connectors.transport import NotSent

BLOCKED = frozenset(
    {
        "CONCURRENCY_LIMIT_EXCEEDED",  # REST
        "SSS_REQUEST_LIMIT_EXCEEDED",  # RESTlets, with HTTP 400
        "WS_REQUEST_BLOCKED",  # SOAP, in exceededConcurrentRequestLimitFault
        "WS_CONCUR_SESSION_DISALLWD",  # SOAP, in exceededRequestLimitFault
    }
)
"""The account's calls at once are used up: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1525252812.html."""
LOGIN = frozenset({"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INVALID_LOGIN_CREDENTIALS"})
MISSING = frozenset({"NONEXISTENT_ID", "RCRD_DSNT_EXIST"})


class FieldUnknown(Misconfigured):
    """The query names a field that does not exist, or that the role may not see: `column`, lower-case."""

    column: str = ""


class RecordMissing(Refused):
    """There is no record of this id, or the role may not see it."""


class RecordLocked(Refused):
    """A workflow has locked the record: record calls refuse it, even reading it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is an error: its status, its codes, and the vendor's words, which may quote a value.

    `named` is the path, parameter or header that the vendor complains of.
    """

    status: int
    codes: tuple[str, ...] = ()
    message: str = field(default="", repr=False)
    named: str = ""

    @classmethod
    def read(cls, status: int, body: Any) -> Fault:
        """Read a parsed body: codes stand in `o:errorDetails`, beside it, or in a RESTlet's `error`."""
        if not isinstance(body, dict):
            return cls(status)
        details = body.get("o:errorDetails")
        rows = [row for row in details if isinstance(row, dict)] if isinstance(details, list) else []
        restlet = body.get("error")
        found = [*rows, body, *([restlet] if isinstance(restlet, dict) else [])]
        codes = [_code(row.get("o:errorCode") or (row.get("code") if row is restlet else "")) for row in found]
        messages = [str(row.get("detail") or row.get("message") or "") for row in found]
        named = next((_code(row[key]) for row in rows for key in _NAMED if row.get(key)), "")
        return cls(status, tuple(dict.fromkeys(filter(None, codes))), next(filter(None, messages), ""), named)

    @property
    def code(self) -> str:
        """The most telling code, or nothing."""
        return self.codes[0] if self.codes else ""

    @property
    def blocked(self) -> bool:
        """Whether too many calls were under way at once."""
        return self.status == 429 or not BLOCKED.isdisjoint(self.codes)

    @property
    def detail(self) -> str:
        """Status and codes. The message stays out: it may quote a value."""
        return " ".join((f"HTTP {self.status}", *self.codes))


_NAMED = ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens next, and the sentence for the operator."""

    error: type[ConnectorError]
    sentence: str


SIGN_IN = Meaning(
    Misconfigured,
    "NetSuite refuses the sign-in. Compare this machine's clock with the time in use (it must not differ by minutes), "
    "`account` with the Account ID page, the certificate or token with what the setup page lists as active, and the role "
    "with the integration; Setup > Users/Roles > View Login Audit Trail names the reason.",
)
_FORBIDDEN = Meaning(Misconfigured, "The integration's role may not do this: grant it")

_BY_CODE: Mapping[str, Meaning] = MappingProxyType(
    {
        **dict.fromkeys(LOGIN, SIGN_IN),
        **dict.fromkeys(MISSING, Meaning(RecordMissing, "NetSuite shows no such record.")),
        **dict.fromkeys(("INSUFFICIENT_PERMISSION", "WS_PERMISSION_REQD", "INSUFFICIENT_PRIVILEGES"), _FORBIDDEN),
        "FEATURE_DISABLED": Meaning(Misconfigured, "The account's features do not include this: enable it in Setup."),
        "INVALID_HEADER": Meaning(
            Misconfigured, "NetSuite refuses a header: `language` must be the company's default language, or absent."
        ),
        "INVALID_METHOD": Meaning(Misconfigured, "NetSuite does not offer this call for this type of record."),
        "UNEXPECTED_ERROR": Meaning(Retryable, "NetSuite reports a fault of its own."),
    }
)
_BY_STATUS: Mapping[int, Meaning] = MappingProxyType(
    {
        401: SIGN_IN,
        403: _FORBIDDEN,
        404: Meaning(RecordMissing, "NetSuite does not know this address or record."),
        405: _BY_CODE["INVALID_METHOD"],
    }
)
# A-NETSUITE-102: the words of both are users' reports.
_LOCKED = re.compile(r"locked by a user defined workflow", re.IGNORECASE)
_COLUMN = re.compile(
    r"unknown identifier '([\w.]{1,100})'|field '([\w.]{1,100})' for record '\w{1,100}' was not found", re.IGNORECASE
)
_TABLE = re.compile(r"invalid search type: (\w{1,100})|record '(\w{1,100})' was not found\. reason", re.IGNORECASE)
_PERMISSION = re.compile(r"the '([\w ,/>()-]{1,80})' permission", re.IGNORECASE)


def explain(fault: Fault) -> ConnectorError:
    """Return the error to raise for a failed call that was not `blocked`."""
    if _LOCKED.search(fault.message):
        return RecordLocked("A workflow has locked the record: NetSuite shows it to queries only.", detail=fault.detail)
    column = _COLUMN.search(fault.message)
    if column is not None:
        name = column[1] or column[2]
        unknown = FieldUnknown(
            f"NetSuite knows no field {name} here, or the role may not see it: correct its id, or grant it.",
            detail=fault.detail,
        )
        unknown.column = name.lower()
        return unknown
    table = _TABLE.search(fault.message)
    if table is not None:
        return Misconfigured(
            f"NetSuite shows no table {table[1] or table[2]}: switch the feature on that it belongs to, or grant its "
            "permission to the role.",
            detail=fault.detail,
        )
    meaning = next((_BY_CODE[code] for code in fault.codes if code in _BY_CODE), _BY_STATUS.get(fault.status))
    if meaning is None and fault.status >= 500:
        meaning = Meaning(Retryable, "NetSuite is not available.")
    if meaning is None and 300 <= fault.status < 400:
        meaning = Meaning(Misconfigured, "NetSuite sends the call to another address: check `account`.")
    named = f" (Name: {fault.named})" if fault.named else ""
    if meaning is None:
        # The code is shown, because nobody can look up what is hidden.
        return Refused(f"NetSuite refused the call: {fault.code or 'without a code'}.{named}", detail=fault.detail)
    if meaning is _FORBIDDEN:
        permission = _PERMISSION.search(fault.message)
        named = f": {permission[1]}." if permission else " the permission."
    return meaning.error(meaning.sentence + named, detail=fault.detail)


def explain_grant(refused: GrantRefused) -> ConnectorError:
    """Return the error for a token that was refused: https://www.rfc-editor.org/rfc/rfc6749#section-5.2."""
    detail = f"HTTP {refused.status} {refused.error}"
    if refused.status >= 500 or refused.error in {"server_error", "temporarily_unavailable"}:
        return Retryable("NetSuite gives no tokens at the moment.", detail=detail)
    return Misconfigured(
        f"NetSuite refuses a token ({refused.error}). Check client_id, certificate_id, that the certificate has not "
        "ended, that `algorithm` fits the key, and this machine's clock. A refresh of a sandbox takes its certificates "
        "away.",
        detail=detail,
    )


def explain_network(fault: requests.RequestException, *, repeatable: bool) -> ConnectorError:
    """Return the error for a call that got no answer: only what changes nothing may simply be sent again."""
    detail = type(fault).__name__
    if isinstance(fault, requests.exceptions.SSLError):
        return Misconfigured(
            "NetSuite's certificate is not trusted: name the private CA in this source's settings.", detail=detail
        )
    if repeatable or isinstance(fault, NotSent | requests.exceptions.ConnectTimeout):
        return Retryable("NetSuite cannot be reached, or did not answer in time.", detail=detail)
    return Unknown("The connection to NetSuite broke after the call was sent.", detail=detail)


def unreadable(body: bytes) -> Malformed:
    """Return the error for an answer that is not what the vendor documents."""
    return Malformed("NetSuite's answer is not what its documentation says.", body=body)


def _code(value: Any) -> str:
    """Names and codes only: nothing that could be a value's text passes."""
    text = str(value or "")
    return text if re.fullmatch(r"[\w.\[\]-]{1,150}", text) else ""
