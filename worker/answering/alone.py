"""What an application tells one person alone: by destinations that name them, and one to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from pipelines.plan import OWN, WITHIN, Plan, Route
from pipelines.stages.muted import mutable, muted_as
from worker.ledger import mutes


@dataclass(frozen=True, slots=True)
class Alone:
    """The destinations of one application that one person reads alone.

    `named` gives destinations their one reader, `personal` are those that reach whom a route names. `longest` is how
    long somebody may mute.
    """

    application: str
    plan: Plan
    named: Mapping[str, str] = field(default_factory=dict)
    personal: Sequence[str] = ()
    longest: timedelta = timedelta(days=1)

    def recipients(self, user: str) -> tuple[str, ...]:
        """Return every recipient that is this person alone."""
        return (*self._naming(user), *self._one_to_one(user))

    def routes(self, connection: Connection, user: str) -> Mapping[str, Route]:
        """Return the routes that tell somebody alone, by the name under which they are muted.

        Of those that tell whom a field names only what told this person already: they know it, and of others nothing.
        """
        naming = self._naming(user)
        named = mutes.telling(connection, self._one_to_one(user))
        named |= mutes.of(connection, self.application, user).keys()
        found: dict[str, Route] = {}
        for route in self.plan.routes:
            name = muted_as(route)
            by_field = any(map(route.tells, self.personal)) and not named.isdisjoint({name, route.name})
            if route.source == OWN or not (by_field or any(map(route.tells, naming))):
                continue
            if name not in found or mutable(route):
                found[name] = route
        return found

    def _one_to_one(self, user: str) -> list[str]:
        return [f"{name}{WITHIN}{user}" for name in self.personal]

    def _naming(self, user: str) -> list[str]:
        return [name for name, reader in self.named.items() if reader == user]
