"""One environment: its rows, rights, limits and webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.dynamics.sandbox.dataverse.access import Access
from connectors.dynamics.sandbox.dataverse.protection import Protection
from connectors.dynamics.sandbox.dataverse.tables import TABLES
from connectors.dynamics.sandbox.directory import Directory
from connectors.dynamics.sandbox.odata.pages import Results
from connectors.dynamics.sandbox.schema import Catalogue
from connectors.dynamics.sandbox.settings import Settings
from connectors.dynamics.sandbox.store import Store
from connectors.dynamics.sandbox.switches import Switches

ORG_ID = "4ef5b371-e89e-4711-8122-000d3aa2331c"
ORG_NAME = "harbour"
BASE_CURRENCY = "b4b3d2c1-0000-4000-8000-000000000001"


@dataclass(slots=True)
class Org:
    """The environment. Delta tokens from before version `deltas_from` have expired."""

    settings: Settings
    switches: Switches
    directory: Directory
    catalogue: Catalogue = field(default_factory=lambda: Catalogue(TABLES))
    results: Results = field(default_factory=Results)
    deltas_from: int = 0
    store: Store = field(init=False)
    access: Access = field(init=False)
    protection: Protection = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.catalogue)
        self.access = Access(self.store)
        self.protection = Protection(self.settings, self.switches)

    def user_of_application(self, client_id: str) -> str | None:
        """Return the application user of an application."""
        users = self.store.rows("systemuser")
        return next((user.id for user in users if user.values.get("applicationid") == client_id), None)

    def find_user(self, name: str) -> str | None:
        """Find a user by id, user name or object id in Entra."""
        wanted = name.casefold()
        for user in self.store.rows("systemuser"):
            names = (user.id, user.values.get("domainname"), user.values.get("azureactivedirectoryobjectid"))
            if wanted in {str(one).casefold() for one in names if one}:
                return user.id
        return None

    def expire_deltas(self) -> None:
        """Make all delta tokens of the past worthless."""
        self.deltas_from = self.store.skip()
