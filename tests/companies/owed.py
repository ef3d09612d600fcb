"""The other direction: what had to be shown, because nobody who might see it was ever in doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.companies.company import PUBLIC, Company, Destination, Fact, Policy, Route, Word
from tests.companies.findings import Case, Finding, Wrong
from tests.companies.log import CLOCK_S, FOREVER, History, Log, Stay


class Owed:
    """The values that a run had to show; `count` of them, when its findings were read."""

    def __init__(self, company: Company, log: Log, history: History, began: float) -> None:
        self._company = company
        self._history = history
        self._began = began
        self._rooms: dict[str, str] = defaultdict(str)
        self._chats: dict[str, str] = defaultdict(str)
        for message in log.shown:
            if message.person:
                self._chats[message.person] += message.text + "\n"
            elif message.withdrawn == FOREVER:
                self._rooms[message.conversation] += message.text + "\n"
        self.count = 0

    def findings(self) -> Iterator[Finding]:
        for fact in self._company.facts:
            route = self._company.routes[fact.way]
            for name in route.to:
                yield from self._told(fact, route, self._company.destinations[name])

    def _told(self, fact: Fact, route: Route, room: Destination) -> Iterator[Finding]:
        if self._guests(room) and any(self._vouched(room, self._company.fields[each]) for each in route.fields):
            # with somebody from outside in the group what rests on a word waits for a person
            return
        sure = [each for each in route.fields if self._sure(room, fact, each)]
        if route.policy in {Policy.HOLD, Policy.REFUSE} and len(sure) < len(route.fields):
            return
        yield from self._missing(Wrong.NOT_TOLD, fact, "", room, fact.number)
        if route.policy is Policy.POINTER:
            return
        for field in sure:
            yield from self._missing(Wrong.NOT_SHOWN, fact, field, room, fact.values[field])
        if route.policy is Policy.SPLIT and self._company.listable(room):
            for field in set(route.fields) - set(sure):
                yield from self._detailed(fact, field, room)

    def _missing(self, wrong: Wrong, fact: Fact, field: str, room: Destination, text: str) -> Iterator[Finding]:
        for reader in self._readers(fact, room):
            self.count += 1
            seen = self._chats[reader] if reader else self._rooms[room.group]
            if text not in seen:
                case = Case(self._company.name, fact.number, field or "its number", reader or room.group)
                yield Finding(wrong, case, reader, fact.at)

    def _readers(self, fact: Fact, room: Destination) -> tuple[str, ...]:
        """Whose chats have it; of a group the group's own, named by no one."""
        if room.group:
            return ("",)
        return room.people or (fact.owner,)

    def _detailed(self, fact: Fact, field: str, room: Destination) -> Iterator[Finding]:
        class_, value = self._company.fields[field], fact.values[field]
        if class_ not in self._company.clearances or value in self._rooms[room.group]:
            return
        pushed = self._began + fact.at
        for stay in self._history.stays.get(room.group, []):
            whole = stay.begin < pushed - CLOCK_S and stay.end == FOREVER and not stay.outsider
            if whole and self._always(stay.person, class_):
                self.count += 1
                if value not in self._chats[stay.person]:
                    case = Case(self._company.name, fact.number, field, room.group)
                    yield Finding(Wrong.NOT_DETAILED, case, stay.person, fact.at)

    def _sure(self, room: Destination, fact: Fact, field: str) -> bool:
        """Whether all who may read it were cleared all the time."""
        class_ = self._company.fields[field]
        if class_ == PUBLIC:
            return True
        stays = self._since(room, fact)
        if class_ in self._company.clearances and not room.group:
            return all(self._always(each, class_) for each in self._readers(fact, room))
        if class_ in self._company.clearances and self._company.listable(room):
            return all(not each.outsider and self._always(each.person, class_) for each in stays)
        return self._vouched(room, class_) and not self._guests(room)

    def _vouched(self, room: Destination, class_: str) -> bool:
        """Whether a word allows a class for which there is no entry, or no list."""
        word = room.attestation
        ruled = class_ in self._company.clearances and self._company.listable(room)
        return not ruled and word is not None and word.word is Word.VALID and class_ in word.classes

    def _guests(self, room: Destination) -> bool:
        """Whether somebody from outside was seen at any time in a group that can be listed."""
        stays = self._history.stays.get(room.group, [])
        return self._company.listable(room) and any(each.outsider for each in stays)

    def _since(self, room: Destination, fact: Fact) -> list[Stay]:
        """Who was in a group at any time since a fact was pushed."""
        begin = self._began + fact.at
        return [each for each in self._history.stays.get(room.group, []) if each.touches(begin, FOREVER)]

    def _always(self, person: str, class_: str) -> bool:
        had = self._history.roles_within(person, 0.0, FOREVER)
        return bool(had) and all(self._company.cleared(person, class_, roles) for roles in had)
