"""OAuth 2 as several vendors speak it: asking a token endpoint for a token, and signing an assertion for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
import requests

from connectors.contract import ConnectorError, Malformed, Misconfigured, Retryable
from connectors.settings_types import loopback_or_https

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""https://www.rfc-editor.org/rfc/rfc7523#section-2.1"""
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""https://www.rfc-editor.org/rfc/rfc7523#section-2.2"""


@dataclass(frozen=True, slots=True)
class GrantRefused:
    """What a token endpoint says when it refuses: https://www.rfc-editor.org/rfc/rfc6749#section-5.2."""

    status: int
    error: str
    description: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A token endpoint's consent. `base_url` is the address that the vendor names for calls; the rest may be empty.

    `life` is how long the access token holds, None where the endpoint does not tell.
    """

    access_token: str = field(repr=False)
    base_url: str
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    life: timedelta | None = None


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """A vendor's token endpoint. `timeout` is (connect, read) in seconds; `explain` puts a refusal into words."""

    url: str
    timeout: tuple[float, float]
    explain: Callable[[GrantRefused], ConnectorError]

    def ask(self, session: requests.Session, form: Mapping[str, str], basic: tuple[str, str] | None = None) -> Granted:
        """Post a grant, with the client's key and secret as Basic authorisation where given.

        Raises Retryable for faults of the network and of the server, Malformed for what is no token answer, and what
        `explain` returns for a refusal. After Retryable the grant may have been used: a refresh token that rotates is
        then asked with once more, and may be refused.
        """
        try:
            answer = session.post(self.url, data=dict(form), auth=basic, timeout=self.timeout, allow_redirects=False)
        except requests.exceptions.SSLError as fault:
            raise Misconfigured(
                "The certificate of the token endpoint is not trusted: name the private CA in this source's settings.",
                detail=type(fault).__name__,
            ) from fault
        except requests.RequestException as fault:
            raise Retryable("The token endpoint cannot be reached.", detail=type(fault).__name__) from fault
        return self._granted(answer)

    def _granted(self, answer: requests.Response) -> Granted:
        try:
            body = answer.json()
        except requests.exceptions.JSONDecodeError:
            body = None
        if answer.ok and isinstance(body, dict) and isinstance(body.get("access_token"), str):
            more = {name: body[name] for name in ("refresh_token", "scope") if isinstance(body.get(name), str)}
            life = _life(body.get("expires_in"))
            return Granted(body["access_token"], _safe_base_url(body.get("instance_url", "")), life=life, **more)
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            description = body.get("error_description")
            raise self.explain(GrantRefused(answer.status_code, _code(body["error"]), str(description or "")))
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Retryable("The token endpoint is not available.", detail=f"HTTP {answer.status_code}")
        # The body is left out on purpose: a half-understood token answer may hold a token.
        raise Malformed(
            "The token endpoint's answer is not one: check the address.", body=b"", detail=f"HTTP {answer.status_code}"
        )


@dataclass(frozen=True, slots=True)
class AssertionKey:
    """A private key in PEM that signs assertions. `id` names it to the vendor (`kid`), empty where there is one only."""

    pem: str = field(repr=False)
    algorithm: str = "RS256"
    id: str = ""

    def sign(self, claims: Mapping[str, object], *, now: datetime, lifetime: timedelta) -> str:
        """Sign an assertion that ends `lifetime` after `now` (aware).

        See https://www.rfc-editor.org/rfc/rfc7523#section-3. Raises Misconfigured when the key cannot be used so.
        """
        try:
            return jwt.encode(
                {**claims, "exp": int((now + lifetime).timestamp())},
                self.pem,
                algorithm=self.algorithm,
                headers={"kid": self.id} if self.id else None,
            )
        except (ValueError, TypeError, jwt.PyJWTError) as fault:
            sort = "an EC key of the algorithm's curve" if self.algorithm.startswith("ES") else "an RSA key"
            raise Misconfigured(
                f"The private key cannot be used: give {sort} in PEM form, without a passphrase.",
                detail=type(fault).__name__,
            ) from None


def assertion(private_key: str, claims: Mapping[str, str], *, now: datetime, lifetime: timedelta) -> str:
    """Sign a bearer assertion (RS256); see `AssertionKey.sign`."""
    return AssertionKey(private_key).sign(claims, now=now, lifetime=lifetime)


def _life(value: object) -> timedelta | None:
    """Read seconds, which some vendors write as text."""
    text = str(value)
    return timedelta(seconds=int(text)) if re.fullmatch(r"[1-9]\d{0,8}", text) else None


def _safe_base_url(value: object) -> str:
    """A token must not travel in clear text, wherever the answer sends it."""
    if not value:
        return ""
    try:
        return loopback_or_https(str(value))
    except ValueError as fault:
        raise Misconfigured(f"The token endpoint names an address that is not safe to call: {fault}") from None


def _code(text: str) -> str:
    return re.sub(r"[^\w.-]", "", text)[:80]
