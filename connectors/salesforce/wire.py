"""Calls to one org: whose token, its renewal, short retries, our share of the quota, and what the answers say of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import requests
from requests.adapters import BaseAdapter
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from connectors.contract import ConnectorError, Misconfigured, Services, Token
from connectors.oauth import TokenEndpoint
from connectors.salesforce.errors import Failed, Fault, explain, explain_grant, explain_network
from connectors.salesforce.identity import Identity, own
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.usage import Usage

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path of the vendor, not a secret
TOKEN_READ_S = 30.0
"""A renewal ends before another worker takes its turn for lost: a refresh token that rotates is good for one."""
TRIES = 3
SCOPES = frozenset({"api", "full"})

Judge = Callable[[Fault, str], ConnectorError]


@dataclass(frozen=True, slots=True)
class Said:
    """What the last answers said beside their content: calls of 24 hours used and allowed, and the vendor's clock."""

    used: int = 0
    allowed: int = 0
    clock: datetime | None = None


class Calls(Protocol):
    """The way to the org."""

    said: Said

    def call(
        self, path: str, *, by: Identity | None = None, safe: bool | None = None, judge: Judge = ..., **request: Any
    ) -> Any:
        """See `Org.call`."""
        ...


class Org:
    """One org. Holds a session, so it belongs to one process; `sleep` takes seconds."""

    def __init__(
        self, settings: SalesforceSettings, services: Services, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._services = services
        self._sleep = sleep
        timeout = (settings.timeout[0], min(settings.timeout[1], TOKEN_READ_S))
        self._endpoint = TokenEndpoint(settings.url + TOKEN_PATH, timeout, explain_grant)
        self._self = own(settings, services.vault)
        self._usage = Usage(services, settings.daily_key, settings.calls_key, settings.share)
        self.said = Said()
        self._session = services.session()
        self._session.hooks["response"].append(self._note_usage)
        # Several people share the session, and a cookie of one must not travel with another's token.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        if settings.url.startswith("http:"):
            # simple-salesforce calls https whatever the address says.
            secure = settings.url.replace("http:", "https:", 1) + "/"
            self._session.mount(secure, _InClear(self._session.get_adapter(settings.url)))

    def call(
        self,
        path: str,
        *,
        by: Identity | None = None,
        safe: bool | None = None,
        judge: Judge = explain,
        **request: Any,
    ) -> Any:
        """Call `/services/data/vNN.0/<path>`; `request` is what requests takes, `method` is GET unless given.

        `by` is who calls, the integration user unless given; `safe` says that the call changes nothing, as a GET does;
        `judge` turns an answer that is an error into what is raised. Returns the parsed body with every decimal number
        as Decimal, or None where there is none. A token that the org refuses is renewed once and the same request sent
        again, with its own headers: a conditional write stays conditional. Raises the contract's errors.
        """
        who = by or self._self
        reads = request.get("method", "GET") == "GET" if safe is None else safe
        token = self._token(who)
        try:
            return self._send(token, path, request, reads=reads)
        except Failed as failed:
            if not failed.expired:
                raise judge(failed.fault, self._settings.calls_key) from None
            self._services.tokens.spoil(self.token_key(who), token)
        try:
            return self._send(self._token(who), path, request, reads=reads)
        except Failed as again:
            raise (explain if again.expired else judge)(again.fault, self._settings.calls_key) from None

    def token_key(self, who: Identity | None = None) -> str:
        """Key of the token of an identity, the integration user's unless given."""
        return f"salesforce:{self._settings.host}:{(who or self._self).key}"

    def _send(self, token: Token, path: str, request: Mapping[str, Any], *, reads: bool) -> Any:
        from connectors.salesforce import rest  # noqa: PLC0415 - the relay, which makes no call, does without it

        # Only what changes nothing is repeated here.
        tries = Retrying(
            stop=stop_after_attempt(TRIES if reads else 1),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_exception(_passes_soon),
            sleep=self._sleep,
            reraise=True,
        )
        whole = {**request, "timeout": self._settings.timeout, "allow_redirects": False}

        def once() -> Any:
            self._usage.spend()
            return rest.send(self._session, token, self._settings.api_version, path, whole)

        try:
            return tries(once)
        except requests.RequestException as fault:
            raise explain_network(fault, safe=reads) from None

    def _token(self, who: Identity) -> Token:
        return self._services.tokens.get(self.token_key(who), partial(self._renew, who))

    def _renew(self, who: Identity) -> Token:
        now = self._services.now()
        granted = who.ask(self._endpoint, self._session, now)
        if granted.scope and not SCOPES & set(granted.scope.split()):
            raise Misconfigured(
                "The app's token lacks the scope `api` (Manage user data via APIs): add it to the app's OAuth scopes.",
                detail=f"scope {granted.scope}"[:200],
            )
        # The answer names no lifetime, so the settings do. Behind http there is one address only: a local twin's.
        base_url = granted.base_url if self._settings.url.startswith("https:") else ""
        return Token(granted.access_token, base_url or self._settings.url, now + self._settings.session_lifetime)

    def _note_usage(self, answer: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        """Read the headers that every answer carries, errors too.

        https://developer.salesforce.com/docs/platform/api-rest/guide/headers-api-usage.html
        """
        found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", answer.headers.get("Sforce-Limit-Info", ""))
        if found:
            self._usage.observe(int(found[1]), int(found[2]))
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
    if isinstance(fault, Failed):
        return fault.fault.status == 503
    broken = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
    return isinstance(fault, broken) and not isinstance(fault, requests.exceptions.SSLError)
