"""The other direction: what had to be shown, because nobody who might see it was ever in doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.companies.company import PUBLIC, Company, Destination, Fact, Policy, Route, Word
from tests.companies.findings import Case, Finding, Wrong
from tests.companies.log import CLOCK_S, FOREVER, History, Log, Shown, Stay


@dataclass(frozen=True, slots=True)
class _Telling:
    """A fact on its way to a destination: it may have been judged by what was known from `begin` to `end`."""

    fact: Fact
    route: Route
    room: Destination
    begin: float
    end: float


class Owed:
    """The values that a run had to show; `count` of them, when its findings were read.

    `began` is Unix seconds, `max_age` for how many seconds the product may go by what it knows.
    """

    def __init__(self, company: Company, log: Log, history: History, *, began: float, max_age: float) -> None:
        self._company = company
        self._history = history
        self._began = began
        self._max_age = max_age
        self._texts: dict[str, str] = defaultdict(str)
        self._shown = log.shown
        for message in log.shown:
            if message.withdrawn == FOREVER or self._joined(message):
                self._texts[message.person or message.conversation] += message.text + "\n"
        self.count = 0

    def _joined(self, message: Shown) -> bool:
        """Whether there was a reason to take a message back: somebody joined since its readers may have been asked for."""
        stays = self._history.stays.get(message.conversation, [])
        return any(message.at - self._max_age < each.begin < message.withdrawn for each in stays)

    def findings(self) -> Iterator[Finding]:
        for fact in self._company.facts:
            route = self._company.routes[fact.way]
            for name in route.to:
                yield from self._told(self._telling(fact, route, self._company.destinations[name]))

    def _telling(self, fact: Fact, route: Route, room: Destination) -> _Telling:
        pushed, places = self._began + fact.at, set(self._places(fact, room))
        seen = (
            each.at for each in self._shown if (each.person or each.conversation) in places and fact.number in each.text
        )
        return _Telling(fact, route, room, pushed - self._max_age, max(seen, default=FOREVER))

    def _places(self, fact: Fact, room: Destination) -> tuple[str, ...]:
        """The conversations that have it: a group's, or each person's own."""
        return (room.group,) if room.group else room.people or (fact.owner,)

    def _told(self, telling: _Telling) -> Iterator[Finding]:
        route, room = telling.route, telling.room
        if self._guests(room) and any(self._vouched(room, self._company.fields[each]) for each in route.fields):
            # with somebody from outside in the group what rests on a word waits for a person
            return
        sure = [each for each in route.fields if self._sure(telling, each)]
        if route.policy in {Policy.HOLD, Policy.REFUSE} and len(sure) < len(route.fields):
            return
        yield from self._missing(Wrong.NOT_TOLD, telling, "", telling.fact.number)
        if route.policy is Policy.POINTER:
            return
        for field in sure:
            yield from self._missing(Wrong.NOT_SHOWN, telling, field, telling.fact.values[field])
        if route.policy is Policy.SPLIT and self._company.listable(room):
            for field in set(route.fields) - set(sure):
                yield from self._detailed(telling, field)

    def _missing(self, wrong: Wrong, telling: _Telling, field: str, text: str) -> Iterator[Finding]:
        for place in self._places(telling.fact, telling.room):
            self.count += 1
            if text not in self._texts[place]:
                yield self._finding(wrong, telling, field or "its number", place)

    def _detailed(self, telling: _Telling, field: str) -> Iterator[Finding]:
        class_, value = self._company.fields[field], telling.fact.values[field]
        if class_ not in self._company.clearances or value in self._texts[telling.room.group]:
            return
        for stay in self._history.stays.get(telling.room.group, []):
            whole = stay.begin < telling.begin - CLOCK_S and stay.end == FOREVER and not stay.outsider
            if whole and self._always(stay.person, class_, telling.begin, FOREVER):
                self.count += 1
                if value not in self._texts[stay.person]:
                    yield self._finding(Wrong.NOT_DETAILED, telling, field, telling.room.group, stay.person)

    def _finding(self, wrong: Wrong, telling: _Telling, field: str, place: str, reader: str = "") -> Finding:
        return Finding(wrong, Case(self._company.name, telling.fact.number, field, place), reader, telling.fact.at)

    def _sure(self, telling: _Telling, field: str) -> bool:
        """Whether all who may read it were cleared all the time."""
        class_, room = self._company.fields[field], telling.room
        if class_ == PUBLIC:
            return True
        if class_ in self._company.clearances and not room.group:
            readers = self._places(telling.fact, room)
            return all(self._always(each, class_, telling.begin, telling.end) for each in readers)
        if class_ in self._company.clearances and self._company.listable(room):
            return all(
                not each.outsider and self._always(each.person, class_, telling.begin, telling.end)
                for each in self._readers(telling)
            )
        return self._vouched(room, class_) and not self._guests(room)

    def _readers(self, telling: _Telling) -> Iterator[Stay]:
        """Who may have been known as a reader of a group meanwhile."""
        stays = self._history.stays.get(telling.room.group, [])
        return (each for each in stays if each.touches(telling.begin, telling.end))

    def _vouched(self, room: Destination, class_: str) -> bool:
        """Whether a word allows a class for which there is no entry, or no list."""
        word = room.attestation
        ruled = class_ in self._company.clearances and self._company.listable(room)
        return not ruled and word is not None and word.word is Word.VALID and class_ in word.classes

    def _guests(self, room: Destination) -> bool:
        """Whether somebody from outside was seen at any time in a group that can be listed."""
        stays = self._history.stays.get(room.group, [])
        return self._company.listable(room) and any(each.outsider for each in stays)

    def _always(self, person: str, class_: str, begin: float, end: float) -> bool:
        by_role = not self._company.cleared(person, class_, ())
        if self._history.doubtful(person, begin, end) or (by_role and self._history.roles_doubtful(begin, end)):
            return False
        had = self._history.roles_within(person, begin, end)
        return bool(had) and all(self._company.cleared(person, class_, roles) for roles in had)
