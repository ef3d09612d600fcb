"""The departments and roles of the company behind the twin, all invented."""

from __future__ import annotations

import msgspec

ROOT = 1


class Department(msgspec.Struct, frozen=True):
    """A department; `parent` is 0 for the company itself, whose id is 1."""

    id: int
    name: str
    parent: int = ROOT


class Role(msgspec.Struct, frozen=True):
    """A role of people, in a group of roles."""

    id: int
    name: str
    group_id: int = 900
    group: str = "Positions"


DEPARTMENTS = (
    Department(ROOT, "Harbour Trading", 0),
    Department(10, "Sales"),
    Department(11, "Sales Hong Kong", 10),
    Department(20, "Management"),
    Department(30, "Operations"),
)
ROLES = (
    Role(901, "Sales director"),
    Role(902, "Accountant"),
    Role(903, "Warehouse"),
)
