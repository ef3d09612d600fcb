"""The credentials of the account: integrations, access tokens and certificates, and what became of each nonce."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connectors.netsuite.sandbox.roles import Caller
from connectors.netsuite.sandbox.settings import Settings

ACCOUNT_ID = "TSTDRV100042_SB1"


@dataclass(frozen=True, slots=True)
class Integration:
    """One integration record: client id and consumer key are the same."""

    name: str
    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token of token-based authentication."""

    key: str
    secret: str
    employee: int
    role: int
    integration: Integration


@dataclass(slots=True)
class Certificate:
    """The mapping of a certificate to an integration, an employee and a role."""

    kid: str
    key: RSAPublicKey | EllipticCurvePublicKey
    employee: int
    role: int
    integration: Integration
    revoked: bool = False


@dataclass(slots=True)
class Session:
    """An access token of OAuth 2.0. `ends` is in monotonic seconds."""

    caller: Caller
    ends: float


@dataclass(slots=True)
class Credentials:
    """All credentials of one account."""

    settings: Callable[[], Settings]
    integrations: dict[str, Integration] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _nonces: dict[tuple[str, str], float] = field(default_factory=dict)

    def open(self, caller: Caller) -> str:
        """Return a new access token of OAuth 2.0."""
        token = secrets.token_urlsafe(96)
        self._sessions[token] = Session(caller, time.monotonic() + self.settings().token_seconds)
        return token

    def caller(self, token: str) -> Caller | None:
        """Return whose access token this is, None when it is unknown or has expired."""
        session = self._sessions.get(token)
        if session is None or session.ends <= time.monotonic():
            return None
        return session.caller

    def expire(self) -> int:
        """End all access tokens of OAuth 2.0 and return how many there were."""
        ended = len(self._sessions)
        self._sessions.clear()
        return ended

    def fresh(self, token: str, nonce: str, stamp: int) -> bool:
        """Tell whether a signature is on time and its nonce was never used with this token, and use the nonce up."""
        # A-NETSUITE-36: no page says how far a clock may be off
        skew = self.settings().clock_skew
        now = time.time()
        if abs(now - stamp) > skew:
            return False
        # what is older is refused by its timestamp
        self._nonces = {key: until for key, until in self._nonces.items() if until > now}
        if (token, nonce) in self._nonces:
            return False
        self._nonces[token, nonce] = now + 2 * skew
        return True
