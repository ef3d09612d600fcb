"""The company behind the twin: its people, its groups and the robots in them, all invented."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

import msgspec

from connectors.dingtalk.sandbox.apps import DEMO_CLIENT_ID
from connectors.dingtalk.sandbox.directory import DEPARTMENTS, ROLES, ROOT, Department, Role

APPROVALS_ROOT = -1


class User(msgspec.Struct, frozen=True):
    """A person; `mobile` is what `atMobiles` names, `id` is the userId of an employee.

    `manager` is a userId; `roles`, `departments` and `leads` (the departments that they lead) are ids of the directory.
    """

    id: str
    name: str
    mobile: str = ""
    unionid: str = ""
    title: str = ""
    email: str = ""
    departments: tuple[int, ...] = (ROOT,)
    leads: tuple[int, ...] = ()
    manager: str = ""
    roles: tuple[int, ...] = ()
    admin: bool = False
    active: bool = True

    @property
    def union(self) -> str:
        """The unionId, which people outside the company have too."""
        return self.unionid or f"union-{self.id}"


class Kind(StrEnum):
    """How a group came to be, which decides who may list its members; a private one is the chat of two people."""

    SCENE = "scene"
    CREATED = "created"
    COOL_APP = "cool_app"
    FOREIGN = "foreign"
    PRIVATE = "private"


class Group(msgspec.Struct):
    """A group: employees by userId, and people from outside the company (who make it an external group).

    `id` is the openConversationId. `app` is the Client ID of the application whose template, create call or cool app
    made or entered it; `robots` are the robotCodes of the application robots in it.
    """

    id: str
    name: str
    members: list[str] = msgspec.field(default_factory=list)
    outsiders: list[User] = msgspec.field(default_factory=list)
    disbanded: bool = False
    kind: Kind = Kind.FOREIGN
    app: str = ""
    chat_id: str = ""
    owner: str = ""
    cool_app: str = ""
    robots: list[str] = msgspec.field(default_factory=list)

    @property
    def chatid(self) -> str:
        """The chatid of the older calls."""
        return self.chat_id or f"chat{hashlib.sha256(self.id.encode()).hexdigest()[:32]}"

    @property
    def owned_by(self) -> str:
        """The userId of the group's owner: the first member unless somebody else is named."""
        return self.owner or (self.members[0] if self.members else "")


class Limits(msgspec.Struct, frozen=True):
    """So many messages in a window of seconds; one more blocks for `block` seconds."""

    count: int = 20
    window: float = 60.0
    block: float = 600.0


class Robot(msgspec.Struct):
    """A custom robot in one group. Each security setting that is not empty must be met."""

    id: str
    name: str
    group: str
    token: str
    secret: str = ""
    keywords: list[str] = msgspec.field(default_factory=list)
    ips: list[str] = msgspec.field(default_factory=list)
    limits: Limits = Limits()
    state: Literal["active", "disabled", "removed"] = "active"


class Company:
    """Users, groups and robots by id; robots also by token."""

    def __init__(self) -> None:
        """Start with the demo's people."""
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.robots: dict[str, Robot] = {}
        self.by_token: dict[str, Robot] = {}
        self.departments: dict[int, Department] = {}
        self.roles: dict[int, Role] = {}
        self.reset()

    def conversation(self, id_: str, *, private: bool) -> Group | None:
        """Return a group, or with `private` a chat of two people; not the one for the other."""
        found = self.groups.get(id_)
        return found if found is not None and (found.kind is Kind.PRIVATE) is private else None

    def reset(self) -> None:
        """Go back to the demo's people, groups and robots."""
        self.users = {user.id: user for user in _USERS}
        self.departments = {one.id: one for one in DEPARTMENTS}
        self.roles = {one.id: one for one in ROLES}
        self.groups = {
            id_: Group(
                id_, name, list(members), kind=kind, app=DEMO_CLIENT_ID, robots=[DEMO_CLIENT_ID], cool_app=cool_app
            )
            for id_, name, members, kind, cool_app in _GROUPS
        }
        self.robots = {}
        self.by_token = {}
        for group in self.groups.values():
            slug = group.id.removeprefix("cid-")
            self.put(Robot(f"robot-{slug}", "dingbridge", group.id, _hex(slug), secret=f"SEC{_hex('secret ' + slug)}"))

    def put(self, robot: Robot) -> None:
        """Add a robot, or replace the one with its id."""
        previous = self.robots.get(robot.id)
        if previous is not None:
            self.by_token.pop(previous.token, None)
        self.robots[robot.id] = robot
        self.by_token[robot.token] = robot

    def members(self, group: Group) -> Iterable[User]:
        """Return the employees in a group."""
        return (self.users[id_] for id_ in group.members if id_ in self.users)

    def under(self, department: int) -> set[int]:
        """Return a department with all that is below it."""
        found, level = {department}, {department}
        while level := {one.id for one in self.departments.values() if one.parent in level} - found:
            found |= level
        return found

    def has_department(self, department: int) -> bool:
        """Tell whether a department exists; -1 is the root to approvals."""
        return department == APPROVALS_ROOT or department in self.departments

    def people_of(self, department: int) -> list[User]:
        """Return who is directly in a department."""
        return [user for user in self.users.values() if department in user.departments]

    def by_union(self, unionid: str) -> User | None:
        """Return the employee with a unionId."""
        return next((user for user in self.users.values() if user.union == unionid), None)


def _hex(text: str) -> str:
    # as long as the vendor's tokens are, and the same in every run
    return hashlib.sha256(f"dingtalk sandbox {text}".encode()).hexdigest()


_USERS = (
    User(
        "u-amy", "Amy Wong", "13800000001", title="Director", departments=(20,), leads=(20,), roles=(901,), admin=True
    ),
    User("u-ben", "Ben Lau", "13800000002", title="Sales", departments=(11,), manager="u-amy"),
    User("u-chen", "陈晓", "13800000003", title="Sales", departments=(11, 30), manager="u-ben"),
    User("u-dora", "Dora Ip", "13800000004", title="Accountant", departments=(20,), manager="u-amy", roles=(902,)),
    User("u-eli", "Eli Fung", "13800000005", title="Warehouse", departments=(30,), leads=(30,), roles=(903,)),
    User("u-fang", "方敏", "13800000006", title="Warehouse", departments=(30,), manager="u-eli", roles=(903,)),
)
_GROUPS = (
    ("cid-sales-hk", "Sales Hong Kong", ("u-amy", "u-ben", "u-chen"), Kind.SCENE, ""),
    ("cid-management", "Management", ("u-amy", "u-dora"), Kind.CREATED, ""),
    ("cid-operations", "Operations", ("u-chen", "u-eli", "u-fang"), Kind.COOL_APP, "COOLAPP-1-SANDBOX"),
)
