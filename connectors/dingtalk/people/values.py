"""People, departments, roles and groups as DingTalk tells them. `at` is when they were read, aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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
    """Whether they have ever opened DingTalk: who has not gets nothing."""

    def has_address(self, address: str) -> bool:
        """Tell whether this is one of the person's addresses; capitals do not count."""
        wanted = address.strip().casefold()
        return bool(wanted) and wanted in {(each or "").strip().casefold() for each in (self.email, self.work_email)}


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `parent` is empty for the root, whose id is 1."""

    id: str
    name: str
    parent: str
    at: datetime


class Leaving(StrEnum):
    """How somebody left: https://open.dingtalk.com/document/development/query-the-details-of-employees-who-have-left-office."""

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


class Way(StrEnum):
    """What lets us list a group's members. A custom robot's webhook does not."""

    SCENE = "scene"
    """The group was made from the application's template."""
    INSTALLED = "installed"
    """The application's cool app was installed in the group."""
    MADE = "made"
    """The application made the group."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group, and what lets us list it. `conversation` is its openConversationId, `chat` its chatid where we made it."""

    way: Way
    conversation: str = ""
    cool_app: str = ""
    chat: str = ""


class Why(StrEnum):
    """Why nobody can say who is in a group."""

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
    """Everybody in a group: `people` by user id, `outsiders` by union id, each with the name where it is told.

    `open_history`: who joins can read what was written before; None where that is not told.
    """

    group: Group
    people: Mapping[str, str]
    outsiders: Mapping[str, str]
    at: datetime
    name: str = ""
    owner: str = ""
    open_history: bool | None = None


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Nobody can say who is in the group; `sentence` tells the operator what would help. Not the same as nobody."""

    group: Group
    why: Why
    at: datetime
    sentence: str
    code: str = field(default="")
