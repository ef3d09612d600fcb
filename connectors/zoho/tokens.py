"""Access tokens: a refresh token is traded for one that holds an hour, at the account's own data centre.

https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import requests

from connectors.contract import ConnectorError, Malformed, Misconfigured, Retryable, Throttled, Token
from connectors.settings_types import loopback_or_https
from connectors.zoho.errors import explain_network

PATH = "/oauth/v2/token"
WINDOW = timedelta(minutes=10)
"""A refresh token gives ten access tokens in ten minutes, then nothing until they are over."""
LONGEST = timedelta(hours=1)

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "invalid_client": "Check client_id and `region`: an app that is not enabled for the account's data centre "
        "looks the same (API console: multi-DC).",
        "invalid_client_secret": "Check client_secret; with multi-DC each data centre has a secret of its own.",
        "invalid_code": "The refresh token was revoked, pushed out by twenty newer ones, or belongs to another data "
        "centre: compare `region`, or make a new one.",
        "invalid_grant": "The refresh token is not this app's: make a new one.",
        "unauthorized_client": "The app is not of a kind that may use a refresh token: make a server-based or self app.",
    }
)


@dataclass(frozen=True, slots=True)
class Credential:
    """An app and one user's refresh token for it. `who` names them without telling them."""

    accounts: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def who(self) -> str:
        """A short name: whoever shares the credential shares its access token."""
        text = f"{self.accounts}\n{self.client_id}\n{self.refresh_token}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def key(self) -> str:
        """The key of its access token in the cache of all workers."""
        return f"zoho:{self.who}:token"

    def ask(self, session: requests.Session, timeout: tuple[float, float], now: datetime) -> Token:
        """Trade the refresh token for an access token that begins at `now` (aware).

        Raises Retryable, Throttled when the ten tokens of ten minutes are used up, Misconfigured and Malformed.
        """
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
        }
        try:
            answer = session.post(self.accounts + PATH, data=form, timeout=timeout, allow_redirects=False)
        except requests.RequestException as fault:
            # a refresh token stays the same: asking again does no harm
            raise explain_network(fault, repeatable=True) from None
        return self._token(answer, now)

    def _token(self, answer: requests.Response, now: datetime) -> Token:
        try:
            body = answer.json()
        except requests.exceptions.JSONDecodeError:
            body = None
        # A refusal comes with 200 as well (A-ZOHO-100).
        if isinstance(body, dict) and isinstance(body.get("access_token"), str):
            return Token(body["access_token"], _domain(body), now + _life(body))
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            raise self._refusal(answer.status_code, body)
        if answer.status_code == 429:
            raise self._used_up("HTTP 429")
        if answer.status_code >= 500:
            raise Retryable("Zoho gives no tokens at the moment.", detail=f"HTTP {answer.status_code}")
        # The body is left out on purpose: a half-understood token answer may hold a token.
        raise Malformed("Zoho's answer is no token: check the address.", body=b"", detail=f"HTTP {answer.status_code}")

    def _refusal(self, status: int, body: Mapping[str, Any]) -> ConnectorError:
        error = re.sub(r"[^\w -]", "", body["error"])[:80]
        detail = f"HTTP {status} {error}"
        # The wording of the ten-token fuse is reported by users alone (A-ZOHO-101).
        if "too many" in str(body.get("error_description")).lower() or error.lower() in {
            "access denied",
            "access_denied",
        }:
            return self._used_up(detail)
        if status >= 500 or error in {"general_error", "server_error"}:
            return Retryable("Zoho gives no tokens at the moment.", detail=detail)
        advice = _ADVICE.get(error, "Check the app in the API console, the refresh token and `region`.")
        return Misconfigured(f"Zoho refuses a token ({error}). {advice}", detail=detail)

    def _used_up(self, detail: str) -> Throttled:
        return Throttled(
            "Zoho gives ten tokens in ten minutes and they are used up: does something else use this refresh token?",
            after=WINDOW,
            scope=self.key,
            detail=detail,
        )


def _domain(body: Mapping[str, Any]) -> str:
    """The address of all calls. A token must not travel in clear text, wherever the answer sends it."""
    try:
        return loopback_or_https(str(body.get("api_domain") or ""))
    except ValueError:
        raise Misconfigured(
            "Zoho's token answer names no address that is safe to call (api_domain): check `region`."
        ) from None


def _life(body: Mapping[str, Any]) -> timedelta:
    """Seconds; where an older answer gives milliseconds, the seconds stand beside them."""
    seconds = body.get("expires_in_sec", body.get("expires_in"))
    if not isinstance(seconds, int) or seconds <= 0:
        return LONGEST
    return min(timedelta(seconds=seconds), LONGEST)
