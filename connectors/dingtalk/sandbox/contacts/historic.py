"""The first version of the address book's calls, which the vendor keeps for applications that began with it.

https://open.dingtalk.com/document/development/queries-user-details
https://open.dingtalk.com/document/development/obtain-department-members-details
https://open.dingtalk.com/document/development/obtain-the-department-list
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, whole
from connectors.dingtalk.sandbox.company import Company, User
from connectors.dingtalk.sandbox.contacts.users import (
    BAD_PARAMETER,
    BAD_USER,
    MOST_ON_PAGE,
    NO_DEPARTMENT,
    NO_USER,
    PERMISSION,
)
from connectors.dingtalk.sandbox.directory import ROOT, Department
from connectors.dingtalk.sandbox.state import State

Told = Callable[[User], Mapping[str, Any]]


class HistoricCalls:
    """People and departments by `GET`; what is found stands beside errcode, not in a `result`."""

    def __init__(self, state: State) -> None:
        """Serve the address book of `state`."""
        self._state = state

    @property
    def _company(self) -> Company:
        return self._state.company

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("GET", "/user/get", self._get, PERMISSION),
            Endpoint("GET", "/user/getUseridByUnionid", self._by_union, PERMISSION),
            Endpoint("GET", "/user/getDeptMember", self._ids, PERMISSION),
            Endpoint("GET", "/user/simplelist", self._names, PERMISSION),
            Endpoint("GET", "/user/list", self._list, PERMISSION),
            Endpoint("GET", "/department/get", self._department, PERMISSION),
            Endpoint("GET", "/department/list", self._departments, PERMISSION),
            Endpoint("GET", "/department/list_ids", self._department_ids, PERMISSION),
        ]

    def _get(self, call: Call) -> Mapping[str, Any]:
        user = self._company.users.get(text(call.given, "userid"))
        if user is None:
            # A-DINGTALK-105: both codes are listed for an unknown userid
            raise NO_USER if self._state.app_switches.unknown_user == 60121 else BAD_USER
        return self._details(user)

    def _by_union(self, call: Call) -> Mapping[str, Any]:
        user = self._company.by_union(text(call.given, "unionid"))
        if user is None:
            raise NO_USER
        return {"userid": user.id, "contactType": 0}

    def _ids(self, call: Call) -> Mapping[str, Any]:
        return {"userIds": [user.id for user in self._company.people_of(self._known(call, "deptId").id)]}

    def _names(self, call: Call) -> Mapping[str, Any]:
        return self._page(call, lambda user: {"userid": user.id, "name": user.name})

    def _list(self, call: Call) -> Mapping[str, Any]:
        return self._page(call, self._details)

    def _page(self, call: Call, told: Told) -> Mapping[str, Any]:
        people = self._company.people_of(self._known(call, "department_id").id)
        offset, size = whole(call.given, "offset"), whole(call.given, "size")
        if offset is None or size is None:
            # the two count together alone
            return {"userlist": [told(user) for user in people]}
        if offset < 0 or not 0 < size <= MOST_ON_PAGE:
            raise BAD_PARAMETER
        page = people[offset : offset + size]
        return {"hasMore": offset + size < len(people), "userlist": [told(user) for user in page]}

    def _department(self, call: Call) -> Mapping[str, Any]:
        found = self._known(call, "id")
        leaders = [user.id for user in self._company.users.values() if found.id in user.leads]
        return {**_told(found), "deptManagerUseridList": "|".join(leaders)}

    def _departments(self, call: Call) -> Mapping[str, Any]:
        above = self._known(call, "id", ROOT)
        # clients write it with a capital letter too
        all_levels = text(call.given, "fetch_child").lower() == "true"
        below = self._company.under(above.id) - {above.id}
        found = [one for one in self._company.departments.values() if one.id in below]
        return {"department": [_told(one) for one in found if all_levels or one.parent == above.id]}

    def _department_ids(self, call: Call) -> Mapping[str, Any]:
        above = self._known(call, "id").id
        return {"sub_dept_id_list": [one.id for one in self._company.departments.values() if one.parent == above]}

    def _known(self, call: Call, name: str, default: int | None = None) -> Department:
        id_ = whole(call.given, name, default)
        if id_ is None:
            raise BAD_PARAMETER
        if id_ not in self._company.departments:
            raise NO_DEPARTMENT
        return self._company.departments[id_]

    def _details(self, user: User) -> Mapping[str, Any]:
        roles = [self._company.roles[id_] for id_ in user.roles if id_ in self._company.roles]
        told: dict[str, Any] = {
            "userid": user.id,
            "unionid": user.union,
            "name": user.name,
            "position": user.title,
            "mobile": user.mobile,
            "stateCode": "86",
            "email": user.email,
            "managerUserid": user.manager,
            "department": list(user.departments),
            "orderInDepts": _map(dict.fromkeys(user.departments, "1")),
            "isLeaderInDepts": _map({id_: str(id_ in user.leads).lower() for id_ in user.departments}),
            "roles": [{"id": role.id, "name": role.name, "groupName": role.group} for role in roles],
            "isAdmin": user.admin,
            "isBoss": False,
            "isSenior": False,
            "isHide": False,
            "active": user.active,
            "realAuthed": user.active,
        }
        return {name: value for name, value in told.items() if value not in ("", [])}


def _told(one: Department) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "parentid": one.parent, "createDeptGroup": False, "autoAddUser": False}


def _map(by_department: Mapping[int, str]) -> str:
    # as the vendor prints it, with keys that JSON does not allow
    return "{" + ",".join(f"{id_}:{value}" for id_, value in by_department.items()) + "}"
