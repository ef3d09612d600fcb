"""Who may see, change and decide what; and which records a workflow has locked."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox.control.desk import Desk, Table, order, told
from connectors.netsuite.sandbox.roles import Feature
from connectors.netsuite.sandbox.schema import Level


class Permit(msgspec.Struct, forbid_unknown_fields=True):
    """Change a role: only what is given changes.

    `levels` are none, view, create, edit or full by record type; `features` and `approves` are the whole list;
    `subsidiaries` restricts the role to these ids (an empty list: no restriction).
    """

    role: str
    levels: dict[str, Level] | None = None
    features: list[Feature] | None = None
    approves: list[str] | None = None
    subsidiaries: list[int] | None = None
    admin: bool | None = None


class Assign(msgspec.Struct, forbid_unknown_fields=True):
    """Give an employee these roles and no other, by names or ids."""

    employee: str
    roles: list[str]


class Hide(msgspec.Struct, forbid_unknown_fields=True):
    """Take `field` of `table` from `role`, or give it back with `hidden: false`."""

    role: str
    table: str
    field: str
    hidden: bool = True


class Lock(msgspec.Struct, forbid_unknown_fields=True):
    """Lock a record as a workflow does, or unlock it with `locked: false`."""

    type: str
    id: int
    locked: bool = True


class RightsOrders:
    """`roles`, `assign`, `hide` and `lock`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("POST", "/roles", self._permit),
            ("POST", "/assign", self._assign),
            ("POST", "/hide", self._hide),
            ("POST", "/lock", self._lock),
        ]

    async def _permit(self, request: Request) -> Response:
        given = await order(request, Permit)
        role = self._desk.role(given.role)
        for name, level in (given.levels or {}).items():
            role.levels[self._desk.record(name).name] = level
        if given.features is not None:
            role.features = set(given.features)
        if given.approves is not None:
            role.approves = {self._desk.record(name).name for name in given.approves}
        if given.subsidiaries is not None:
            role.subsidiaries = frozenset(given.subsidiaries) or None
        if given.admin is not None:
            role.admin = given.admin
        self._desk.account.rolebook.write()
        return told({})

    async def _assign(self, request: Request) -> Response:
        given = await order(request, Assign)
        rolebook = self._desk.account.rolebook
        rolebook.assigned[self._desk.employee(given.employee)] = [self._desk.role(name).id for name in given.roles]
        rolebook.write()
        return told({})

    async def _hide(self, request: Request) -> Response:
        given = await order(request, Hide)
        table, column = self._desk.column(given.table, given.field)
        hidden = self._desk.role(given.role).hidden
        (hidden.add if given.hidden else hidden.discard)((table.name, column.key))
        return told({})

    async def _lock(self, request: Request) -> Response:
        given = await order(request, Lock)
        locked = self._desk.account.locked
        key = (self._desk.record(given.type).name, given.id)
        (locked.add if given.locked else locked.discard)(key)
        return told({})
