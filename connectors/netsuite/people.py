"""As whom a call is made: as the integration, or as the person who decides.

NetSuite has no call on behalf of somebody else: whose certificate mapping or token proves a call is who made it. An
administrator sets both up on NetSuite's pages, so they stand in the settings.
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162686838198.html
"""

from __future__ import annotations

from connectors.contract import Services
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.wire import Account


class People:
    """The integration, and the people whose credentials the settings hold."""

    def __init__(self, settings: NetSuiteSettings, services: Services, integration: Account) -> None:
        self._settings = settings
        self._services = services
        self._known: dict[str, Account] = {}
        self.integration = integration

    @property
    def stand_in(self) -> bool:
        """Whether the integration may write for somebody without a credential."""
        return self._settings.act_as_integration_user

    def own(self, actor: str) -> Account | None:
        """Return the account as this person, None where no credential of theirs is known."""
        auth = self._settings.actors.get(actor)
        if auth is None:
            return None
        if actor not in self._known:
            self._known[actor] = Account(self._settings.model_copy(update={"auth": auth}), self._services)
        return self._known[actor]

    def acting(self, actor: str) -> Account | None:
        """Return the account as whoever writes for this person, None where nobody may."""
        return self.own(actor) or (self.integration if self.stand_in else None)
