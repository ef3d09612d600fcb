"""Who of a destination's readers is cleared for what, by what the ledger knows; remembered while nothing changes."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from pipelines.audience import Audience
from pipelines.clearances import Clearances, Traits, cleared
from pipelines.plan import Destination, Plan
from worker.ledger import audiences, clearances, matches
from worker.ledger.audiences import Ages, Known, State
from worker.ledger.clearances import Mark
from worker.ledger.engine import Ledger

READ_WITHIN = timedelta(days=1) // timedelta(microseconds=1)
"""How old may be what was read of an application's people: nobody is cleared by what is older."""

LOOKED_S = 1.0
"""How long it is believed that no user of a source has another state than before."""

NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Office:
    """The people of one application as they were when it had this mark."""

    mark: tuple[Mark, tuple[int, ...]]
    traits: dict[str, Traits] = field(default_factory=dict)
    classes: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Clearing:
    """Answers for one configuration's clearances. `ages` is how old the members of a group may be.

    Safe for several threads: what one of them remembers is replaced as a whole.
    """

    ledger: Ledger
    clearances: Clearances
    ages: Ages = field(default_factory=Ages)
    _offices: dict[str, _Office] = field(default_factory=dict)
    _members: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    _newest: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def audience(self, connection: Connection, destination: Destination, known: Known, at: int) -> Audience:
        """Return what clearance has to know of a destination's readers at `at` (microseconds)."""
        audience, ruled = known.audience(at, self.ages), self.clearances.ruled
        if not ruled or known.state is not State.LISTED:
            return audience
        members = self.members(connection, known)
        cleared = self.people(connection, destination.application, members, at)
        return replace(audience, cleared=cleared, ruled=ruled, by_source=self._by_source(destination))

    def alone(self, connection: Connection, destination: Destination, user: str, at: int) -> Audience:
        """Return what clearance has to know of a destination that one person reads, at `at` (microseconds)."""
        if not self.clearances.ruled:
            return Audience(read=True)
        cleared = self.people(connection, destination.application, [user], at)
        ruled = self.clearances.ruled
        return Audience(read=True, cleared=cleared, ruled=ruled, by_source=self._by_source(destination))

    def seen(self, connection: Connection, plan: Plan, at: int) -> dict[str, Destination]:
        """Return destinations with what is known of their readers, however old the list is; of who was never asked nothing."""
        found = audiences.known(connection, list(plan.destinations))
        return {
            name: replace(one, audience=self.audience(connection, one, found[name], at))
            if name in found and found[name].read_at
            else one
            for name, one in plan.destinations.items()
        }

    def members(self, connection: Connection, known: Known) -> tuple[str, ...]:
        """Return the user ids of who reads a place, as they were listed last."""
        kept = self._members.get(known.place)
        if kept is None or kept[0] != known.read_at:
            found = audiences.listed(self.ledger, connection, known.place)
            kept = (known.read_at, tuple(found.people) if found is not None else ())
            self._members[known.place] = kept
        return kept[1]

    def people(
        self, connection: Connection, application: str, users: Collection[str], at: int
    ) -> Mapping[str, frozenset[str]]:
        """Return the classes that each of these people may see at `at` (microseconds), none of whom nothing is known.

        Who left, whom news named and nobody read again since, and everybody of an application whose people were not
        read for a day, may see none.
        """
        sure, classes = self._sure(connection, application, users, at)
        return {user: classes[user] if user in sure else NOBODY for user in users}

    def actors(
        self, connection: Connection, application: str, source: str, users: Collection[str], at: int
    ) -> Mapping[str, str]:
        """Return which user of a source each of these people is, less those of whom it is not sure at `at` (microseconds)."""
        sure, _ = self._sure(connection, application, users, at)
        return matches.actors(connection, application, source, sure)

    def _sure(
        self, connection: Connection, application: str, users: Collection[str], at: int
    ) -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
        """Return those of these people of whom all is known now, and the classes that people may see."""
        # before the mark: who is read again between the two must not count as sure by what was known before
        unsure = clearances.unsure(connection, application)
        office = self._office(connection, application, users)
        read_at = office.mark[0].read_at
        if read_at is None or at - read_at >= READ_WITHIN:
            return frozenset(), {}
        return frozenset(user for user in users if user in office.traits and user not in unsure), office.classes

    def _by_source(self, destination: Destination) -> frozenset[str]:
        return self.clearances.within(destination.application).by_source

    def settling(self, connection: Connection, destination: Destination, known: Known, at: int) -> bool:
        """Tell whether some of the readers are being read again now: then it will soon be known who is cleared."""
        if not self.clearances.ruled or known.state is not State.LISTED:
            return False
        return self.unsettled(connection, destination.application, self.members(connection, known), at)

    def unsettled(self, connection: Connection, application: str, users: Collection[str], at: int) -> bool:
        """Tell whether some of these people are being read again, and not for too long."""
        if not self.clearances.ruled:
            return False
        rules, unsure = self.clearances.within(application), clearances.unsure(connection, application)
        mark = clearances.mark(connection, application, ())
        named = [unsure[user] for user in users if user in unsure]
        named += [mark.roles_stale_at] if any(each.roles for each in rules.of) else []
        named += [mark.departments_stale_at] if any(each.departments for each in rules.of) else []
        since = min(filter(None, named), default=0)
        return since > at - self.ages.settling // timedelta(microseconds=1)

    def traits(self, connection: Connection, application: str, users: Collection[str]) -> Mapping[str, Traits]:
        """Return what is known of these people by which they are cleared; of those who left nothing."""
        return self._office(connection, application, users).traits

    def _office(self, connection: Connection, application: str, users: Collection[str]) -> _Office:
        """Return the people of an application, these among them."""
        rules = self.clearances.within(application)
        sources = [each.source for each in rules.source_roles]
        states = tuple(self._newest_state(connection, each.source, each.kind) for each in rules.source_roles)
        mark = (clearances.mark(connection, application, sources), states)
        office = self._offices.get(application)
        if office is None or office.mark != mark:
            office = _Office(mark)
        if missing := [user for user in users if user not in office.classes]:
            asked = _certain(rules, mark[0])
            found = clearances.traits(self.ledger, connection, application, missing, asked)
            classes = {user: cleared(found[user], asked) if user in found else NOBODY for user in missing}
            office = _Office(mark, office.traits | found, office.classes | classes)
        self._offices[application] = office
        return office

    def _newest_state(self, connection: Connection, source: str, kind: str) -> int:
        looked_at, seq = self._newest.get((source, kind), (0.0, 0))
        now = time.monotonic()
        if now - looked_at >= LOOKED_S or not looked_at:
            looked_at, seq = self._newest[source, kind] = now, clearances.newest(connection, source, kind)
        return seq


def _certain(rules: Clearances, mark: Mark) -> Clearances:
    """Return what can be told while news of roles or departments wait to be read: these clear nobody."""
    return replace(
        rules,
        of=tuple(
            replace(
                each,
                roles=() if mark.roles_stale_at else each.roles,
                departments=() if mark.departments_stale_at else each.departments,
            )
            for each in rules.of
        ),
    )
