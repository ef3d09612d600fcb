"""What a generated company is: its people and groups, who may see what, what it is told, and who comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the address book; `parent` is the id of the one above."""

    id: int
    name: str
    parent: int


@dataclass(frozen=True, slots=True)
class Role:
    """A role in its group of roles: two roles of different groups may have one name."""

    id: int
    name: str
    group: str
    group_id: int


@dataclass(frozen=True, slots=True)
class Person:
    """An employee with the ids of their departments, and of their roles when the run begins."""

    id: str
    departments: tuple[int, ...]
    roles: tuple[int, ...]


class Listing(StrEnum):
    """How a group came to be, as the twin calls it: nobody lists the members of a foreign one."""

    SCENE = "scene"
    COOL_APP = "cool_app"
    CREATED = "created"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its employees, and the people from outside, when the run begins; the first member owns it."""

    id: str
    listing: Listing
    members: tuple[str, ...]
    outsiders: tuple[str, ...] = ()

    @property
    def cool_app(self) -> str:
        return f"COOLAPP-{self.id}" if self.listing is Listing.COOL_APP else ""

    @property
    def chat(self) -> str:
        return f"chat-{self.id}" if self.listing is Listing.CREATED else ""


class Word(StrEnum):
    """What an attestation is on the day of the run."""

    VALID = "valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Attestation:
    word: Word
    classes: tuple[str, ...]


class Channel(StrEnum):
    """The kind of a destination, in the words of its settings."""

    GROUP = "group"
    CARD = "card"
    ROBOT = "robot"
    PERSON = "person"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Destination:
    """A group, or people: those that are named, or without a name whoever a route finds."""

    name: str
    channel: Channel
    group: str = ""
    people: tuple[str, ...] = ()
    attestation: Attestation | None = None


@dataclass(frozen=True, slots=True)
class Clearance:
    """Who may see a class: people with a role (NAME or GROUP/NAME), in a department or below it, or named."""

    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


class Policy(StrEnum):
    """What becomes of a message of which its readers may not see everything."""

    WITHHOLD = "withhold"
    SPLIT = "split"
    HOLD = "hold"
    REFUSE = "refuse"
    POINTER = "pointer"


@dataclass(frozen=True, slots=True)
class Route:
    """Tells facts of its way: to destinations, or with `owner` to the person that the fact names."""

    way: str
    to: tuple[str, ...]
    fields: tuple[str, ...]
    policy: Policy
    details: str = ""
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A record that is pushed `at` seconds after the start: the value of each field is in no other fact."""

    number: str
    way: str
    owner: str
    at: float
    values: Mapping[str, str]


class Change(StrEnum):
    JOIN = "join"
    LEAVE = "leave"
    ROLES = "roles"
    OUTSIDER_COMES = "outsider comes"
    OUTSIDER_GOES = "outsider goes"


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody comes or goes `at` seconds after the start, or has other roles from then on."""

    at: float
    change: Change
    person: str
    group: str = ""
    roles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """All of a company; `fields` are the classes by the name of the field, `clearances` the entries by class."""

    name: str
    departments: tuple[Department, ...]
    roles: tuple[Role, ...]
    people: Mapping[str, Person]
    groups: Mapping[str, Group]
    fields: Mapping[str, str]
    clearances: Mapping[str, Clearance]
    destinations: Mapping[str, Destination]
    routes: Mapping[str, Route]
    facts: tuple[Fact, ...]
    moves: tuple[Move, ...]

    def cleared(self, person: str, class_: str, roles: tuple[int, ...]) -> bool:
        """Whether an entry of `clearances` lets somebody who has these roles see a class."""
        if class_ == PUBLIC:
            return True
        entry, known = self.clearances.get(class_), self.people.get(person)
        if entry is None or known is None:
            return False
        if person in entry.people:
            return True
        names = {each for role in self.roles if role.id in roles for each in (role.name, f"{role.group}/{role.name}")}
        places = {one.name for one in self.departments if any(one.id in self.above(id_) for id_ in known.departments)}
        return bool(names & set(entry.roles) or places & set(entry.departments))

    def listable(self, destination: Destination) -> bool:
        """Whether the members of a destination's group can be asked for."""
        return bool(destination.group) and self.groups[destination.group].listing is not Listing.FOREIGN

    def above(self, department: int) -> frozenset[int]:
        """A department with all that are above it."""
        parents = {one.id: one.parent for one in self.departments}
        chain = []
        while department in parents:
            chain.append(department)
            department = parents[department]
        return frozenset(chain)
