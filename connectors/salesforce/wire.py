"""Calls to one org: the token, its renewal, short retries, and what the answers say of the quota."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from connectors.contract import Services, Token
from connectors.oauth import JWT_BEARER, Granted, TokenEndpoint, assertion
from connectors.salesforce.errors import Fault, explain, explain_grant, explain_network
from connectors.salesforce.settings import SalesforceSettings

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path of the vendor, not a secret
ASSERTION_LIFETIME = timedelta(minutes=3)
TRIES = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What the last answers said beside their content: calls of 24 hours used and allowed, and the vendor's clock."""

    used: int = 0
    allowed: int = 0
    clock: datetime | None = None


class Org:
    """One org as one user. Holds a session, so it belongs to one process; `sleep` takes seconds."""

    def __init__(
        self, settings: SalesforceSettings, services: Services, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._services = services
        self._sleep = sleep
        self._endpoint = TokenEndpoint(settings.url + TOKEN_PATH, settings.timeout, explain_grant)
        self._token_key = f"salesforce:{settings.host}:{_who(settings)}"
        self.said = Said()
        self._session = services.session()
        self._session.hooks["response"].append(self._note_usage)
        if settings.url.startswith("http:"):
            # simple-salesforce calls https whatever the address says.
            secure = settings.url.replace("http:", "https:", 1) + "/"
            self._session.mount(secure, _InClear(self._session.get_adapter(settings.url)))

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call to this org uses."""
        return f"salesforce:{self._settings.host}:calls"

    @property
    def daily_key(self) -> str:
        """Key under which the org's rolling 24-hour quota is observed."""
        return f"salesforce:{self._settings.host}:daily"

    def call(self, path: str, **request: Any) -> Any:
        """Call `/services/data/vNN.0/<path>`; `request` is what requests takes, `method` is GET unless given.

        Returns the parsed body with every decimal number as Decimal, or None where there is none. A token that the
        org refuses is renewed once and the same request sent again, with its own headers: a conditional write stays
        conditional. Raises the contract's errors.
        """
        token = self._token()
        try:
            return self._send(token, path, request)
        except SalesforceExpiredSession:
            self._services.tokens.spoil(self._token_key, token)
        try:
            return self._send(self._token(), path, request)
        except SalesforceExpiredSession as fault:
            raise explain(Fault.read(fault.status, fault.content), self.calls_key) from None

    def _send(self, token: Token, path: str, request: Mapping[str, Any]) -> Any:
        org = Salesforce(
            session_id=token.value,
            instance_url=token.base_url,
            session=self._session,
            parse_float=Decimal,
            version=self._settings.api_version,
        )
        method = request.get("method", "GET")
        # Only what changes nothing is repeated here.
        tries = Retrying(
            stop=stop_after_attempt(TRIES if method == "GET" else 1),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_exception(_passes_soon),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return tries(org.restful, path, timeout=self._settings.timeout, allow_redirects=False, **request)
        except SalesforceExpiredSession:
            raise
        # The originals quote the address, and with it the query: they do not go into a log by way of the chain.
        except SalesforceError as fault:
            raise explain(Fault.read(fault.status, fault.content), self.calls_key) from None
        except requests.RequestException as fault:
            raise explain_network(fault, method) from None

    def _token(self) -> Token:
        return self._services.tokens.get(self._token_key, self._renew)

    def _renew(self) -> Token:
        """Ask for a token: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm."""
        now = self._services.now()
        granted = self._grant()
        # The answer names no lifetime, so the settings do. Behind http there is one address only: a local twin's.
        base_url = granted.base_url if self._settings.url.startswith("https:") else ""
        return Token(granted.access_token, base_url or self._settings.url, now + self._settings.session_lifetime)

    def _grant(self) -> Granted:
        auth = self._settings.auth
        if auth.jwt is not None:
            claims = {"iss": auth.jwt.client_id, "sub": auth.jwt.username, "aud": auth.jwt.audience}
            key = auth.jwt.private_key.get_secret_value()
            signed = assertion(key, claims, now=self._services.now(), lifetime=ASSERTION_LIFETIME)
            return self._endpoint.ask(self._session, {"grant_type": JWT_BEARER, "assertion": signed})
        form = {"grant_type": "client_credentials"}
        return self._endpoint.ask(self._session, form, _key_and_secret(self._settings))

    def _note_usage(self, answer: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        """Read the headers that every answer carries, errors too.

        https://developer.salesforce.com/docs/platform/api-rest/guide/headers-api-usage.html
        """
        found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", answer.headers.get("Sforce-Limit-Info", ""))
        if found:
            self._services.observe(self.daily_key, int(found[1]), int(found[2]))
            self.said = replace(self.said, used=int(found[1]), allowed=int(found[2]))
        if "Date" in answer.headers:
            self.said = replace(self.said, clock=parsedate_to_datetime(answer.headers["Date"]))


class _InClear(BaseAdapter):
    """Sends to http what asks for https: for a twin on this machine."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = (request.url or "").replace("https:", "http:", 1)
        return self._inner.send(request, *args, **kwargs)

    def close(self) -> None:
        self._inner.close()


def _passes_soon(fault: BaseException) -> bool:
    if isinstance(fault, SalesforceError):
        return bool(fault.status == 503)
    broken = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
    return isinstance(fault, broken) and not isinstance(fault, requests.exceptions.SSLError)


def _key_and_secret(settings: SalesforceSettings) -> tuple[str, str]:
    client = settings.auth.client_credentials
    return (client.client_id, client.client_secret.get_secret_value()) if client else ("", "")


def _who(settings: SalesforceSettings) -> str:
    """A short name for the credential: sources that share it share its token."""
    jwt = settings.auth.jwt
    who = (jwt.client_id, jwt.username) if jwt else _key_and_secret(settings)[:1]
    return hashlib.sha256("\n".join(who).encode()).hexdigest()[:16]
