"""One environment of Business Central: companies, rows, limits, subscriptions."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.dynamics.sandbox.central.limits import Limits
from connectors.dynamics.sandbox.central.tables import COMPANY, TABLES
from connectors.dynamics.sandbox.directory import Directory
from connectors.dynamics.sandbox.odata.pages import Results
from connectors.dynamics.sandbox.schema import Catalogue
from connectors.dynamics.sandbox.settings import Settings
from connectors.dynamics.sandbox.store import Store
from connectors.dynamics.sandbox.switches import Switches

ENVIRONMENT = "production"
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Company:
    """A company. `display` is what people call it."""

    id: str
    name: str
    display: str


@dataclass(slots=True)
class Place:
    """The environment. `applications` are the client ids that were set up in it, with their user's id."""

    settings: Settings
    switches: Switches
    directory: Directory
    companies: list[Company] = field(default_factory=list)
    applications: dict[str, str] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=lambda: Catalogue(TABLES))
    results: Results = field(default_factory=Results)
    store: Store = field(init=False)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.catalogue)
        self.limits = Limits(self.settings, self.switches)

    def local_currency(self, company: str) -> str:
        """Return the code of the currency in which a company keeps its books."""
        rows = self.store.rows("generalLedgerSetup")
        return next((str(row.values["localCurrencyCode"]) for row in rows if row.values[COMPANY] == company), "")
