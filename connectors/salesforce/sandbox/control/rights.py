"""Who may see, change and decide what."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import ids, values
from connectors.salesforce.sandbox.access import Level
from connectors.salesforce.sandbox.approvals import Process, Status
from connectors.salesforce.sandbox.control.desk import Desk, Table, order
from connectors.salesforce.sandbox.demo import INTEGRATION
from connectors.salesforce.sandbox.gate import answer
from connectors.salesforce.sandbox.schema import SObject, Values
from connectors.salesforce.sandbox.store import Change


class Hide(msgspec.Struct, forbid_unknown_fields=True):
    """Take `field` of `object` from `user`, or give it back with `hidden: false`.

    With `read_only` the user still sees it and may not write it.
    """

    object: str
    field: str
    user: str
    hidden: bool = True
    read_only: bool = False


class Share(msgspec.Struct, forbid_unknown_fields=True):
    """Set what `user` may do with a record (`target`: its id) or with all records of an object (its name)."""

    user: str
    target: str
    access: Level


class Promote(msgspec.Struct, forbid_unknown_fields=True):
    """Give `user` the permission "Modify All Data", or take it with `admin: false`."""

    user: str
    admin: bool = True


class Define(msgspec.Struct, forbid_unknown_fields=True):
    """An approval process for `object`: `approvers` (usernames or ids) decide one after another.

    `on_submit`, `on_approve` and `on_reject` are fields that it sets on the record.
    """

    object: str
    name: str
    approvers: list[str]
    label: str = ""
    on_submit: dict[str, Any] = msgspec.field(default_factory=dict)
    on_approve: dict[str, Any] = msgspec.field(default_factory=dict)
    on_reject: dict[str, Any] = msgspec.field(default_factory=dict)


class RightsOrders:
    """`hide`, `share`, `admins` and `processes`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._org = desk.org

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("POST", "/hide", self._hide),
            ("POST", "/share", self._share),
            ("POST", "/admins", self._promote),
            ("POST", "/processes", self._define),
        ]

    async def _hide(self, request: Request) -> Response:
        given = await order(request, Hide)
        sobject, field = self._desk.field(given.object, given.field)
        user_id = self._desk.user(given.user)
        self._org.access.hide(user_id, sobject, field.name, hidden=given.hidden and not given.read_only)
        self._org.access.fix(user_id, sobject, field.name, fixed=given.hidden and given.read_only)
        return answer({})

    async def _share(self, request: Request) -> Response:
        given = await order(request, Share)
        full = ids.canonical(given.target)
        target = full if full and self._org.store.find_any(full) else self._desk.sobject(given.target).name
        self._org.access.share(self._desk.user(given.user), target, given.access)
        return answer({})

    async def _promote(self, request: Request) -> Response:
        given = await order(request, Promote)
        self._org.access.promote(self._desk.user(given.user), admin=given.admin)
        return answer({})

    async def _define(self, request: Request) -> Response:
        given = await order(request, Define)
        sobject = self._desk.sobject(given.object)
        if not given.approvers:
            raise ValueError("a process needs somebody who decides")
        process = Process(
            sobject.name,
            given.name,
            given.label or given.name,
            tuple(self._desk.user(name) for name in given.approvers),
            {
                Status.STARTED: _typed(sobject, given.on_submit),
                Status.APPROVED: _typed(sobject, given.on_approve),
                Status.REJECTED: _typed(sobject, given.on_reject),
            },
        )
        return answer({"id": self._org.approvals.define(process, Change(INTEGRATION))}, 201)


def _typed(sobject: SObject, given: dict[str, Any]) -> Values:
    return values.accept(sobject, given, values.NO_LIMITS, creating=False)
