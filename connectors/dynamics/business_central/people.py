"""Whose credential a call uses: the application's, or that of the person who decides."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import requests

from connectors.contract import ConnectorError, Misconfigured, Retryable, Services, Token
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from connectors.dynamics.business_central.wire import Account
from connectors.dynamics.entra import LIFETIME, App
from connectors.oauth import GrantRefused, TokenEndpoint

RESOURCE = "https://api.businesscentral.dynamics.com"
"""What tokens are for, wherever the API is reached.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/authenticate-web-services-using-oauth
"""


class SignInAgain(Misconfigured):
    """A person's refresh token has ended: only they can give another."""


@dataclass(frozen=True, slots=True)
class Application:
    """The application as itself."""

    app: App
    timeout: tuple[float, float]

    @property
    def key(self) -> str:
        """The key of its token."""
        return self.app.key(RESOURCE)

    def ask(self, session: requests.Session, now: datetime) -> Token:
        """Get a token of the application. Raises Retryable, Misconfigured and Malformed."""
        return self.app.ask(session, RESOURCE, self.timeout, now)


@dataclass(frozen=True, slots=True)
class Person:
    """The application on behalf of a person, by their refresh token; `keep` stores the one that follows.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    actor: str
    timeout: tuple[float, float]
    keep: Callable[[str], None] = field(repr=False)

    @property
    def key(self) -> str:
        """The key of this person's token."""
        text = f"{self.url}\n{self.client_id}\n{self.actor}"
        return f"business_central:{hashlib.sha256(text.encode()).hexdigest()[:16]}:person"

    def ask(self, session: requests.Session, now: datetime) -> Token:
        """Trade the refresh token for a token of this person. Raises Retryable, Misconfigured and Malformed."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "scope": f"{RESOURCE}/.default offline_access",
        }
        granted = TokenEndpoint(self.url, self.timeout, _explained).ask(session, form)
        # The old one goes on until its end (A-DYNAMICS-316), the new one ends later.
        if granted.refresh_token and granted.refresh_token != self.refresh_token:
            self.keep(granted.refresh_token)
        return Token(granted.access_token, RESOURCE, now + LIFETIME)


class People:
    """The application, and the people whose refresh tokens the vault or the settings hold.

    The vault's key of a person is `business_central:<application>:actor:<user id>`; what it holds goes before the
    settings.
    """

    def __init__(self, settings: BusinessCentralSettings, services: Services) -> None:
        self._settings = settings
        self._services = services
        self._known: dict[str, tuple[str, Account]] = {}
        secret = settings.client_secret.get_secret_value()
        app = App(settings.login_url, settings.tenant, settings.client_id, secret)
        self.application = Account(Application(app, settings.timeout), settings, services)

    @property
    def stand_in(self) -> bool:
        """Whether the application may write for somebody without a credential."""
        return self._settings.act_as_integration_user

    def own(self, actor: str) -> Account | None:
        """Return the environment as this person, None where no refresh token of theirs is known."""
        key = vault_key(self._settings, actor)
        named = self._settings.actors.get(actor)
        secret = self._services.vault.load(key) or (named.get_secret_value() if named else None)
        if not secret:
            return None
        known = self._known.get(actor)
        if known is None or known[0] != secret:
            account = Account(self._person(actor, secret, key), self._settings, self._services)
            known = self._known[actor] = (secret, account)
        return known[1]

    def acting(self, actor: str) -> Account | None:
        """Return the environment as whoever writes for this person, None where nobody may."""
        return self.own(actor) or (self.application if self.stand_in else None)

    def _person(self, actor: str, refresh_token: str, key: str) -> Person:
        settings = self._settings
        return Person(
            url=f"{settings.login_url}/{settings.tenant}/oauth2/v2.0/token",
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            refresh_token=refresh_token,
            actor=actor,
            timeout=settings.timeout,
            keep=lambda token: self._services.vault.store(key, token),
        )


def vault_key(settings: BusinessCentralSettings, actor: str) -> str:
    """Return the vault's key of a person's refresh token."""
    app = hashlib.sha256(f"{settings.login_url}\n{settings.tenant}\n{settings.client_id}".encode()).hexdigest()[:16]
    return f"business_central:{app}:actor:{actor}"


_ENDED = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})


def _explained(refused: GrantRefused) -> ConnectorError:
    found = re.search(r"AADSTS\d{4,9}", refused.description)
    detail = f"HTTP {refused.status} {refused.error} {found[0] if found else ''}".rstrip()
    if refused.error in {"temporarily_unavailable", "server_error"} or refused.status >= 500 or refused.status == 429:
        return Retryable("Microsoft Entra gives no tokens at the moment.", detail=detail)
    if refused.error in _ENDED:
        return SignInAgain(
            "Microsoft Entra has ended your sign-in for this bridge: connect your account again.", detail=detail
        )
    return Misconfigured(f"Microsoft Entra refuses a person's token ({refused.error}): check the app.", detail=detail)
