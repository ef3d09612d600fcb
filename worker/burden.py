"""How many messages a day each person would have got: over all groups that they are in, and one to one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from pipelines.plan import Plan, asked_of, destination_of, person_of
from worker.backtest import Forecast
from worker.ledger import matches, people
from worker.ledger.engine import Ledger
from worker.ledger.figures import readers_of


@dataclass(frozen=True, slots=True)
class Burden:
    """The messages of one person by day, on the busiest day and on an ordinary one."""

    person: str
    days: Mapping[str, int]
    busiest: str
    most: int
    mean: float


def shown(recipient: str) -> str:
    """Return a recipient as it is written for people: `sales`, or `staff: 005A` for one person of a destination."""
    user = asked_of(recipient) or person_of(recipient)
    return f"{destination_of(recipient)}: {user}" if user else recipient


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Knows who reads what, by the ledger where there is one, for the destinations of a plan."""

    plan: Plan
    ledger: Ledger | None = None
    connection: Connection | None = None

    def readers(self, found: Forecast) -> dict[str, Collection[str]]:
        """Return who reads each recipient, by user id where that is known, else as the source calls them.

        Nobody is named for a recipient of which it is not known who reads it.
        """
        return {name: self._of(name, found.asked.get(name, set())) for name in {name for name, _ in found.days}}

    def _of(self, name: str, asked: Collection[tuple[str, bool]]) -> Collection[str]:
        if len(asked) == 1:
            ((source, manager),) = asked
            user = self._user(source, asked_of(name))
            return self._manager(name, user) if manager else {user}
        # where some routes tell somebody and others their manager, it is not known whose each message was
        if asked or self.ledger is None or self.connection is None:
            return ()
        return readers_of(self.ledger, self.connection, name)

    def _user(self, source: str, user: str) -> str:
        known = matches.users(self.connection, source, [user]) if self.connection is not None else {}
        return known.get(user, f"{source}: {user}")

    def _manager(self, name: str, user: str) -> Collection[str]:
        if self.ledger is None or self.connection is None:
            return ()
        application = self.plan.reader(name).application
        found = people.known(self.ledger, self.connection, application, user)
        return {found.manager} if found is not None and found.manager else ()


def burdens(found: Forecast, readers: Mapping[str, Collection[str]], days: int) -> list[Burden]:
    """Return what each of these readers would have got in so many days, who would have got most first."""
    by_person: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (name, day), count in found.days.items():
        for person in readers.get(name, ()) if count else ():
            by_person[person][day] += count
    made = [_burden(person, of, days) for person, of in by_person.items()]
    return sorted(made, key=lambda one: (-one.mean, one.person))


def _burden(person: str, of: Counter[str], days: int) -> Burden:
    busiest = max(sorted(of), key=of.__getitem__)
    return Burden(person, dict(sorted(of.items())), busiest, of[busiest], round(of.total() / days, 2))
