"""One org: its users, records, permissions, sessions and limits."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.access import Access
from connectors.salesforce.sandbox.approvals import Approvals
from connectors.salesforce.sandbox.catalogue import Catalogue
from connectors.salesforce.sandbox.cursors import Cursors
from connectors.salesforce.sandbox.limits import Quota
from connectors.salesforce.sandbox.objects import ALL
from connectors.salesforce.sandbox.outbound import Outbound
from connectors.salesforce.sandbox.sessions import Sessions
from connectors.salesforce.sandbox.settings import Settings
from connectors.salesforce.sandbox.soql.view import View
from connectors.salesforce.sandbox.store import Store
from connectors.salesforce.sandbox.switches import Switches

ORG_ID = ids.make_id("00D", 1)
LATEST_VERSION = 68
OLDEST_VERSION = 31
PASSWORD = "sandbox-password"
SECURITY_TOKEN = "sandboxSecurityToken"


@dataclass(frozen=True, slots=True)
class ExternalApp:
    """The connected app: its credentials, its key pair for JWT (PEM), and the user that it runs as."""

    client_id: str
    client_secret: str
    private_key: str
    public_key: str
    run_as: str


class Org:
    """Everything that the twin remembers."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.switches = Switches()
        self.catalogue = Catalogue(ALL)
        self.store = Store(self.catalogue, lambda: self.switches)
        self.access = Access()
        self.approvals = Approvals(self.store, self.catalogue, self.access, lambda: self.switches)
        self.quota = Quota(self.settings)
        self.sessions = Sessions(ORG_ID, self.settings)
        self.cursors = Cursors(self.settings)
        self.outbound = Outbound(ORG_ID, self.store, self.catalogue, lambda: self.switches)

    def view(self, user_id: str) -> View:
        """Return what a user's queries see."""
        return View(self.store, self.catalogue, self.access, user_id, self.switches.relation_fields == "target")

    def find_user(self, name: str) -> str | None:
        """Find a user by username or id and return the id."""
        full = ids.canonical(name)
        if full is not None and self.store.find("User", full):
            return full
        return self.find_username(name)

    def find_username(self, username: str) -> str | None:
        """Find an active user by username, whatever its case, and return the id."""
        wanted = username.casefold()
        for row in self.store.users():
            if str(row.values["Username"]).casefold() == wanted and row.values["IsActive"]:
                return row.id
        return None

    def log_in(self, username: str, password: str) -> str | None:
        """Return the user whose password this is, with the security token behind it."""
        return self.find_username(username) if password == PASSWORD + SECURITY_TOKEN else None
