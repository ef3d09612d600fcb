"""What the twin says: what it showed where, which members were asked for, who came and went, what was taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.companies.company import Company

FOREVER = float("inf")
ROUND_S = 2.0
DEALT_S = 1.0
"""After how long the answers about all roles, and about one person, count for certain."""
CLOCK_S = 0.005
"""Events are told to the millisecond, and a call is noted a moment before it is dealt with."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One message, card or notice; `at` and `withdrawn` are Unix seconds, `person` the one reader of a chat."""

    conversation: str
    at: float
    text: str
    person: str = ""
    withdrawn: float = FOREVER


@dataclass(frozen=True, slots=True)
class Listed:
    """The members of a group were asked for."""

    group: str
    at: float


@dataclass(frozen=True, slots=True)
class Looked:
    """A person was asked for, with the roles that they have."""

    person: str
    at: float


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody is in a group from then on, or no more."""

    at: float
    group: str
    person: str
    inside: bool
    outsider: bool = False


@dataclass(frozen=True, slots=True)
class Roles:
    """Somebody has these roles from then on."""

    at: float
    person: str
    roles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """Operators were told that somebody joined a destination's group too late to be judged; guests have no name there."""

    at: float
    destination: str
    person: str


@dataclass(frozen=True, slots=True)
class Log:
    """All of a run, each in the order of time (Unix seconds); `reports` is the product's only part in it.

    `news` are the instants at which anybody of the whole organisation got other roles, `rounds` those at which all roles
    were begun to be asked for.
    """

    shown: tuple[Shown, ...] = ()
    listed: tuple[Listed, ...] = ()
    looked: tuple[Looked, ...] = ()
    rounds: tuple[float, ...] = ()
    news: tuple[float, ...] = ()
    moved: tuple[Moved, ...] = ()
    roles: tuple[Roles, ...] = ()
    reports: tuple[Reported, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody in a group from `begin` to `end`."""

    person: str
    outsider: bool
    begin: float
    end: float

    def covers(self, at: float) -> bool:
        """Whether they were there at this instant for certain."""
        return self.begin + CLOCK_S < at < self.end - CLOCK_S

    def touches(self, begin: float, end: float) -> bool:
        """Whether they may have been there at any instant of a time."""
        return self.begin - CLOCK_S <= end and self.end + CLOCK_S >= begin


@dataclass(frozen=True, slots=True)
class History:
    """Who was in which group when, and who had which roles, as the company began and the twin went on."""

    log: Log
    stays: dict[str, list[Stay]]
    had: dict[str, list[Roles]]
    listed: dict[str, list[float]]
    looked: dict[str, list[float]]

    @classmethod
    def of(cls, company: Company, log: Log) -> History:
        listed: dict[str, list[float]] = defaultdict(list)
        for one in log.listed:
            listed[one.group].append(one.at)
        looked: dict[str, list[float]] = defaultdict(list)
        for look in log.looked:
            looked[look.person].append(look.at)
        had = {each.id: [Roles(0.0, each.id, each.roles)] for each in company.people.values()}
        for change in log.roles:
            if change.person in had:
                had[change.person].append(change)
        return cls(log, {each: _stays(company, log, each) for each in company.groups}, had, dict(listed), dict(looked))

    def roles_within(self, person: str, begin: float, end: float) -> set[tuple[int, ...]]:
        """All the roles that somebody had at any instant of a time; none of one who is unknown."""
        found: set[tuple[int, ...]] = set()
        changes = self.had.get(person, [])
        ends = [each.at for each in changes[1:]] + [FOREVER]
        for change, until in zip(changes, ends, strict=True):
            if change.at - CLOCK_S <= end and until + CLOCK_S >= begin:
                found.add(change.roles)
        return found

    def doubtful(self, person: str, begin: float, end: float) -> bool:
        """Whether at any instant of a time somebody's roles had changed, and nobody had asked for them since."""
        for change in self.had.get(person, [])[1:]:
            asked = min((at for at in self.looked.get(person, []) if at >= change.at), default=FOREVER)
            if change.at <= end and asked + DEALT_S >= begin:
                return True
        return False

    def roles_doubtful(self, begin: float, end: float) -> bool:
        """Whether at any instant of a time somebody's roles had changed, and not all roles had been asked for since."""
        for at in self.log.news:
            asked = min((each for each in self.log.rounds if each >= at), default=FOREVER)
            if at <= end and asked + ROUND_S >= begin:
                return True
        return False

    def there(self, group: str, at: float) -> Iterator[Stay]:
        """The stays of those who were in a group at an instant for certain."""
        return (each for each in self.stays.get(group, []) if each.covers(at))


def _stays(company: Company, log: Log, group: str) -> list[Stay]:
    first = company.groups[group]
    open_ = dict.fromkeys(first.members, (0.0, False)) | dict.fromkeys(first.outsiders, (0.0, True))
    done: list[Stay] = []
    for move in _of(log.moved, group):
        if move.inside:
            open_.setdefault(move.person, (move.at, move.outsider))
        elif move.person in open_:
            begin, outsider = open_.pop(move.person)
            done.append(Stay(move.person, outsider, begin, move.at))
    return [*done, *(Stay(person, outsider, begin, FOREVER) for person, (begin, outsider) in open_.items())]


def _of(moved: Iterable[Moved], group: str) -> Iterator[Moved]:
    return (each for each in moved if each.group == group)
