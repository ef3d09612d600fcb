"""One account, as the rest of the product uses it."""

from __future__ import annotations

from connectors.contract import Budget, Services
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.wire import Account


class Client:
    """One NetSuite account as one role."""

    def __init__(self, name: str, settings: NetSuiteSettings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._account = Account(settings, services)

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quota that every call uses: the account's calls at once, shared by all sources of the account.

        https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1500275603.html
        """
        return (Budget(key=self._settings.calls_key, windows=(), slots=self._settings.slots),)
