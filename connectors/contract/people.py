"""People, departments and roles of an organisation, and who reads a place, as a channel tells them.

`at` is when they were read, aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the organisation, in its group of roles where the call tells it."""

    id: str
    name: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the organisation. None is what this call does not tell, or tells only with a permission that we lack.

    `id` is the user id, which belongs to one employment; `union` is the person's, and stays. Neither `mobile` nor an
    address of e-mail identifies anybody: both pass to somebody else.
    """

    id: str
    name: str
    at: datetime
    union: str = ""
    mobile: str | None = None
    country: str | None = None
    """The country code of `mobile`, in digits."""
    email: str | None = None
    work_email: str | None = None
    number: str = ""
    """The number that the company gives its people."""
    title: str = ""
    manager: str = ""
    departments: tuple[str, ...] = ()
    leads: frozenset[str] = frozenset()
    """The departments that this person leads; of a department's list only that department."""
    roles: tuple[Role, ...] | None = None
    active: bool = True
    """Whether they have ever opened the channel: who has not gets nothing."""

    def has_address(self, address: str) -> bool:
        """Tell whether this is one of the person's addresses; capitals do not count."""
        wanted = address.strip().casefold()
        return bool(wanted) and wanted in {(each or "").strip().casefold() for each in (self.email, self.work_email)}


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `parent` is empty for the root."""

    id: str
    name: str
    parent: str
    at: datetime


class Leaving(StrEnum):
    """How somebody left."""

    BY_API = "oapi"
    ACCOUNT_CLOSED = "cancel"
    BY_THEMSELVES = "leave"
    BY_ADMINISTRATOR = "delete"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who left. Their number may already be somebody else's."""

    id: str
    name: str
    left_at: datetime | None
    how: Leaving
    mobile: str | None = None
    country: str | None = None


class Directory(Protocol):
    """The people of an organisation as one application sees them. Every method raises the contract's errors."""

    def everybody(self) -> Mapping[str, Person]:
        """Read all people, by user id; their roles are told by `people_with`."""
        ...

    def person(self, user: str) -> Person | None:
        """Read one person; None where there is none, which is what somebody who left looks like."""
        ...

    def departments(self) -> Iterator[Department]:
        """Give the root and everything below it, each after its parent."""
        ...

    def roles(self) -> Iterator[Role]:
        """Give all roles."""
        ...

    def people_with(self, role: str) -> Iterator[str]:
        """Give the user ids of a role."""
        ...

    def leavers(self, since: datetime, until: datetime) -> Iterator[Leaver]:
        """Give who left in [since, until), at most 365 days; both aware."""
        ...


class WhyUnlisted(StrEnum):
    """Why nobody can say who reads a place."""

    NOT_INSTALLED = "not_installed"
    NOT_OURS = "not_ours"
    OWNER_OUT_OF_SCOPE = "owner_out_of_scope"
    NOT_INTERNAL = "not_internal"
    NO_SUCH_GROUP = "no_such_group"
    GONE = "gone"
    NOT_GRANTED = "not_granted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Members:
    """Everybody who reads a place: `people` by user id, `outsiders` by union id, each with the name where it is told.

    `name` and `owner` are the group's, empty where they are not told. `open_history`: who joins can read what was
    written before; None where that is not told.
    """

    people: Mapping[str, str]
    outsiders: Mapping[str, str]
    at: datetime
    name: str = ""
    owner: str = ""
    open_history: bool | None = None


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Nobody can say who reads it; `sentence` tells the operator what would help. Not the same as nobody."""

    why: WhyUnlisted
    at: datetime
    sentence: str
    code: str = ""
