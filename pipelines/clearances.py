"""Who is cleared for which data classes, by what is known of a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Clearance:
    """Who of an application's people may see a data class.

    A role is written as NAME or GROUP/NAME; of `departments`, by name, those below count as well. `by_source`: and
    whoever the source itself lets read the field.
    """

    data_class: str
    application: str
    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    by_source: bool = False


@dataclass(frozen=True, slots=True)
class SourceRoles:
    """What the roles that a source gives its users clear them for; `by` is the field of `kind` in which a role stands."""

    source: str
    application: str
    kind: str
    by: str
    clear: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Clearances:
    """What a configuration says of who may see what."""

    of: tuple[Clearance, ...] = ()
    source_roles: tuple[SourceRoles, ...] = ()

    @property
    def ruled(self) -> frozenset[str]:
        """The data classes that have an entry."""
        return frozenset(each.data_class for each in self.of)

    @property
    def by_source(self) -> frozenset[str]:
        """The data classes that the source itself clears somebody for, record by record."""
        return frozenset(each.data_class for each in self.of if each.by_source)

    def within(self, application: str) -> Clearances:
        """Return what is said of the people of one application."""
        return Clearances(
            tuple(each for each in self.of if each.application == application),
            tuple(each for each in self.source_roles if each.application == application),
        )


class By(StrEnum):
    """By what somebody is cleared."""

    ROLE = "role"
    DEPARTMENT = "department"
    PERSON = "person"
    SOURCE_ROLE = "source role"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why somebody may see a data class: `name` is the role, department or user id as the configuration writes it."""

    data_class: str
    by: By
    name: str


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a person: each role as NAME and as GROUP/NAME, the names of departments and those above.

    `source_roles` are (source, role) of the users whom the person is matched with.
    """

    user: str
    roles: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    source_roles: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def grounds(traits: Traits, clearances: Clearances) -> Iterator[Ground]:
    """Give every reason for which a person is cleared, by `clearances` of the person's application."""
    for one in clearances.of:
        yield from (Ground(one.data_class, By.ROLE, name) for name in one.roles if name in traits.roles)
        yield from (
            Ground(one.data_class, By.DEPARTMENT, name) for name in one.departments if name in traits.departments
        )
        if traits.user in one.people:
            yield Ground(one.data_class, By.PERSON, traits.user)
    ruled = clearances.ruled
    for each in clearances.source_roles:
        for role, classes in each.clear.items():
            if (each.source, role) in traits.source_roles:
                yield from (Ground(name, By.SOURCE_ROLE, f"{each.source}: {role}") for name in classes if name in ruled)


def cleared(traits: Traits, clearances: Clearances) -> frozenset[str]:
    """Return the classes that a person may see, by `clearances` of the person's application."""
    return frozenset(each.data_class for each in grounds(traits, clearances))


def lineage(departments: Iterable[str], parents: Mapping[str, str]) -> frozenset[str]:
    """Return departments and all above them, by id. A department that is above itself ends the way up."""
    found: set[str] = set()
    for each in departments:
        at = each
        while at and at not in found:
            found.add(at)
            at = parents.get(at, "")
    return frozenset(found)
