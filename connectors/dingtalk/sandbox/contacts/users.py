"""People of the address book.

https://open.dingtalk.com/document/development/query-user-details
https://open.dingtalk.com/document/development/queries-the-complete-information-of-a-department-user
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import OldRefusal
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, whole
from connectors.dingtalk.sandbox.company import Company, User
from connectors.dingtalk.sandbox.state import State

PERMISSION = "qyapi_get_member"
MOST_ON_PAGE = 100
BAD_USER = OldRefusal(33012, "无效的USERID")
NO_USER = OldRefusal(60121, "找不到该用户")
BAD_PARAMETER = OldRefusal(400002, "无效的参数")
NO_DEPARTMENT = OldRefusal(60003, "部门不存在")


class UserCalls:
    """Looking people up by userId, mobile number, unionId or department."""

    def __init__(self, state: State) -> None:
        """Serve the people of `state`."""
        self._state = state

    @property
    def _company(self) -> Company:
        return self._state.company

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/topapi/v2/user/get", self._get, PERMISSION),
            Endpoint("POST", "/topapi/v2/user/getbymobile", self._by_mobile, PERMISSION),
            Endpoint("POST", "/topapi/user/getbyunionid", self._by_union, PERMISSION),
            Endpoint("POST", "/topapi/user/listid", self._ids, PERMISSION),
            Endpoint("POST", "/topapi/v2/user/list", self._list, PERMISSION),
            Endpoint("GET", "/auth/scopes", self._scopes),
        ]

    def _get(self, call: Call) -> Mapping[str, Any]:
        id_ = text(call.given, "userid")
        if not id_:
            raise BAD_PARAMETER
        user = self._company.users.get(id_)
        if user is None:
            # A-DINGTALK-105: both codes are listed for an unknown userid
            raise NO_USER if self._state.app_switches.unknown_user == 60121 else BAD_USER
        return {"result": self._details(user)}

    def _by_mobile(self, call: Call) -> Mapping[str, Any]:
        mobile = text(call.given, "mobile")
        if not mobile.isdigit():
            raise OldRefusal(40104, "无效的手机号")
        return _one(next((user for user in self._company.users.values() if user.mobile == mobile), None))

    def _by_union(self, call: Call) -> Mapping[str, Any]:
        found = _one(self._company.by_union(text(call.given, "unionid")))
        return {"result": {**found["result"], "contact_type": 0}}

    def _ids(self, call: Call) -> Mapping[str, Any]:
        return {"result": {"userid_list": [user.id for user in self._company.people_of(self._department(call))]}}

    def _list(self, call: Call) -> Mapping[str, Any]:
        people = self._company.people_of(self._department(call))
        cursor, size = whole(call.given, "cursor"), whole(call.given, "size")
        if cursor is None or size is None or cursor < 0 or not 0 < size <= MOST_ON_PAGE:
            raise BAD_PARAMETER
        end = cursor + size
        page: dict[str, Any] = {
            "has_more": end < len(people),
            "list": [self._details(user) for user in people[cursor:end]],
        }
        if page["has_more"]:
            page["next_cursor"] = end
        return {"result": page}

    def _department(self, call: Call) -> int:
        id_ = whole(call.given, "dept_id")
        if id_ is None:
            raise BAD_PARAMETER
        if id_ not in self._company.departments:
            raise NO_DEPARTMENT
        return id_

    def _details(self, user: User) -> dict[str, Any]:
        roles = [self._company.roles[id_] for id_ in user.roles if id_ in self._company.roles]
        told: dict[str, Any] = {
            "userid": user.id,
            "unionid": user.union,
            "name": user.name,
            "mobile": user.mobile,
            "email": user.email,
            "title": user.title,
            "manager_userid": user.manager,
            "dept_id_list": list(user.departments),
            "dept_order_list": [{"dept_id": id_, "order": 1} for id_ in user.departments],
            "leader_in_dept": [{"dept_id": id_, "leader": id_ in user.leads} for id_ in user.departments],
            "role_list": [{"id": role.id, "name": role.name, "group_name": role.group} for role in roles],
            "admin": user.admin,
            "active": user.active,
            "boss": False,
            "senior": False,
            "real_authed": user.active,
            "exclusive_account": False,
        }
        told = {name: value for name, value in told.items() if value not in ("", [])}
        # A-DINGTALK-106: the page's table has numbers and booleans, its sample texts
        return _as_texts(told) if self._state.app_switches.contacts_as_texts else told

    def _scopes(self, call: Call) -> Mapping[str, Any]:
        fields = ["userid", "name", "mobile", "email"] if PERMISSION not in call.app.lacks else []
        return {
            "auth_user_field": fields,
            "auth_org_scopes": {"authed_dept": [1], "authed_user": []},
            "condition_field": [],
        }


def _one(user: User | None) -> Mapping[str, Any]:
    if user is None:
        raise NO_USER
    return {"result": {"userid": user.id}}


def _as_texts(told: Mapping[str, Any]) -> dict[str, Any]:
    def written(value: object) -> object:
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int) else value

    return {name: written(value) for name, value in told.items()}
