"""What Zoho CRM and the network between say when a call fails: a table from code to what happens next.

Codes: https://www.zoho.com/crm/developer/docs/api/v8/status-codes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import requests

from connectors.contract import ConnectorError, CursorLost, Malformed, Misconfigured, Refused, Retryable, Unknown
from connectors.transport import NotSent

TOKEN_REFUSED = frozenset({"INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"})
FORBIDDEN = frozenset({"NO_PERMISSION", "AUTHORIZATION_FAILED"})


class FieldUnknown(Misconfigured):
    """The query names a field that is gone, hidden from our user, or that queries do not take: `column`."""

    column: str = ""


class ModuleUnknown(Misconfigured):
    """The module does not exist, our user may not see it, or this call does not take it."""


class PageTokenLost(CursorLost):
    """The page token has ended, or is another user's: the list is read on from the last row's time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is an error: its status and code, and the names in it that are no values."""

    status: int
    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    message: str = ""

    @classmethod
    def read(cls, status: int, body: Any) -> Fault:
        """Read a parsed body: an error, or an error as the first row of `data`, `watch`, `users`."""
        found = body
        if isinstance(body, dict) and "code" not in body:
            found = next((rows[0] for rows in body.values() if isinstance(rows, list) and rows), None)
        if not isinstance(found, dict):
            return cls(status)
        details = found.get("details")
        details = details if isinstance(details, dict) else {}
        names = {key: _name(value) for key, value in details.items() if key in _NAMES}
        return cls(status, _name(found.get("code"))[:80], names, str(found.get("message") or ""))

    @property
    def named(self) -> str:
        """The field, parameter or permission that the vendor complains of, or nothing."""
        return next((self.names[key] for key in _NAMES if self.names.get(key)), "")

    @property
    def detail(self) -> str:
        """Status and code. The message stays out: it may quote a value."""
        return f"HTTP {self.status} {self.code}".rstrip()


_NAMES = ("column_name", "api_name", "param_name", "permissions", "near")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens next, and the sentence for the operator."""

    error: type[ConnectorError]
    sentence: str


WRONG_REGION = Meaning(
    Misconfigured,
    "Zoho refuses a fresh token. A token of another data centre looks the same: compare `region` with the address at "
    "which the account's people sign in, and the refresh token with the app that it was made for.",
)

_BY_CODE: Mapping[str, Meaning] = MappingProxyType(
    {
        **dict.fromkeys(TOKEN_REFUSED, WRONG_REGION),
        **dict.fromkeys(
            FORBIDDEN,
            Meaning(Misconfigured, "The user may not do this: grant the permission in the user's profile."),
        ),
        "INVALID_MODULE": Meaning(
            ModuleUnknown,
            "Zoho does not know the module in this call, or the user may not see it: check its API name, grant View, or "
            "read it by the list (reading: list) where only queries do not take it.",
        ),
        "INVALID_QUERY": Meaning(
            FieldUnknown, "Zoho does not take a field in a query: it is gone, hidden, or only the list call has it."
        ),
        "SYNTAX_ERROR": Meaning(Misconfigured, "Zoho cannot read the query: check the names in `kinds`."),
        "LIMIT_EXCEEDED": Meaning(Misconfigured, "The call is too large for Zoho: configure fewer fields."),
        "EXPIRED_VALUE": Meaning(PageTokenLost, "The page token has ended."),
        "TOKEN_BOUND_DATA_MISMATCH": Meaning(PageTokenLost, "The page token belongs to another call."),
        "PAGINATION_LIMIT_EXCEEDED": Meaning(PageTokenLost, "The list reaches no further."),
        "DISCRETE_PAGINATION_LIMIT_EXCEEDED": Meaning(PageTokenLost, "The list reaches no further by pages."),
        "FEATURE_NOT_SUPPORTED": Meaning(Misconfigured, "The org's edition does not have this."),
        "INVALID_URL_PATTERN": Meaning(Misconfigured, "Zoho does not know this address: check the names in `kinds`."),
        "INTERNAL_ERROR": Meaning(Retryable, "Zoho reports a fault of its own."),
    }
)


def explain(fault: Fault, scope: str) -> ConnectorError:
    """Return the error to raise for a failed call; `scope` is the OAuth scope that the call needs."""
    if fault.code == "OAUTH_SCOPE_MISMATCH":
        return Misconfigured(
            f"The refresh token lacks a scope: make one anew that has {scope} as well.", detail=fault.detail
        )
    if fault.code == "INVALID_DATA" and fault.names.get("param_name") == "page_token":
        return PageTokenLost("The page token has ended.", detail=fault.detail)
    meaning = _BY_CODE.get(fault.code)
    if meaning is None and fault.status >= 500:
        meaning = Meaning(Retryable, "Zoho is not available.")
    if meaning is None and 300 <= fault.status < 400:
        meaning = Meaning(Misconfigured, "Zoho sends the call to another address: check `region`.")
    name = f" (Name: {fault.named})" if fault.named else ""
    if meaning is None:
        # The code is shown, because nobody can look up what is hidden.
        return Refused(f"Zoho refused the call: {fault.code or 'without a code'}.{name}", detail=fault.detail)
    error = meaning.error(meaning.sentence + name, detail=fault.detail)
    if isinstance(error, FieldUnknown):
        error.column = fault.named
    return error


def explain_network(fault: requests.RequestException, *, repeatable: bool) -> ConnectorError:
    """Return the error for a call that got no answer: only what changes nothing may simply be sent again."""
    detail = type(fault).__name__
    if isinstance(fault, requests.exceptions.SSLError):
        return Misconfigured(
            "Zoho's certificate is not trusted: name the private CA in this source's settings.", detail=detail
        )
    if repeatable or isinstance(fault, NotSent | requests.exceptions.ConnectTimeout):
        return Retryable("Zoho cannot be reached, or did not answer in time.", detail=detail)
    return Unknown("The connection to Zoho broke after the call was sent.", detail=detail)


def unreadable(body: bytes) -> Malformed:
    """Return the error for an answer that is not what the vendor documents."""
    return Malformed("Zoho's answer is not what its documentation says.", body=body)


def _name(value: Any) -> str:
    """Names of fields and codes only: nothing that could be a value's text passes."""
    texts = value if isinstance(value, list) else [value]
    return ", ".join(each for each in map(str, texts) if re.fullmatch(r"[$\w.\[\]-]{1,150}", each))
