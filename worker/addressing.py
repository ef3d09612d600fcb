"""Finds out who in the channel it is whom a route's field names, just before they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipelines.plan import WITHIN, ByPerson, Plan, Route, destination_of
from worker.ledger import configurations, people, recipients
from worker.ledger.configurations import Mark
from worker.ledger.engine import Ledger
from worker.ledger.recipients import Addressed, Meant

MOST = 256
"""Notices that are looked at in one turn."""

FOUND, OTHERWISE = "person", "otherwise"
"""Why somebody is told, in the trail: the field names them, or nobody is matched with whom it names."""


@dataclass(frozen=True, slots=True)
class Addressing:
    """Gives notices that name a source's user to the person who is matched with them now, or to the route's others.

    `channels` are those of single people. What no route tells any more is set aside.
    """

    ledger: Ledger
    plan: Plan
    channels: Sequence[str]
    taken: Mark | None = None

    def step(self) -> int:
        """Deal with what waits to be addressed; returns how many. Raises `Moved` and what the ledger raises."""
        routes = {route.name: route for route in self.plan.routes}
        if not self.channels:
            return 0
        with self.ledger.read() as connection:
            found = recipients.meant(connection, self.channels, MOST)
            if not found:
                return 0
            configurations.require(connection, self.taken)
            addressed = [self._addressed(connection, one, routes.get(one.route)) for one in found]
        with self.ledger.write() as connection:
            recipients.settle(self.ledger, connection, addressed)
        return len(addressed)

    def _addressed(self, connection: Connection, one: Meant, route: Route | None) -> Addressed:
        by = route.by if route is not None else None
        if not isinstance(by, ByPerson):
            return Addressed(one, (), "")
        user = self._manager(connection, one) if by.manager and one.user else one.user
        if user:
            return Addressed(one, (f"{destination_of(one.destination)}{WITHIN}{user}",), FOUND)
        return Addressed(one, by.otherwise, OTHERWISE)

    def _manager(self, connection: Connection, one: Meant) -> str:
        found = people.known(self.ledger, connection, one.application, one.user)
        manager = people.known(self.ledger, connection, one.application, found.manager) if found else None
        return manager.id if manager else ""
