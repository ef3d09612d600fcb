"""The account as a whole: its company, its records, who may log in, and how it answers."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from connectors.netsuite.sandbox.catalogue import Catalogue
from connectors.netsuite.sandbox.credentials import Credentials
from connectors.netsuite.sandbox.database import Database
from connectors.netsuite.sandbox.events import UserEvents
from connectors.netsuite.sandbox.governance import Governance
from connectors.netsuite.sandbox.login import Login
from connectors.netsuite.sandbox.rolebook import Rolebook
from connectors.netsuite.sandbox.roles import Role
from connectors.netsuite.sandbox.settings import Settings
from connectors.netsuite.sandbox.stock import Stock
from connectors.netsuite.sandbox.store import Store
from connectors.netsuite.sandbox.switches import Switches

PACIFIC = "America/Los_Angeles"


class Account:
    """Everything that one twin holds."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.switches = Switches()
        self.catalogue = Catalogue()
        self.database = Database()
        self.store = Store(self.database, self.catalogue, lambda: self.switches)
        self.stock = Stock(self.database, self.store)
        self.roles: dict[int, Role] = {}
        self.rolebook = Rolebook(self.database, self.roles)
        self.credentials = Credentials(lambda: self.settings)
        self.login = Login(self.credentials, self.roles)
        self.governance = Governance(lambda: self.settings)
        self.events = UserEvents(self.store, self.catalogue)
        self.locked: set[tuple[str, int]] = set()
        self.searches_ended = 0.0
        """Monotonic seconds: a search of SOAP that was not used since is dead."""

    @property
    def company_zone(self) -> ZoneInfo:
        """The zone of the company."""
        return ZoneInfo(self.settings.company_zone)

    @property
    def user_zone(self) -> ZoneInfo:
        """The zone of the integration's user."""
        return ZoneInfo(self.settings.user_zone or self.settings.company_zone)

    @property
    def suiteql_zone(self) -> ZoneInfo:
        """The zone of times without an offset in SuiteQL."""
        # A-NETSUITE-3: no page says whose zone it is
        answers = {"user": self.user_zone, "company": self.company_zone, "utc": ZoneInfo("UTC")}
        return answers.get(self.switches.suiteql_zone) or ZoneInfo(PACIFIC)

    def role_named(self, name: str) -> Role | None:
        """Find a role by its name or id."""
        return next((role for role in self._roles() if name in {role.name, str(role.id)}), None)

    def _roles(self) -> Sequence[Role]:
        return list(self.roles.values())
