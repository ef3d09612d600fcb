"""What Business Central and the network between say when a call fails: a table from code to what happens next.

Codes: https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/dynamics-error-codes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import requests

from connectors.contract import ConnectorError, Malformed, Misconfigured, Refused, Retryable, Unknown
from connectors.odata import Fault
from connectors.transport import NotSent

CHANGED = frozenset({"Request_EntityChanged"})
"""Somebody else wrote meanwhile. (The vendor answers 409; 412 is the same by the standard.)"""
ABSENT = frozenset({"Internal_RecordNotFound", "Internal_DataNotFoundFilter", "BadRequest_ResourceNotFound"})
_OBJECT = re.compile(r"\b(?:TableData|Table|Page|Codeunit|Query) \d{1,10}\b[^)\n.]{0,60}")
_TAIL = re.compile(r"\s*CorrelationId:.*$", re.DOTALL | re.IGNORECASE)


class QueryRefused(Misconfigured):
    """The query names what the entity set does not have: its description may be an old one."""


class LinkLost(Retryable):
    """The link to the next page is no longer taken: the round goes on at the last row's time."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens next, and the sentence for the operator."""

    error: type[ConnectorError]
    sentence: str


_SIGN_IN = Meaning(
    Misconfigured,
    "Business Central does not take the token: the application must be in its page Microsoft Entra applications, with "
    "the state Enabled, and have the consent of an administrator to API.ReadWrite.All.",
)
_FORBIDDEN = Meaning(
    Misconfigured, "The application may not do this: add the permission to its permission set in Business Central."
)
_NOWHERE = Meaning(
    Misconfigured,
    "Business Central does not know this address: check tenant, environment, company, api and entity_set.",
)
_FAILED = Meaning(Retryable, "Business Central reports a fault of its own.")
_SLOW = Meaning(
    Retryable, "The call takes Business Central too long: lower page_size and page_size_with_lines if it goes on."
)

_BY_CODE: Mapping[str, Meaning] = MappingProxyType(
    {
        "Authentication_InvalidCredentials": _SIGN_IN,
        "BadRequest_NotFound": _NOWHERE,
        "BadRequest_ResourceNotFound": _NOWHERE,
        "Internal_CompanyNotFound": _NOWHERE,
        "NoEnvironment": _NOWHERE,
        "Internal_TenantUnavailable": Meaning(Retryable, "The environment is not available at the moment."),
        "Internal_ServerError": _FAILED,
    }
)
_BY_STATUS: Mapping[int, Meaning] = MappingProxyType(
    {
        400: Meaning(QueryRefused, "Business Central does not take the query: check the names in `kinds`."),
        401: _SIGN_IN,
        403: _FORBIDDEN,
        404: _NOWHERE,
        408: _SLOW,
        410: _NOWHERE,
        413: Meaning(Misconfigured, "The answer is too large for Business Central: lower page_size."),
        504: _SLOW,
    }
)


def explain(fault: Fault) -> ConnectorError:
    """Return the error to raise for a failed call."""
    meaning = _meaning(fault)
    named = _OBJECT.search(fault.message)
    # A permission error names the object that is lacking, and never a value.
    about = f" ({named[0].strip()})" if named and meaning is _FORBIDDEN else ""
    if meaning is None:
        return Refused(f"Business Central refused the call: {fault.code or 'without a code'}.", detail=fault.detail)
    return meaning.error(meaning.sentence + about, detail=fault.detail)


def explain_network(fault: requests.RequestException, *, repeatable: bool) -> ConnectorError:
    """Return the error for a call that got no answer: only what changes nothing may simply be sent again."""
    detail = type(fault).__name__
    if isinstance(fault, requests.exceptions.SSLError):
        return Misconfigured(
            "Business Central's certificate is not trusted: name the private CA in this source's settings.",
            detail=detail,
        )
    if repeatable or isinstance(fault, NotSent | requests.exceptions.ConnectTimeout):
        return Retryable("Business Central cannot be reached, or did not answer in time.", detail=detail)
    return Unknown("The connection to Business Central broke after the call was sent.", detail=detail)


def unreadable(body: bytes, detail: str = "") -> Malformed:
    """Return the error for an answer that is not what the vendor documents."""
    return Malformed("Business Central's answer is not what its documentation says.", body=body, detail=detail)


def said(fault: Fault) -> str:
    """Return the vendor's own sentence of why a rule does not allow something, without what is for its support."""
    text = _TAIL.sub("", fault.message).strip()
    return text[:300] or f"Business Central refused it ({fault.code or fault.status})."


def _meaning(fault: Fault) -> Meaning | None:
    found = _BY_CODE.get(fault.code)
    if found is None and fault.code.startswith("Authorization_"):
        found = _FORBIDDEN
    if found is None and fault.code.startswith("Authentication_"):
        found = _SIGN_IN
    found = found or _BY_STATUS.get(fault.status)
    if found is None and fault.status >= 500:
        found = Meaning(Retryable, "Business Central is not available.")
    if found is None and 300 <= fault.status < 400:
        found = Meaning(Misconfigured, "Business Central sends the call to another address: check api_url.")
    return found
