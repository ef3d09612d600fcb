"""The org's users as whom the bridge acts: one signed assertion, and one token, for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from connectors.contract import ConnectorError, Misconfigured, Services
from connectors.salesforce.identity import Person, signer
from connectors.salesforce.records import id18
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.wire import Calls

UNSIGNED = (
    "Nobody can decide in Salesforce by way of the bridge: name an app with a certificate in `acting`, so that it can "
    "act as each person."
)


class NoUser(ConnectorError):
    """The org has no active user of this id."""


@dataclass(frozen=True, slots=True)
class People:
    """Finds the user name that an assertion needs; a name is known for `describe_age`."""

    settings: SalesforceSettings
    services: Services
    org: Calls
    _known: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def person(self, actor: str) -> Person:
        """Return the identity of a user by id. Raises NoUser, Misconfigured where no app may sign, and what a call does."""
        app = signer(self.settings)
        if app is None:
            raise Misconfigured(UNSIGNED)
        return Person(app, self._username(id18(actor)))

    def _username(self, user: str) -> str:
        now = self.services.now()
        known = self._known.get(user)
        if known is None or now - known[0] >= self.settings.describe_age:
            query = f"SELECT Username FROM User WHERE Id = '{user}' AND IsActive = true"  # noqa: S608 - ids are held to letters and digits
            rows = self.org.call("query", params={"q": query})["records"]
            if not rows:
                raise NoUser("Salesforce has no active user for you: ask its administrator.")
            known = self._known[user] = (now, str(rows[0]["Username"]))
        return known[1]
