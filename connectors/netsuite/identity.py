"""How a call is proven: a bearer token that holds an hour, or a signature of its own for each attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import requests

from connectors.contract import Services, Token
from connectors.netsuite.errors import explain_grant
from connectors.netsuite.settings import NetSuiteSettings, OAuth2, Tba
from connectors.oauth import CLIENT_ASSERTION, AssertionKey, TokenEndpoint
from connectors.oauth1 import Credentials, OneTime, encoded

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path of the vendor, not a secret
SCOPES = ["rest_webservices", "restlets"]
ASSERTION_LIFE = timedelta(minutes=5)
LIFE = timedelta(hours=1)
"""https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html"""


@dataclass(frozen=True, slots=True)
class Proof:
    """An Authorization header, and the token in it where there is one."""

    header: str = field(repr=False)
    token: Token | None = None


class Identity(Protocol):
    """A way to prove calls."""

    def prove(self, method: str, url: str) -> Proof:
        """Prove one attempt; `url` with its query. Raises the contract's errors."""
        ...

    def renewed(self, refused: Proof) -> bool:
        """Drop what the vendor refused; tells whether a new proof may fare better."""
        ...


class Bearer:
    """Client credentials: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html."""

    def __init__(self, way: OAuth2, settings: NetSuiteSettings, services: Services, session: requests.Session) -> None:
        self._way = way
        self._services = services
        self._session = session
        self._url = settings.rest_url + TOKEN_PATH
        self._endpoint = TokenEndpoint(self._url, settings.timeout, explain_grant)
        who = f"{settings.rest_url}\n{settings.account}\n{way.client_id}\n{way.certificate_id}"
        self.key = f"netsuite:{hashlib.sha256(who.encode()).hexdigest()[:16]}:token"

    def prove(self, method: str, url: str) -> Proof:
        """See `Identity`."""
        del method, url
        token = self._services.tokens.get(self.key, self._ask)
        return Proof(f"Bearer {token.value}", token)

    def renewed(self, refused: Proof) -> bool:
        """See `Identity`."""
        if refused.token is not None:
            self._services.tokens.spoil(self.key, refused.token)
        return True

    def _ask(self) -> Token:
        """See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162790605110.html."""
        now = self._services.now()
        key = AssertionKey(self._way.private_key.get_secret_value(), self._way.algorithm, self._way.certificate_id)
        claims = {"iss": self._way.client_id, "scope": SCOPES, "aud": self._url, "iat": int(now.timestamp())}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": CLIENT_ASSERTION,
            "client_assertion": key.sign(claims, now=now, lifetime=ASSERTION_LIFE),
        }
        granted = self._endpoint.ask(self._session, form)
        return Token(granted.access_token, "", now + min(granted.life or LIFE, LIFE))


@dataclass(frozen=True, slots=True)
class Signer:
    """Token-based authentication; no attempt is like another, because a nonce is good for one."""

    credentials: Credentials
    realm: str
    now: Callable[[], datetime]

    def prove(self, method: str, url: str) -> Proof:
        """See `Identity`."""
        return Proof(self.credentials.header(method, url, OneTime.make(self.now()), self.realm))

    def renewed(self, refused: Proof) -> bool:
        """See `Identity`. Each attempt was signed anew, so that another would fare the same."""
        del refused
        return False


def identity(settings: NetSuiteSettings, services: Services, session: requests.Session) -> Identity:
    """Return the way that the settings name."""
    if settings.auth.oauth2 is not None:
        return Bearer(settings.auth.oauth2, settings, services, session)
    if settings.auth.tba is None:
        raise TypeError("the settings name one way")
    return Signer(credentials(settings.auth.tba), settings.account, services.now)


def credentials(tba: Tba) -> Credentials:
    """Return what signs, for REST and for SOAP."""
    return Credentials(
        tba.consumer_key, tba.consumer_secret.get_secret_value(), tba.token_id, tba.token_secret.get_secret_value()
    )


def passport_signature(credentials: Credentials, account: str, once: OneTime) -> str:
    """Sign a SOAP token passport, whose base string is its own and not OAuth's.

    See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html.
    """
    parts = (account, credentials.consumer_key, credentials.token, once.nonce, str(once.timestamp))
    return credentials.signature("&".join(encoded(part) for part in parts))
