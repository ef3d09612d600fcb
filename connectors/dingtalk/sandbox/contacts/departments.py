"""Departments of the address book.

https://open.dingtalk.com/document/development/user-management-acquires-the-list-departments
https://open.dingtalk.com/document/development/query-department-details0-v2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, whole
from connectors.dingtalk.sandbox.company import Company
from connectors.dingtalk.sandbox.contacts.users import BAD_PARAMETER, NO_DEPARTMENT, NO_USER
from connectors.dingtalk.sandbox.directory import ROOT, Department
from connectors.dingtalk.sandbox.state import State

PERMISSION = "qyapi_get_department_list"


class DepartmentCalls:
    """The tree of departments: one level down at a time, or all levels up."""

    def __init__(self, state: State) -> None:
        """Serve the departments of `state`."""
        self._state = state

    @property
    def _company(self) -> Company:
        return self._state.company

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/topapi/v2/department/listsub", self._children, PERMISSION),
            Endpoint("POST", "/topapi/v2/department/listsubid", self._child_ids, PERMISSION),
            Endpoint("POST", "/topapi/v2/department/get", self._get, PERMISSION),
            Endpoint("POST", "/topapi/v2/department/listparentbydept", self._parents, PERMISSION),
            Endpoint("POST", "/topapi/v2/department/listparentbyuser", self._parents_of_user, PERMISSION),
        ]

    def _known(self, call: Call, default: int | None = None) -> Department:
        id_ = whole(call.given, "dept_id", default)
        if id_ is None:
            raise BAD_PARAMETER
        if id_ not in self._company.departments:
            raise NO_DEPARTMENT
        return self._company.departments[id_]

    def _below(self, call: Call) -> list[Department]:
        above = self._known(call, ROOT)
        return [one for one in self._company.departments.values() if one.parent == above.id]

    def _children(self, call: Call) -> Mapping[str, Any]:
        return {"result": [_told(one) for one in self._below(call)]}

    def _child_ids(self, call: Call) -> Mapping[str, Any]:
        return {"result": {"dept_id_list": [one.id for one in self._below(call)]}}

    def _get(self, call: Call) -> Mapping[str, Any]:
        found = self._known(call)
        leaders = [user.id for user in self._company.users.values() if found.id in user.leads]
        people = len(self._company.people_of(found.id))
        return {"result": {**_told(found), "dept_manager_userid_list": leaders, "member_count": people}}

    def _chain(self, id_: int) -> list[int]:
        chain: list[int] = []
        while id_ in self._company.departments and id_ not in chain:
            chain.append(id_)
            id_ = self._company.departments[id_].parent
        return chain

    def _parents(self, call: Call) -> Mapping[str, Any]:
        return {"result": {"parent_id_list": self._chain(self._known(call).id)}}

    def _parents_of_user(self, call: Call) -> Mapping[str, Any]:
        user = self._company.users.get(text(call.given, "userid"))
        if user is None:
            raise NO_USER
        return {"result": {"parent_list": [{"parent_dept_id_list": self._chain(id_)} for id_ in user.departments]}}


def _told(one: Department) -> dict[str, Any]:
    return {
        "dept_id": one.id,
        "name": one.name,
        "parent_id": one.parent,
        "create_dept_group": False,
        "auto_add_user": False,
    }
