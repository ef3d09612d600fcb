"""What a channel says by itself: buttons that were pressed, words to the robot, changes among people and groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button of a card.

    `id` is the same when the same press comes again; `card` is the id that we gave the card; `by` is who pressed, as the
    channel vouches for it, by the channel's user id; `buttons` and `params` are what the card's template sends; `at` is
    aware UTC: when it was pressed where the channel tells, else when it came.
    """

    id: str
    card: str
    by: str
    at: datetime
    buttons: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    company: str = ""
    place: str = ""
    """The conversation in which the card was pressed, where the channel tells."""


@dataclass(frozen=True, slots=True)
class Words:
    """Somebody wrote to the robot.

    `id` is the same when the same message comes again; `by` is the writer's user id, empty for somebody from outside;
    `union` identifies outsiders as well. `text` is empty for a picture, a file and the like: `form` says what it was.
    """

    id: str
    text: str
    by: str
    at: datetime
    form: str = "text"
    union: str = ""
    name: str = ""
    company: str = ""
    conversation: str = ""
    in_group: bool = False
    robot: str = ""
    answer_url: str = field(default="", repr=False)
    """Where an answer may be posted until `answer_until` without any other credential."""
    answer_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Who reads a destination as far as its settings tell: `people` by user id, `place` the conversation.

    Both are empty where the settings do not tell, or are of another organisation than the one that asks.
    """

    people: frozenset[str] = frozenset()
    place: str = ""


class Topic(StrEnum):
    """What a change is about."""

    PERSON = "person"
    """People came, or their data changed: read them again."""
    PERSON_LEFT = "person_left"
    DEPARTMENT = "department"
    ROLE = "role"
    COMPANY = "company"
    GROUP_JOINED = "group_joined"
    GROUP_LEFT = "group_left"
    GROUP_RENAMED = "group_renamed"
    GROUP_OWNER = "group_owner"
    GROUP_GONE = "group_gone"
    GROUP_INSTALLED = "group_installed"
    """The application came into a group: from now on its members can be listed."""
    GROUP_UNINSTALLED = "group_uninstalled"
    APPROVAL = "approval"
    APPROVAL_TASK = "approval_task"
    MESSAGE_READ = "message_read"
    MESSAGE_RECALLED = "message_recalled"
    QUOTA_SPENT = "quota_spent"
    """The channel took the content away because a quota is used up."""
    CHECK = "check"
    """The channel looks whether we are there."""
    OTHER = "other"
    """Something that nothing here depends on: `event` names it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed at the channel. It names what to read again and is no state itself.

    `id` is the same when the same event comes again; `event` is the vendor's name of it; `people` are user ids, `unions`
    the ids that outsiders have as well; `group` is the conversation; `subjects` the departments, roles, approval or
    message; `details` holds what else the event says in single values, as text. `at` is aware UTC.
    """

    id: str
    topic: Topic
    event: str
    at: datetime
    people: tuple[str, ...] = ()
    unions: tuple[str, ...] = ()
    group: str = ""
    subjects: tuple[str, ...] = ()
    company: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class Loss(StrEnum):
    """Why something may have been said that was not heard."""

    CUT = "cut"
    """The connection broke."""
    SILENT = "silent"
    """The connection stood and nothing answered on it any more."""
    REPLACED = "replaced"
    """The vendor ended the connection; what counts is the time until the next one stood."""
    REFUSED = "refused"
    """The vendor did not let us in, or could not be reached."""
    UNSTORED = "unstored"
    """It was heard and could not be stored."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time during which what the vendor says once and never again may have been lost. Both ends are aware UTC.

    `until` lies ahead of the moment in which it is told where the vendor may go on talking to a connection that is dead.
    """

    since: datetime
    until: datetime
    loss: Loss
