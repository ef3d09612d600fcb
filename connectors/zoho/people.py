"""Whose credential a call uses: the integration user's, or that of the person who decides."""

from __future__ import annotations

from connectors.contract import Services
from connectors.zoho.settings import ZohoSettings
from connectors.zoho.tokens import Credential
from connectors.zoho.wire import Account, app


class People:
    """The integration user, and the people whose refresh tokens the vault or the settings hold.

    The vault's key of a person is `zoho:<app>:actor:<user id>`; what it holds goes before the settings.
    """

    def __init__(self, settings: ZohoSettings, services: Services) -> None:
        self._settings = settings
        self._services = services
        self._known: dict[str, Account] = {}
        self.integration = self._account(settings.refresh_token.get_secret_value())

    @property
    def stand_in(self) -> bool:
        """Whether the integration user may write for somebody without a credential."""
        return self._settings.act_as_integration_user

    def own(self, actor: str) -> Account | None:
        """Return the org as this person, None where no refresh token of theirs is known."""
        named = self._settings.actors.get(actor)
        secret = self._services.vault.load(vault_key(self._settings, actor))
        secret = secret or (named.get_secret_value() if named else None)
        return self._account(secret) if secret else None

    def acting(self, actor: str) -> Account | None:
        """Return the org as whoever writes for this person, None where nobody may."""
        return self.own(actor) or (self.integration if self.stand_in else None)

    def _account(self, refresh_token: str) -> Account:
        settings = self._settings
        secret = settings.client_secret.get_secret_value()
        credential = Credential(settings.accounts, settings.client_id, secret, refresh_token)
        if credential.who not in self._known:
            self._known[credential.who] = Account(credential, settings, self._services)
        return self._known[credential.who]


def vault_key(settings: ZohoSettings, actor: str) -> str:
    """Return the vault's key of a person's refresh token."""
    return f"zoho:{app(settings)}:actor:{actor}"
