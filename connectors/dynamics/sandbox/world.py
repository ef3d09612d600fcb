"""Both surfaces of one tenant, and who is told of what changes in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.dynamics.sandbox.central.notifications import Notifications
from connectors.dynamics.sandbox.central.place import Place
from connectors.dynamics.sandbox.central.subscriptions import Subscriptions
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.dataverse.webhooks import Webhooks
from connectors.dynamics.sandbox.directory import Directory
from connectors.dynamics.sandbox.settings import Settings
from connectors.dynamics.sandbox.switches import Switches


@dataclass(slots=True)
class World:
    """A tenant with an environment of Dataverse and one of Business Central."""

    settings: Settings = field(default_factory=Settings)
    switches: Switches = field(default_factory=Switches)
    directory: Directory = field(init=False)
    org: Org = field(init=False)
    place: Place = field(init=False)
    webhooks: Webhooks = field(init=False)
    subscriptions: Subscriptions = field(init=False)
    notifications: Notifications = field(init=False)

    def __post_init__(self) -> None:
        self.directory = Directory(self.settings)
        self.org = Org(self.settings, self.switches, self.directory)
        self.place = Place(self.settings, self.switches, self.directory)
        self.webhooks = Webhooks(self.org)
        self.subscriptions = Subscriptions(self.place)
        self.notifications = Notifications(self.place, self.subscriptions)

    def tell(self) -> None:
        """Tell subscribers of what became visible since the last time."""
        self.webhooks.tell(self.org.store.take_written())
        self.notifications.tell(self.place.store.take_written())
