"""Companies by seed and number: the same ones each time, and no two of them with a person or a group in common."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.companies.company import (
    PUBLIC,
    Attestation,
    Channel,
    Clearance,
    Company,
    Department,
    Destination,
    Fact,
    Group,
    Listing,
    Person,
    Policy,
    Role,
    Route,
    Word,
)
from tests.companies.moves import moves_of

SPAN = 1000
"""How many ids of departments one company may have."""
TREE = (("", 0), ("Finance", 0), ("Ledgers", 1), ("Sales", 0), ("Harbour sales", 3), ("Pier sales", 4), ("Store", 0))
"""Departments with the place of the one above in this list."""
ROLES = (
    Role(901_001, "Manager", "Jobs", 901),
    Role(901_002, "Clerk", "Jobs", 901),
    Role(902_001, "Controller", "Accounting", 902),
    Role(903_001, "Controller", "Trade", 903),
    Role(903_002, "Agent", "Trade", 903),
)
"""The companies of a run are parts of one organisation, and these are its roles."""

RULED, ATTESTED = ("amount", "margin", "terms"), "note"
"""Fields of classes with an entry of `clearances`, and one that rests on attestations alone."""
GROUPS = (
    (Listing.SCENE, 0.0),
    (Listing.COOL_APP, 0.0),
    (Listing.CREATED, 0.0),
    (Listing.FOREIGN, 0.0),
    (Listing.FOREIGN, 1.0),
    (Listing.SCENE, 0.5),
)
"""How each group came to be, and how often somebody from outside is in it when the run begins."""
OPEN = "5"
"""The last of these, in which guests come and go."""
CHANNELS = (
    (Channel.GROUP, Channel.GROUP, Channel.CARD),
    (Channel.GROUP, Channel.GROUP, Channel.CARD),
    (Channel.GROUP,),
    (Channel.GROUP,),
    (Channel.ROBOT,),
    (Channel.CARD,),
)
"""By which channels each is told. An application's robot may not speak where somebody from outside is, its cards may."""
FOLLOWING = 5
SOON = (0.2, 4.0)
"""So many facts follow another of their route within these seconds."""
FEW, MANY = 4, 15
"""Of a company's people so many are cleared for each class."""


def company(seed: int, number: int, seconds: float) -> Company:
    """Company `number` of a seed; its facts and moves lie within `seconds` of the start."""
    return _Making(random.Random(f"{seed}/{number}"), f"c{number:04}", number).made(seconds)


class _Making:
    """One company in the making: each part draws from the same source of chance, in the same order."""

    def __init__(self, chance: random.Random, name: str, number: int) -> None:
        self._chance = chance
        self._name = name
        first = SPAN * (number + 1)
        self._departments = tuple(
            Department(first + place, f"{name} {called}".strip(), 1 if not place else first + above)
            for place, (called, above) in enumerate(TREE)
        )

    def made(self, seconds: float) -> Company:
        fields = {"memo": PUBLIC, **{each: f"{self._name}-{each}" for each in (*RULED, ATTESTED)}}
        empty = Company(self._name, self._departments, ROLES, self._people(), {}, fields, {}, {}, {}, (), ())
        cleared = replace(empty, clearances={fields[each]: self._clearance(empty, fields[each]) for each in RULED})
        grouped = replace(cleared, groups=self._groups(cleared))
        routed = replace(grouped, destinations=self._destinations(grouped))
        routed = replace(routed, routes=self._routes(routed))
        told = replace(routed, facts=self._facts(routed, seconds))
        return replace(told, moves=moves_of(told, self._chance, seconds))

    def _people(self) -> Mapping[str, Person]:
        ids = [f"{self._name}-p{place:02}" for place in range(self._chance.randint(20, 26))]
        return {id_: self._person(id_) for id_ in ids}

    def _person(self, id_: str) -> Person:
        departments = self._chance.sample(self._departments, self._chance.choice((1, 1, 2)))
        roles = self._chance.sample(ROLES, self._chance.choice((0, 1, 1, 2)))
        return Person(id_, tuple(one.id for one in departments), tuple(one.id for one in roles))

    def _clearance(self, company: Company, class_: str) -> Clearance:
        """An entry that clears some people and not all, in one of the language's forms or in several."""
        while True:
            entry = self._entry(sorted(company.people))
            tried = replace(company, clearances={class_: entry})
            if FEW <= len(_cleared(tried, class_)) <= MANY:
                return entry

    def _entry(self, people: Sequence[str]) -> Clearance:
        roles: tuple[str, ...] = ()
        departments: tuple[str, ...] = ()
        named: tuple[str, ...] = ()
        forms = self._chance.sample(("roles", "departments", "people"), self._chance.choice((1, 1, 2, 3)))
        if "roles" in forms:
            drawn = self._chance.sample(ROLES, self._chance.choice((1, 2)))
            # two roles of different groups may come to one name
            roles = tuple({self._chance.choice((one.name, f"{one.group}/{one.name}")): None for one in drawn})
        if "departments" in forms:
            departments = tuple(
                one.name for one in self._chance.sample(self._departments[1:], self._chance.choice((1, 2)))
            )
        if "people" in forms:
            named = tuple(self._chance.sample(people, self._chance.randint(1, 6)))
        return Clearance(roles, departments, named)

    def _groups(self, company: Company) -> Mapping[str, Group]:
        made = {}
        for place, (listing, guests) in enumerate(GROUPS):
            id_ = f"cid-{self._name}-g{place}"
            class_ = company.fields[RULED[place % len(RULED)]]
            members = self._members(company, class_, mixed=self._chance.random() < 0.25 and not id_.endswith(OPEN))
            outsiders = (f"{self._name}-x{place}",) if self._chance.random() < guests else ()
            made[id_] = Group(id_, listing, members, outsiders)
        return made

    def _members(self, company: Company, class_: str, *, mixed: bool) -> tuple[str, ...]:
        cleared = _cleared(company, class_)
        members = self._chance.sample(cleared, self._chance.randint(3, min(8, len(cleared))))
        others = [each for each in company.people if each not in cleared]
        return (*members, *(self._chance.sample(others, self._chance.randint(1, 2)) if mixed else ()))

    def _destinations(self, company: Company) -> Mapping[str, Destination]:
        made = {}
        for place, group in enumerate(company.groups.values()):
            name, channels = f"{self._name}-d{place}", CHANNELS[place]
            channel = self._chance.choice(channels)
            word = self._attestation(company)
            if group.id.endswith(OPEN) and self._chance.random() < 0.7:
                word = Attestation(Word.VALID, (company.fields[ATTESTED],))
            made[name] = Destination(name, channel, group.id, attestation=word)
        staff = tuple(self._chance.sample(sorted(company.people), self._chance.randint(1, 3)))
        kind = self._chance.choice((Channel.PERSON, Channel.WORK))
        made[f"{self._name}-staff"] = Destination(f"{self._name}-staff", kind, people=staff)
        made[f"{self._name}-each"] = Destination(f"{self._name}-each", Channel.PERSON)
        return made

    def _attestation(self, company: Company) -> Attestation | None:
        word = self._chance.choice((Word.VALID, Word.VALID, Word.EXPIRED, None))
        classes = [each for each in company.fields.values() if each != PUBLIC]
        return Attestation(word, tuple(self._chance.sample(classes, self._chance.randint(1, 4)))) if word else None

    def _routes(self, company: Company) -> Mapping[str, Route]:
        """A route to each group with a policy drawn for it, one to two at once, one to staff, one to the fact's owner."""
        name, made = self._name, {}
        rooms = [each.name for each in company.destinations.values() if each.group]
        policies = [*Policy, Policy.WITHHOLD, Policy.SPLIT]
        self._chance.shuffle(policies)
        for place, room in enumerate(rooms):
            likely = (RULED[place % len(RULED)], *([ATTESTED] if self._chance.random() < 0.3 else []))
            made[f"{name}-w{place}"] = self._route(f"{name}-w{place}", (room,), policies[place], likely)
        # a guest may end what rests on a word, or only what clearances allow
        guests = made[f"{name}-w{OPEN}"]
        hidden = self._chance.choice((("terms",), ("terms", ATTESTED)))
        made[guests.way] = replace(guests, policy=Policy.WITHHOLD, details="", fields=("memo", *hidden))
        pair = tuple(self._chance.sample(rooms, 2))
        made[f"{name}-wp"] = self._route(f"{name}-wp", pair, Policy.WITHHOLD)
        made[f"{name}-ws"] = self._route(f"{name}-ws", (f"{name}-staff",), Policy.WITHHOLD)
        made[f"{name}-wo"] = replace(self._route(f"{name}-wo", (f"{name}-each",), Policy.WITHHOLD), owner=True)
        return made

    def _route(self, way: str, to: tuple[str, ...], policy: Policy, likely: tuple[str, ...] = ()) -> Route:
        """A route with some fields above public; `likely` are some for which many readers may be cleared."""
        hidden = self._chance.sample((*RULED, ATTESTED), self._chance.randint(1, 3))
        if likely and self._chance.random() < 0.6:
            hidden = list(likely)
        details = f"{self._name}-each" if policy is Policy.SPLIT else ""
        return Route(way, to, ("memo", *hidden), policy, details)

    def _facts(self, company: Company, seconds: float) -> tuple[Fact, ...]:
        """A fact for each route, and some more that follow one of these soon, while its readers are still known."""
        told = [(way, self._chance.uniform(0.0, seconds)) for way in company.routes]
        # while guests may be there, and after they have gone
        told += [
            (f"{self._name}-w{OPEN}", self._chance.uniform(*share) * seconds) for share in ((0.2, 0.35), (0.75, 1.0))
        ]
        told += [
            (way, min(at + self._chance.uniform(*SOON), seconds)) for way, at in self._chance.sample(told, FOLLOWING)
        ]
        return tuple(self._fact(company, place, way, at) for place, (way, at) in enumerate(told))

    def _fact(self, company: Company, place: int, way: str, at: float) -> Fact:
        number = f"{self._name.upper()}-F{place:02}"
        values = {each: f"{self._chance.getrandbits(48):012x}z" for each in company.fields}
        owner = self._chance.choice(sorted(company.people))
        return Fact(number, way, owner, at, values)


def _cleared(company: Company, class_: str) -> list[str]:
    return sorted(each.id for each in company.people.values() if company.cleared(each.id, class_, each.roles))
