"""One organisation: its modules, records, people, tokens and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from connectors.zoho.sandbox.blueprints import PROCESSES
from connectors.zoho.sandbox.channels import Channels
from connectors.zoho.sandbox.credits import Credits
from connectors.zoho.sandbox.modules import make_modules
from connectors.zoho.sandbox.notices import Post
from connectors.zoho.sandbox.paging import Pages
from connectors.zoho.sandbox.people import ORG_ZONE, Rules, User
from connectors.zoho.sandbox.settings import Settings
from connectors.zoho.sandbox.store import Store
from connectors.zoho.sandbox.switches import Switches
from connectors.zoho.sandbox.tokens import Tokens
from connectors.zoho.sandbox.values import Writer


@dataclass(frozen=True, slots=True)
class App:
    """The registered client: its credentials, where browsers come back to, and who runs it."""

    client_id: str
    client_secret: str
    redirect_uri: str
    user: User


class Org:
    """Everything that the twin remembers."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.switches = Switches()
        self.modules = make_modules()
        self.rules = Rules()
        self.store = Store(self.modules)
        self.tokens = Tokens(self.settings, lambda: self.switches)
        self.credits = Credits(self.settings, lambda: self.switches)
        self.pages = Pages(self.settings)
        self.channels = Channels()
        self.post = Post(lambda: self.switches)
        self.processes = PROCESSES

    def writer(self, user: User | None = None) -> Writer:
        """Return what checks the rows that this user writes."""
        return Writer(self.store, self.rules, self.switches, user)

    def zone(self, user: User) -> tzinfo:
        """Return the zone whose offset times carry. A-ZOHO-55: the pages speak of both."""
        return user.tz if self.switches.offset_of == "user" else ZoneInfo(ORG_ZONE)
