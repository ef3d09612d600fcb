"""One org: its users, records, permissions, sessions and limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.salesforce.sandbox import ids
from connectors.salesforce.sandbox.cursors import Cursors
from connectors.salesforce.sandbox.limits import Quota
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.sessions import Sessions
from connectors.salesforce.sandbox.settings import Settings
from connectors.salesforce.sandbox.store import Store
from connectors.salesforce.sandbox.switches import Switches

ORG_ID = ids.make_id("00D", 1)
LATEST_VERSION = 68
OLDEST_VERSION = 31


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
        self.store = Store(lambda: self.switches)
        self.quota = Quota(self.settings)
        self.sessions = Sessions(ORG_ID, self.settings)
        self.cursors = Cursors(self.settings)
        self._hidden: set[tuple[str, str, str]] = set()

    def hide(self, user_id: str, sobject: SObject, field_name: str, *, hidden: bool) -> None:
        """Take a field from a user, or give it back."""
        entry = (user_id, sobject.name, field_name)
        if hidden:
            self._hidden.add(entry)
        else:
            self._hidden.discard(entry)

    def hidden(self, user_id: str, sobject: SObject) -> frozenset[str]:
        """Return the names of the fields that this user may not see."""
        return frozenset(f for user, name, f in self._hidden if (user, name) == (user_id, sobject.name))

    def hidden_from(self, user_id: str) -> Callable[[SObject], frozenset[str]]:
        """Return `hidden` for one user."""
        return lambda sobject: self.hidden(user_id, sobject)

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
