"""The company behind the twin: its people, its groups and the robots in them, all invented."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec


class User(msgspec.Struct, frozen=True):
    """A person; `mobile` is what `atMobiles` names, `id` is the userId of an employee."""

    id: str
    name: str
    mobile: str = ""


class Group(msgspec.Struct):
    """A group: employees by userId, and people from outside the company (who make it an external group)."""

    id: str
    name: str
    members: list[str] = msgspec.field(default_factory=list)
    outsiders: list[User] = msgspec.field(default_factory=list)
    disbanded: bool = False


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
        self.reset()

    def reset(self) -> None:
        """Go back to the demo's people, groups and robots."""
        self.users = {user.id: user for user in _USERS}
        self.groups = {id_: Group(id_, name, list(members)) for id_, name, members in _GROUPS}
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


def _hex(text: str) -> str:
    # as long as the vendor's tokens are, and the same in every run
    return hashlib.sha256(f"dingtalk sandbox {text}".encode()).hexdigest()


_USERS = (
    User("u-amy", "Amy Wong", "13800000001"),
    User("u-ben", "Ben Lau", "13800000002"),
    User("u-chen", "陈晓", "13800000003"),
    User("u-dora", "Dora Ip", "13800000004"),
    User("u-eli", "Eli Fung", "13800000005"),
    User("u-fang", "方敏", "13800000006"),
)
_GROUPS = (
    ("cid-sales-hk", "Sales Hong Kong", ("u-amy", "u-ben", "u-chen")),
    ("cid-management", "Management", ("u-amy", "u-dora")),
    ("cid-operations", "Operations", ("u-chen", "u-eli", "u-fang")),
)
