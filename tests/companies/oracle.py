"""Judges a run of a company: was each value shown to those alone who may see it, and to all of these?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.companies.company import PUBLIC, Channel, Company, Destination, Fact, Policy, Route, Word
from tests.companies.findings import Case, Finding, Late, Verdict, Wrong
from tests.companies.log import CLOCK_S, History, Log, Shown, Stay
from tests.companies.owed import Owed

TOKEN = re.compile(r"[0-9a-f]{12}z")


@dataclass(frozen=True, slots=True)
class Run:
    """When a run began (Unix seconds), and the product's `max_age` in it.

    `way` is how long a request may take from its sender to the twin, `settled` after how long a newer list of members
    counts for whatever is sent from then on.
    """

    began: float
    max_age: float
    way: float
    settled: float = 1.5


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a route tells a fact: a destination, or for a part of it one reader alone (`room` is what they read of)."""

    destination: Destination
    route: Route
    room: Destination | None = None


@dataclass(frozen=True, slots=True)
class _Sight:
    """One value in one message."""

    fact: Fact
    field: str
    class_: str
    message: Shown
    case: Case


def judged(company: Company, log: Log, run: Run) -> Verdict:
    """What is wrong with a run of one company; `log` is the twin's, with what concerns this company in it."""
    return _Oracle(company, log, run).verdict()


class _Oracle:
    def __init__(self, company: Company, log: Log, run: Run) -> None:
        self._company = company
        self._log = log
        self._run = run
        self._history = History.of(company, log)
        self._values = {value: (fact, field) for fact in company.facts for field, value in fact.values.items()}
        self._late: list[Late] = []
        self._judged = 0

    def verdict(self) -> Verdict:
        leaks = [finding for message in self._log.shown for finding in self._message(message)]
        owed = Owed(self._company, self._log, self._history, began=self._run.began, max_age=self._run.max_age)
        missing = list(owed.findings())
        return Verdict((*leaks, *missing), tuple(self._late), self._judged, owed.count)

    def _message(self, message: Shown) -> Iterator[Finding]:
        for value in dict.fromkeys(TOKEN.findall(message.text)):
            if value in self._values:
                fact, field = self._values[value]
                case = Case(self._company.name, fact.number, field, message.conversation)
                yield from self._value(_Sight(fact, field, self._company.fields[field], message, case))

    def _value(self, sight: _Sight) -> Iterator[Finding]:
        places = [each for each in self._places(sight) if sight.field in each.route.fields]
        if not places:
            yield self._finding(Wrong.MISADDRESSED, sight)
            return
        judgements = [list(self._at(place, sight)) for place in places]
        # one reason to show it is enough
        yield from min(judgements, key=len)

    def _places(self, sight: _Sight) -> Iterator[_Place]:
        route, message = self._company.routes[sight.fact.way], sight.message
        rooms = [self._company.destinations[each] for each in route.to]
        for room in rooms:
            if (not route.owner and message.conversation == room.group) or message.person in room.people:
                yield _Place(room, route)
        if route.owner and message.person == sight.fact.owner:
            yield _Place(rooms[0], route)
        if route.details and message.person:
            details = self._company.destinations[route.details]
            yield from (_Place(details, route, room) for room in rooms if room.group)

    def _at(self, place: _Place, sight: _Sight) -> Iterator[Finding]:
        if place.route.policy is Policy.POINTER:
            yield self._finding(Wrong.NOT_POINTED, sight)
        elif sight.class_ == PUBLIC:
            self._judged += 1
            yield from self._whole(place, sight)
        elif self._company.listable(place.destination):
            yield from self._in_listed(place, sight)
        elif sight.message.person and sight.class_ in self._company.clearances:
            yield from self._alone(place, sight)
        else:
            self._judged += 1
            yield from self._vouched(place, sight)

    def _whole(self, place: _Place, sight: _Sight) -> Iterator[Finding]:
        values = [sight.fact.values[each] for each in place.route.fields]
        whole = place.route.policy in {Policy.HOLD, Policy.REFUSE}
        if whole and any(each not in sight.message.text for each in values):
            yield self._finding(Wrong.NOT_WHOLE, sight)

    def _vouched(self, place: _Place, sight: _Sight) -> Iterator[Finding]:
        word = place.destination.attestation
        if word is None or word.word is not Word.VALID or sight.class_ not in word.classes:
            yield self._finding(Wrong.NOT_VOUCHED, sight)

    def _alone(self, place: _Place, sight: _Sight) -> Iterator[Finding]:
        self._judged += 1
        person, begin = sight.message.person, self._since(sight)
        if not self._cleared(person, sight):
            yield self._finding(Wrong.NOT_CLEARED, sight, person)
        if place.room is not None and not any(
            stay.person == person and stay.touches(begin, sight.message.at)
            for stay in self._history.stays.get(place.room.group, [])
        ):
            yield self._finding(Wrong.MISADDRESSED, sight, person, "is not in the group that it was told to")

    def _in_listed(self, place: _Place, sight: _Sight) -> Iterator[Finding]:
        lists = self._lists(place.destination.group, sight.message.at)
        if not lists:
            asked = [each for each in self._history.listed.get(place.destination.group, []) if each <= sight.message.at]
            yield self._finding(Wrong.NOT_READ, sight, why=self._asked(asked[-1:], sight))
            return
        ruled = sight.class_ in self._company.clearances
        if not ruled:
            yield from self._vouched(place, sight)
            yield from self._ended(place, sight)
        for stay in self._history.there(place.destination.group, sight.message.at):
            self._judged += 1
            if stay.outsider or (ruled and not self._cleared(stay.person, sight)):
                yield from self._uncleared(place, sight, stay, lists)

    def _uncleared(self, place: _Place, sight: _Sight, stay: Stay, lists: Sequence[float]) -> Iterator[Finding]:
        if any(at < stay.begin + CLOCK_S for at in lists):
            withdrawable = place.destination.channel is Channel.GROUP
            self._late.append(Late(sight.case, place.destination.name, stay, sight.message, withdrawable))
        else:
            yield self._finding(Wrong.NOT_CLEARED, sight, stay.person, self._asked(lists, sight))

    def _ended(self, place: _Place, sight: _Sight) -> Iterator[Finding]:
        """A word does not hold any more when somebody from outside was there, gone or not, and could have been seen."""
        at, group = sight.message.at, place.destination.group
        listed = [each for each in self._history.listed.get(group, []) if each <= at - self._run.settled]
        for stay in self._history.stays.get(group, []):
            # who was there before the run, and has left before anybody looked, is known to nobody
            heard = 0.0 < stay.begin < self._since(sight)
            if stay.outsider and (heard or any(stay.covers(each) for each in listed)):
                yield self._finding(Wrong.WORD_BROKEN, sight, stay.person)

    def _lists(self, group: str, at: float) -> list[float]:
        """When the members were asked for, of all the answers by which a message of this instant may have been judged."""
        known = [each for each in self._history.listed.get(group, []) if each <= at + CLOCK_S]
        newest = max((each for each in known if each <= at - self._run.settled), default=0.0)
        return [each for each in known if each >= max(newest, at - self._run.max_age - self._run.way)]

    def _cleared(self, person: str, sight: _Sight) -> bool:
        """Whether somebody was cleared at any instant within `max_age` before."""
        had = self._history.roles_within(person, self._since(sight), sight.message.at)
        return any(self._company.cleared(person, sight.class_, roles) for roles in had)

    def _since(self, sight: _Sight) -> float:
        return sight.message.at - self._run.max_age - self._run.way

    def _asked(self, lists: Sequence[float], sight: _Sight) -> str:
        ages = ", ".join(f"{sight.message.at - each:.2f} s" for each in lists)
        return f"the members were asked for {ages} before" if lists else "the members were never asked for"

    def _finding(self, wrong: Wrong, sight: _Sight, reader: str = "", why: str = "") -> Finding:
        return Finding(wrong, sight.case, reader, sight.message.at - self._run.began, why)
