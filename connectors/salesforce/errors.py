"""What Salesforce and the network between say when a call fails: a table from code to what happens next.

Codes: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html and
https://developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-concepts-core-data-objects.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import requests

from connectors.contract import (
    Acted,
    ConnectorError,
    Effect,
    Malformed,
    Misconfigured,
    Record,
    Refused,
    Retryable,
    Throttled,
    Unknown,
)
from connectors.oauth import GrantRefused
from connectors.transport import NotSent

DAILY_WAIT = timedelta(hours=1)
"""The daily quota is a rolling 24 hours and carries no Retry-After: room comes back by the hour."""
SOON = timedelta(seconds=5)
SAID = 300
"""Characters of the vendor's words that a person is shown."""


class QueryTimedOut(Retryable):
    """The query ran for 120 s: a smaller page may do."""


class FieldUnknown(Misconfigured):
    """The query names a field that our user cannot see (any more)."""


class ObjectUnknown(Misconfigured):
    """The object does not exist or our user has no access to it."""


class LogLost(Refused):
    """The log of deletions does not reach back so far, or holds too many."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is an error: its status, and the vendor's code and message where the body has them.

    The message may hold a value, so it is for whoever caused the error, not for logs.
    """

    status: int
    code: str = ""
    message: str = field(default="", repr=False)

    @classmethod
    def read(cls, status: int, content: Any) -> Fault:
        """Read the parsed body: a list of errors, an object in the older interfaces, or a page of HTML."""
        first = content[0] if isinstance(content, list) and content else content
        if not isinstance(first, dict):
            return cls(status)
        names = ("errorCode", "exceptionCode", "statusCode", "error")
        code = next((first[name] for name in names if first.get(name)), "")
        return cls(status, re.sub(r"\W", "", str(code))[:80], str(first.get("message") or ""))

    @property
    def detail(self) -> str:
        """Status and code. The message stays out: it quotes the query, and with it ids and values."""
        return f"HTTP {self.status} {self.code}".rstrip()


class Failed(Exception):
    """An answer that is an error, on its way to being explained. `expired`: the token is refused."""

    def __init__(self, fault: Fault, *, expired: bool = False) -> None:
        super().__init__(fault.detail)
        self.fault = fault
        self.expired = expired


class Answered(Refused):
    """What the vendor said to somebody's decision: whoever made it is told, so the words are kept."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("Salesforce refused it.", detail=fault.detail)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens next, and the sentence for the operator."""

    error: type[ConnectorError]
    sentence: str


_BY_CODE: Mapping[str, Meaning] = MappingProxyType(
    {
        "INVALID_SESSION_ID": Meaning(
            Misconfigured,
            "Salesforce refuses a fresh token: check that the address is the org's My Domain, that the user may use "
            "the API from this machine's address, and that session_lifetime is below the org's session timeout.",
        ),
        "INVALID_AUTH_HEADER": Meaning(
            Misconfigured, "Salesforce does not take the token: check the address of the org."
        ),
        "QUERY_TIMEOUT": Meaning(
            QueryTimedOut, "A query took Salesforce more than two minutes, even with small pages."
        ),
        "INVALID_FIELD": Meaning(
            FieldUnknown, "Salesforce does not know a configured field, or the integration user may not see it."
        ),
        "MALFORMED_QUERY": Meaning(Misconfigured, "Salesforce cannot read the query: check the names in `kinds`."),
        "INVALID_TYPE": Meaning(
            ObjectUnknown,
            "Salesforce does not know the object: check its name, and grant the integration user Read on it.",
        ),
        "NOT_FOUND": Meaning(
            ObjectUnknown, "Salesforce does not have this object or record, or the integration user may not see it."
        ),
        "INVALID_TYPE_FOR_OPERATION": Meaning(Misconfigured, "This object cannot be queried: take it out of `kinds`."),
        "INVALID_REPLICATION_DATE": Meaning(LogLost, "Salesforce's log of deletions does not reach back so far."),
        "EXCEEDED_ID_LIMIT": Meaning(LogLost, "Salesforce's log of deletions holds too many records."),
        "OPERATION_TOO_LARGE": Meaning(
            Misconfigured,
            "The object is too large for a user without View All: grant the integration user View All on it.",
        ),
        "API_DISABLED_FOR_ORG": Meaning(
            Misconfigured, "The org's edition has no API, or the user lacks it: grant the permission API Enabled."
        ),
        "API_CURRENTLY_DISABLED": Meaning(Retryable, "Salesforce has switched off the API of this org for the moment."),
        "INSUFFICIENT_ACCESS": Meaning(
            Misconfigured, "The integration user may not read this: grant Read on the object."
        ),
        "INSUFFICIENT_ACCESS_OR_READONLY": Meaning(
            Misconfigured, "The integration user may not do this: grant access to the object."
        ),
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Meaning(
            Misconfigured, "The integration user may not use a related record: grant access to the related object."
        ),
        "TXN_SECURITY_METERING_ERROR": Meaning(
            Retryable, "Salesforce's transaction security could not judge the call."
        ),
        "UNSUPPORTED_API_VERSION": Meaning(Misconfigured, "Salesforce no longer offers this api_version: raise it."),
        "UNABLE_TO_LOCK_ROW": Meaning(Retryable, "Somebody else holds the record at this moment."),
        "SERVER_UNAVAILABLE": Meaning(Retryable, "Salesforce is overloaded or under maintenance."),
        "UNKNOWN_EXCEPTION": Meaning(Retryable, "Salesforce reports a fault of its own."),
    }
)

_BY_STATUS: Mapping[int, Meaning] = MappingProxyType(
    {
        # 406 and 420 come from the vendor's edge with a page or nothing at all, and pass.
        301: Meaning(Misconfigured, "The org's address has moved: set the present My Domain."),
        302: Meaning(Misconfigured, "The org's address has moved: set the present My Domain."),
        406: Meaning(Retryable, "Salesforce's edge turned the call away for the moment."),
        420: Meaning(Retryable, "Salesforce's edge turned the call away for the moment."),
        # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_rest_conditional_requests.htm
        412: Meaning(Refused, "The record has changed since it was read; nothing was done."),
        414: Meaning(Misconfigured, "The query is too long for Salesforce: configure fewer fields."),
        429: Meaning(Retryable, "Salesforce asks for fewer calls."),
        431: Meaning(Misconfigured, "The query is too long for Salesforce: configure fewer fields."),
    }
)

_GRANTS: Mapping[str, str] = MappingProxyType(
    {
        "no client credentials user enabled": "Set a run-as user in the app's policies (client credentials flow).",
        "user hasn't approved this consumer": "Pre-authorise the user: admin-approved users, with a permission set.",
        "invalid assertion": "Upload the certificate of this private key to the app, and check the audience.",
        "expired authorization code": "Set this machine's clock: the assertion's times are out of range.",
        "expired access/refresh token": "Approve the app for the user again and set auth.refresh.refresh_token.",
        "invalid_client_id": "Check client_id; a new app takes some minutes to work everywhere.",
        "invalid_client": "Check client_id and client_secret.",
        "invalid_app_access": "Grant the user access to the app: profile or permission set.",
        "inactive_user": "Activate the integration user.",
        "inactive_org": "The org is inactive or under maintenance.",
        "unsupported_grant_type": "Enable this flow in the app; client credentials need the My Domain address.",
        "invalid_grant": "Check the user name, the app's policies and the user's permission to use the app.",
    }
)


_DENIED = frozenset(
    {
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_FIELD",
        "NOT_FOUND",
        "API_DISABLED_FOR_ORG",
    }
)
"""What the vendor says to somebody who may not: the record, the object or the field is closed to them."""


def explain(fault: Fault, scope: str) -> ConnectorError:
    """Return the error to raise for a failed call; `scope` is the org's budget, which a used-up quota stops."""
    if fault.code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(fault, scope)
    meaning = _BY_CODE.get(fault.code) or _BY_STATUS.get(fault.status)
    if meaning is None and fault.status >= 500:
        meaning = Meaning(Retryable, "Salesforce is not available.")
    if meaning is None:
        # The code is shown, because nobody can look up what is hidden.
        return Refused(f"Salesforce refused the call: {fault.code or 'without a code'}.", detail=fault.detail)
    return meaning.error(meaning.sentence + _column(fault), detail=fault.detail)


def answered(fault: Fault, scope: str) -> ConnectorError:
    """Return the error for a refused decision: the vendor's words, unless the refusal may pass by itself."""
    error = explain(fault, scope)
    return error if isinstance(error, Retryable) else Answered(fault)


def refused(fault: Fault, record: Record | None = None) -> Acted:
    """Tell the person what the vendor said to them."""
    said = " ".join(fault.message.split())[:SAID] or fault.code
    if fault.code in _DENIED or fault.status == 404:
        return Acted(Effect.DENIED, record, reason=f"Salesforce does not let you do this: {said}")
    return Acted(Effect.REFUSED, record, reason=f"Salesforce does not allow it: {said}")


def explain_grant(refused: GrantRefused) -> ConnectorError:
    """Return the error for a refused token, with what to grant.

    The texts are those that integrators report (A-SALESFORCE-3):
    https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm
    """
    detail = f"HTTP {refused.status} {refused.error}"
    if refused.status >= 500 or refused.error in {"server_error", "temporarily_unavailable"}:
        return Retryable("Salesforce cannot issue a token at the moment.", detail=detail)
    if refused.error == "invalid_grant" and "login rate" in refused.description:
        return Retryable("Too many logins of this user in the last hour.", detail=detail, after=DAILY_WAIT)
    said = f"{refused.description} {refused.error}".lower()
    advice = next((text for sign, text in _GRANTS.items() if sign in said), "Check the app and its policies.")
    return Misconfigured(f"Salesforce refuses a token ({refused.error}). {advice}", detail=detail)


def explain_network(fault: requests.RequestException, *, safe: bool) -> ConnectorError:
    """Return the error for a call that got no answer: only one that is `safe` may simply be sent again."""
    detail = type(fault).__name__
    if isinstance(fault, requests.exceptions.SSLError) or (isinstance(fault, NotSent) and "SSL" in str(fault)):
        return Misconfigured(
            "Salesforce's certificate is not trusted: name the private CA in this source's settings.", detail=detail
        )
    if isinstance(fault, requests.exceptions.JSONDecodeError) and safe:
        return Malformed("Salesforce's answer is not JSON.", body=fault.doc.encode(), detail=detail)
    if safe or isinstance(fault, requests.exceptions.ConnectTimeout | NotSent):
        return Retryable("Salesforce cannot be reached, or did not answer in time.", detail=detail)
    return Unknown("The connection to Salesforce broke after the call was sent.", detail=detail)


def _limit(fault: Fault, scope: str) -> ConnectorError:
    """Tell the two opposite meanings of one code apart, by the message.

    https://help.salesforce.com/s/articleView?id=000389067
    """
    if "concurrent" in fault.message.lower():
        return Throttled(
            "Too many long calls run in the org at once.", detail=fault.detail, after=SOON, scope=long_key(scope)
        )
    return Throttled(
        "The org's API calls of the last 24 hours are used up.", after=DAILY_WAIT, scope=scope, detail=fault.detail
    )


def long_key(scope: str) -> str:
    """Key of the budget of calls at once, made from the key of all calls."""
    return f"{scope}:at-once"


def _column(fault: Fault) -> str:
    """The name that a query error complains of: the one part of the message that holds no value."""
    found = re.search(r"[Nn]o such column '([\w.]+)' on (?:the )?entity '(\w+)'", fault.message)
    found = found or re.search(r"sObject type '(\w+)' is not supported", fault.message)
    return f" (Name: {'.'.join(reversed(found.groups()))})" if found else ""
