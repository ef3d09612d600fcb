"""Roles of the address book, and who has them.

https://open.dingtalk.com/document/development/obtains-a-list-of-enterprise-roles
https://open.dingtalk.com/document/development/obtain-the-list-of-employees-of-a-role
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from connectors.dingtalk.sandbox.api.answers import OldRefusal
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import whole
from connectors.dingtalk.sandbox.contacts.users import BAD_PARAMETER, PERMISSION
from connectors.dingtalk.sandbox.directory import Role
from connectors.dingtalk.sandbox.state import State

T = TypeVar("T")
NO_ROLE = OldRefusal(33011, "无效的roleId")


class RoleCalls:
    """Roles in their groups."""

    def __init__(self, state: State) -> None:
        """Serve the roles of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/topapi/role/list", self._list, PERMISSION),
            Endpoint("POST", "/topapi/role/simplelist", self._people, PERMISSION),
            Endpoint("POST", "/topapi/role/getrole", self._get, PERMISSION),
            Endpoint("POST", "/topapi/role/getrolegroup", self._group, PERMISSION),
        ]

    def _groups(self) -> dict[int, dict[str, Any]]:
        groups: dict[int, dict[str, Any]] = {}
        for role in self._state.company.roles.values():
            group = groups.setdefault(role.group_id, {"groupId": role.group_id, "name": role.group, "roles": []})
            group["roles"].append({"id": role.id, "name": role.name})
        return groups

    def _list(self, call: Call) -> Mapping[str, Any]:
        page, more = _page(call, list(self._groups().values()), most=200)
        return {"result": {"hasMore": more, "list": page}}

    def _people(self, call: Call) -> Mapping[str, Any]:
        role = self._known(call, "role_id")
        people = [user for user in self._state.company.users.values() if role.id in user.roles]
        page, more = _page(call, people, most=100)
        told = [{"userid": user.id, "name": user.name, "manageScopes": []} for user in page]
        return {"result": {"hasMore": more, "list": told}}

    def _get(self, call: Call) -> Mapping[str, Any]:
        role = self._known(call, "roleId")
        return {"role": {"name": role.name, "groupId": role.group_id}}

    def _group(self, call: Call) -> Mapping[str, Any]:
        group = self._groups().get(whole(call.given, "group_id", 0) or 0)
        if group is None:
            raise NO_ROLE
        roles = [{"role_id": role["id"], "role_name": role["name"]} for role in group["roles"]]
        return {"role_group": {"group_name": group["name"], "roles": roles}}

    def _known(self, call: Call, name: str) -> Role:
        role = self._state.company.roles.get(whole(call.given, name, 0) or 0)
        if role is None:
            raise NO_ROLE
        return role


def _page(call: Call, rows: list[T], *, most: int) -> tuple[list[T], bool]:
    size, offset = whole(call.given, "size", 20) or 0, whole(call.given, "offset", 0) or 0
    if not 0 < size <= most or offset < 0:
        raise BAD_PARAMETER
    return rows[offset : offset + size], offset + size < len(rows)
