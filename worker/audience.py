"""Who reads what a route tells: each reader of each destination, what they may see of it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from connectors.contract import Record
from pipelines.case import Event, open_case, program
from pipelines.clearances import Ground, grounds
from pipelines.plan import WITHIN, ByPerson, Destination, Plan, Policy, Route, asked_of, destination_of, person_of
from pipelines.stages.address import address
from pipelines.stages.clearance import allowed
from worker.clearing import READ_WITHIN, Clearing
from worker.ledger import audiences, clearances, matches, people
from worker.ledger.audiences import Known
from worker.ledger.engine import MICROSECONDS, Ledger


class Listing(StrEnum):
    """Whether it is known who reads a destination."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    UNREAD = "unread"
    """Nobody was asked yet, or nobody can be."""
    SINGLE = "single"
    """One person at a time: who that is, a record says."""


class Doubt(StrEnum):
    """Why somebody is cleared for nothing, whatever roles they have."""

    NONE = ""
    NOBODYS = "it is not known of which application's people they are"
    NEVER_READ = "the people of the application were never read"
    OLD = "the people of the application were not read for a day"
    NEWS = "news named them, and they were not read again yet"
    UNKNOWN = "nothing is known of them, or they have left"


class BySource(StrEnum):
    """Whether the source itself is asked what the readers may see."""

    NO = ""
    ASKED = "asked for each record"
    TOO_MANY = "too many to ask"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads a destination: the fields that they may see and may not, by what, and which classes they lack.

    `unmatched`: the source could clear them for some, and nobody knows which of its users they are.
    """

    user: str
    name: str
    sees: tuple[str, ...]
    withheld: tuple[str, ...]
    by: tuple[Ground, ...] = ()
    lacks: tuple[str, ...] = ()
    doubt: Doubt = Doubt.NONE
    unmatched: bool = False


@dataclass(frozen=True, slots=True)
class ReadBy:
    """The readers of one destination, and which fields go there for all of them; `age_s` of the list in seconds.

    `outsiders` are by name where one is told. `sentence` says why nobody can list them, `failure` why they could not be
    asked for lately. `perhaps` are those of the withheld fields that the source itself may clear them for (`by_source`).
    """

    destination: str
    listing: Listing
    shown: tuple[str, ...]
    withheld: tuple[str, ...]
    readers: tuple[Reader, ...] = ()
    outsiders: tuple[str, ...] = ()
    age_s: int | None = None
    sentence: str = ""
    failure: str = ""
    by_source: BySource = BySource.NO
    perhaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a fact of a route goes: a destination, the one person of it that is meant, and the fields it would show.

    `asked` is the source's user id of somebody of whom it is not known yet who that is.
    """

    destination: str
    fields: tuple[str, ...]
    person: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told: the data class of each field, by its name, and the source that it comes from."""

    classes: Mapping[str, str]
    source: str

    def parted(self, may: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the fields that are shown, and those that are withheld."""
        return (
            tuple(name for name, of in self.classes.items() if of in may),
            tuple(name for name, of in self.classes.items() if of not in may),
        )

    def perhaps(self, seen: Destination, withheld: Sequence[str]) -> tuple[BySource, tuple[str, ...]]:
        """Return whether the source is asked what the readers may see, and which withheld fields that decides."""
        audience = seen.audience
        of = audience.by_source if audience is not None and not audience.outsiders and audience.cleared else ()
        names = tuple(name for name in withheld if self.classes[name] in of)
        if audience is None or not names:
            return BySource.NO, ()
        return (BySource.ASKED, names) if audience.asked else (BySource.TOO_MANY, ())


@dataclass(frozen=True, slots=True)
class Question:
    """Asks the ledger who reads what, by one plan; `single` are the destinations that name one reader, with the user id."""

    ledger: Ledger
    plan: Plan
    clearing: Clearing
    single: Mapping[str, str] = field(default_factory=dict)

    def answer(self, connection: Connection, route: Route, where: Sequence[Reach]) -> Iterator[ReadBy]:
        """Give the readers of each place that a route reaches, by what the ledger knows."""
        at = self.ledger.now(connection)
        reaches = [found for each in where for found in self._found(connection, route, each)]
        single = route.by.by if isinstance(route.by, ByPerson) else None
        known = audiences.known(connection, [each.destination for each in reaches])
        kind = self.plan.kinds[route.of_kind]
        of = {spec.name: spec.data_class for spec in kind.fields}
        for each in reaches:
            classes = {} if route.policy is Policy.POINTER else {name: of[name] for name in each.fields if name in of}
            destination, found = self.plan.destinations[each.destination], known.get(each.destination)
            if each.destination == single and not each.person:
                yield ReadBy(single, Listing.SINGLE, (), ())
            elif each.person:
                told = replace(destination, name=f"{destination.name}{WITHIN}{each.person}")
                yield self._of_person(connection, told, each.person, Told(classes, route.source), at)
            elif user := self.single.get(each.destination):
                yield self._of_person(connection, destination, user, Told(classes, route.source), at)
            else:
                yield self._of_group(connection, destination, found, Told(classes, route.source), at)

    def _found(self, connection: Connection, route: Route, reach: Reach) -> Iterator[Reach]:
        """Give the person whom a record means by a source's user id, or the others where nobody is matched with it."""
        if not reach.asked or not isinstance(route.by, ByPerson):
            yield reach
            return
        user = matches.users(connection, route.source, [reach.asked]).get(reach.asked, "")
        if user and route.by.manager:
            application = self.plan.destinations[reach.destination].application
            below = people.known(self.ledger, connection, application, user)
            user = below.manager if below is not None else ""
        if user:
            yield replace(reach, person=user, asked="")
        else:
            yield from (Reach(name, reach.fields) for name in route.by.otherwise)

    def _of_person(self, connection: Connection, destination: Destination, user: str, what: Told, at: int) -> ReadBy:
        alone = self.clearing.alone(connection, destination, user, at)
        told = replace(destination, audience=alone)
        readers = tuple(self._readers(connection, told, {user: ""}, what, at))
        shown, withheld = what.parted(_may(told, at))
        by_source, perhaps = what.perhaps(told, withheld)
        return ReadBy(
            told.name, Listing.LISTED, shown, withheld, readers, age_s=0, by_source=by_source, perhaps=perhaps
        )

    def _of_group(
        self, connection: Connection, destination: Destination, known: Known | None, what: Told, at: int
    ) -> ReadBy:
        if known is None or not known.read_at:
            failure = known.failure if known is not None else ""
            shown, withheld = what.parted(_may(destination, at))
            return ReadBy(destination.name, Listing.UNREAD, shown, withheld, failure=failure)
        seen = replace(destination, audience=self.clearing.audience(connection, destination, known, at))
        shown, withheld = what.parted(_may(seen, at))
        age_s = (at - known.read_at) // MICROSECONDS
        found = audiences.listed(self.ledger, connection, known.place)
        if found is None:
            return ReadBy(
                destination.name,
                Listing.UNLISTED,
                shown,
                withheld,
                age_s=age_s,
                sentence=known.sentence,
                failure=known.failure,
            )
        by_source, perhaps = what.perhaps(seen, withheld)
        return ReadBy(
            destination.name,
            Listing.LISTED,
            shown,
            withheld,
            readers=tuple(self._readers(connection, seen, found.people, what, at)),
            outsiders=tuple(name or union for union, name in found.outsiders.items()),
            age_s=age_s,
            failure=known.failure,
            by_source=by_source,
            perhaps=perhaps,
        )

    def _readers(
        self, connection: Connection, seen: Destination, members: Mapping[str, str], what: Told, at: int
    ) -> Iterator[Reader]:
        """Give each reader with what they may see by themselves: what a word gives to all, and what clears them."""
        rules, application = self.clearing.clearances, seen.application
        cleared = (seen.audience.cleared if seen.audience else None) or {}
        decided = seen.audience.decided if seen.audience else frozenset[str]()
        names = people.names(self.ledger, connection, application, [user for user, name in members.items() if not name])
        traits = self.clearing.traits(connection, application, list(members))
        asked = seen.audience.asked if seen.audience else frozenset[str]()
        actors = self.clearing.actors(connection, application, what.source, members, at) if asked else {}
        doubts = self._doubts(connection, application, at)
        for user, name in members.items():
            sees, withheld = what.parted(_may(seen, at) - decided | cleared.get(user, frozenset()))
            given = cleared.get(user, frozenset())
            by = grounds(traits[user], rules.within(application)) if user in traits and given else ()
            lacks = sorted({of for of in what.classes.values() if of in decided} - given)
            doubt = doubts(user) if decided else Doubt.NONE
            if doubt is Doubt.NONE and decided and user not in traits:
                doubt = Doubt.UNKNOWN
            told = tuple(each for each in by if each.data_class in given)
            unmatched = user not in actors and not asked.isdisjoint(lacks)
            yield Reader(user, name or names.get(user, ""), sees, withheld, told, tuple(lacks), doubt, unmatched)

    def _doubts(self, connection: Connection, application: str, at: int) -> Callable[[str], Doubt]:
        """Return what tells why somebody may be cleared for nothing, whoever they are and whatever roles they have."""
        read_at, _ = people.times(connection, application)
        unsure = clearances.unsure(connection, application)
        whole = Doubt.NONE if application else Doubt.NOBODYS
        if application and read_at is None:
            whole = Doubt.NEVER_READ
        elif read_at is not None and at - read_at >= READ_WITHIN:
            whole = Doubt.OLD
        return lambda user: whole or (Doubt.NEWS if user in unsure else Doubt.NONE)


def reaches(plan: Plan, route: Route, record: Record | None, now: datetime) -> tuple[Reach, ...]:
    """Return where a route tells, or where it tells this state of a record: with all its fields, or those that it has.

    Conditions are not asked: whatever they say of this state, it is who would read it.
    """
    if record is None:
        return tuple(Reach(name, route.fields) for name in dict.fromkeys(route.to))
    programs = program(replace(plan, routes=(route,), summaries=()))[route.of_kind]
    case = open_case(programs, Event(1, record, False, None), now)
    return tuple(_reach(notice.destination, tuple(notice.fields)) for notice in address(programs.routes[0], case))


def _reach(told: str, fields: tuple[str, ...]) -> Reach:
    return Reach(destination_of(told), fields, person_of(told), asked_of(told))


def _may(destination: Destination, at: int) -> frozenset[str]:
    now = datetime.fromtimestamp(at / MICROSECONDS, UTC)
    return allowed(destination, now.astimezone(ZoneInfo(destination.zone)).date()).classes
