"""Why one person did or did not get what was told: where they read, since when, and what they may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipelines.plan import Plan, destination_of, person_of
from pipelines.verdict import Reason
from worker.clearing import Clearing
from worker.explain.events import Scene
from worker.explain.sentences import Tale
from worker.explain.story import Said, Voice
from worker.explain.values import labels
from worker.ledger import audiences, peace, people, readers
from worker.ledger.engine import Ledger
from worker.ledger.history import Sending, Telling
from worker.ledger.tables import MessageState, Step
from worker.ledger.told import GOT

_WITHHELD = frozenset({Reason.NOT_FOR_ALL, Reason.KEPT_BACK, Reason.REQUIRED_WITHHELD})
"""Why something is not told at all whose detail is the field that not everybody may see."""


@dataclass(frozen=True, slots=True)
class Place:
    """That somebody reads a recipient: since when (microseconds, 0: as long as it is known), and how that is known."""

    said: Said
    since: int = 0


@dataclass(frozen=True, slots=True)
class Personally:
    """Tells of one person by their user id, as the configuration of today and the ledger know them."""

    ledger: Ledger
    connection: Connection
    user: str
    plan: Plan
    voice: Voice

    def place(self, recipient: str) -> Place | None:
        """Return how the person reads a recipient; None: they do not, or nobody knows."""
        if one := person_of(recipient):
            return Place(self._say(Tale.ALONE, recipient)) if one == self.user else None
        name = destination_of(recipient)
        application = self.plan.destinations[name].application if name in self.plan.destinations else ""
        named = readers.of_person(self.connection, application, self.user).get(name)
        if named is not None:
            return Place(self._say(Tale.NAMED, name, since=self.voice.clock(named)), named)
        known = audiences.known(self.connection, [name]).get(name)
        members = audiences.listed(self.ledger, self.connection, known.place) if known is not None else None
        if known is None or members is None or self.user not in members.people:
            return None
        joined = peace.since(self.connection, known.place, self.user)
        return Place(self._say(Tale.MEMBER, name, since=self.voice.clock(known.read_at)), joined)

    def unread(self, route: str, tellings: Sequence[Telling]) -> Iterator[Said]:
        """Tell that the person reads nowhere where a route told, as far as it is known who does."""
        names = list(dict.fromkeys(one.destination for one in tellings))
        yield self.voice.say(Tale.READS_NONE, route=route, person=self.user, destinations=", ".join(names))
        for name in names:
            known = audiences.known(self.connection, [name]).get(name)
            listed = known is not None and known.state is audiences.State.LISTED
            if not (person_of(name) or listed or readers.any_of(self.connection, name)):
                yield self._say(Tale.UNLISTED, name)

    def got(self, telling: Telling, place: Place) -> Iterator[Said]:
        """Tell which messages came to the person, and which did not because they were not there yet."""
        late = [one for one in telling.messages if one.framed_at < place.since]
        if late:
            yield self._say(Tale.READS_LATER, telling.destination, since=self.voice.clock(place.since))
        for one in telling.messages:
            if one.state is MessageState.DELIVERED and one not in late and self._came(one):
                yield self._say(Tale.CAME, telling.destination, id=one.id)

    def sees(self, scene: Scene, telling: Telling) -> Iterator[Said]:
        """Tell for which data classes the person is cleared, of what was withheld there."""
        named = [name for one in telling.entries if one.step is Step.FRAMED for name in one.detail.split(", ")]
        named += [one.detail for one in telling.entries if one.reason in _WITHHELD]
        kind = self.plan.kinds.get((scene.happening.source, scene.happening.kind))
        of = {spec.name: spec.data_class for spec in kind.fields} if kind else {}
        application = self.plan.reader(telling.destination).application if self._is_there(telling) else ""
        clearing = Clearing(self.ledger, self.plan.clearances)
        at = self.ledger.now(self.connection)
        cleared = clearing.people(self.connection, application, [self.user], at)[self.user]
        withheld = [name for name in dict.fromkeys(named) if of.get(name) in self.plan.clearances.ruled]
        for key, fields in (
            (Tale.LACKS, [name for name in withheld if of[name] not in cleared]),
            (Tale.OTHERS_LACK, [name for name in withheld if of[name] in cleared]),
        ):
            if fields:
                shown = ", ".join(labels(scene.of).get(name, name) for name in fields)
                classes = ", ".join(sorted({of[name] for name in fields}))
                yield self._say(key, telling.destination, classes=classes, labels=shown)

    def _is_there(self, telling: Telling) -> bool:
        return destination_of(telling.destination) in self.plan.destinations

    def _came(self, one: Sending) -> bool:
        known = {each.person: each.reached for each in one.people}
        recalled = any(entry.step is Step.RECALLED for entry in one.tries)
        return not recalled and (not known or known.get(self.user) in GOT)

    def _say(self, key: Tale, destination: str, **facts: object) -> Said:
        return self.voice.say(key, None, person=self.user, destination=destination, **facts)


def find(ledger: Ledger, connection: Connection, plan: Plan, given: str) -> tuple[str, ...]:
    """Return the user ids that an operator may mean: the id itself where somebody has it, else all of that name."""
    applications = sorted({one.application for one in plan.destinations.values()} - {""})
    if any(people.known(ledger, connection, name, given) for name in applications):
        return (given,)
    everybody = (people.everybody(ledger, connection, name) for name in applications)
    named = {user for some in everybody for all_ in some for user, one in all_.items() if one.name == given}
    return tuple(sorted(named)) or (given,)
