"""Who the bridge signs in as: an app, a person by a signed assertion, or an approval that renews itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import requests

from connectors.contract import Misconfigured, Retryable, Vault
from connectors.oauth import JWT_BEARER, Granted, TokenEndpoint, assertion
from connectors.salesforce.settings import ClientCredentials, RefreshToken, SalesforceSettings, Signer

ASSERTION_LIFETIME = timedelta(minutes=3)
LOST = (
    "An answer with the next refresh token was lost, and Salesforce takes the earlier one no more: approve the app "
    "again and set auth.refresh.refresh_token."
)


class Identity(Protocol):
    """A way to sign in. `key` tells identities apart and holds no secret."""

    @property
    def key(self) -> str:
        """A short name: sources that share a credential share its token."""
        ...

    def ask(self, endpoint: TokenEndpoint, session: requests.Session, now: datetime) -> Granted:
        """Ask for a token; `now` is aware. Raises the contract's errors."""
        ...


@dataclass(frozen=True, slots=True)
class App:
    """An app as its run-as user: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm."""

    settings: ClientCredentials

    @property
    def key(self) -> str:
        """See `Identity`."""
        return _short(self.settings.client_id)

    def ask(self, endpoint: TokenEndpoint, session: requests.Session, now: datetime) -> Granted:
        """See `Identity`."""
        del now
        client = (self.settings.client_id, self.settings.client_secret.get_secret_value())
        return endpoint.ask(session, {"grant_type": "client_credentials"}, client)


@dataclass(frozen=True, slots=True)
class Person:
    """A pre-authorised user: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm."""

    app: Signer
    username: str

    @property
    def key(self) -> str:
        """See `Identity`."""
        return _short(self.app.client_id, self.username)

    def ask(self, endpoint: TokenEndpoint, session: requests.Session, now: datetime) -> Granted:
        """See `Identity`."""
        claims = {"iss": self.app.client_id, "sub": self.username, "aud": self.app.audience}
        signed = assertion(self.app.private_key.get_secret_value(), claims, now=now, lifetime=ASSERTION_LIFETIME)
        return endpoint.ask(session, {"grant_type": JWT_BEARER, "assertion": signed})


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the vault holds. `asked`: this token was sent, and no answer has come yet."""

    token: str = field(repr=False)
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval of the app. Where the app rotates refresh tokens, each is good for one renewal.

    The next one is stored before the access token is used, so no process may lose it; that it was asked for is stored
    before asking, so a lost answer is known as such.
    https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm
    """

    settings: RefreshToken
    host: str
    vault: Vault = field(repr=False)

    @property
    def key(self) -> str:
        """See `Identity`. Another token in the settings is another approval."""
        return _short(self.settings.client_id, self.settings.refresh_token.get_secret_value())

    def ask(self, endpoint: TokenEndpoint, session: requests.Session, now: datetime) -> Granted:
        """See `Identity`. Only one renewal at a time may be under way, which the token store sees to."""
        del now
        kept = self._load()
        self._store(_Kept(kept.token, asked=True))
        form = {
            "grant_type": "refresh_token",
            "client_id": self.settings.client_id,
            "refresh_token": kept.token,
        }
        if self.settings.client_secret is not None:
            form["client_secret"] = self.settings.client_secret.get_secret_value()
        try:
            granted = endpoint.ask(session, form)
        except Retryable:
            raise
        except Misconfigured as refused:
            if kept.asked and "invalid_grant" in refused.detail:
                raise Misconfigured(LOST, detail=refused.detail) from None
            self._store(kept)
            raise
        self._store(_Kept(granted.refresh_token or kept.token))
        return granted

    def _load(self) -> _Kept:
        stored = self.vault.load(self._name)
        return _Kept(**json.loads(stored)) if stored else _Kept(self.settings.refresh_token.get_secret_value())

    def _store(self, kept: _Kept) -> None:
        self.vault.store(self._name, json.dumps({"token": kept.token, "asked": kept.asked}))

    @property
    def _name(self) -> str:
        return f"salesforce:{self.host}:{self.key}:refresh"


def own(settings: SalesforceSettings, vault: Vault) -> Identity:
    """Return the integration user's identity."""
    auth = settings.auth
    if auth.jwt is not None:
        return Person(auth.jwt, auth.jwt.username)
    if auth.refresh is not None:
        return Approval(auth.refresh, settings.host, vault)
    if auth.client_credentials is None:
        raise TypeError("the settings name one way")
    return App(auth.client_credentials)


def signer(settings: SalesforceSettings) -> Signer | None:
    """Return the app that may sign for people; None where there is none."""
    return settings.acting or settings.auth.jwt


def _short(*who: str) -> str:
    return hashlib.sha256("\n".join(who).encode()).hexdigest()[:16]
