"""Who is in a group.

https://open.dingtalk.com/document/development/query-group-members for groups made from the application's template or
with its cool app in them. The calls under innerGroups are in the vendor's SDK and on no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from connectors.dingtalk.sandbox.api.answers import NewRefusal, bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, whole
from connectors.dingtalk.sandbox.company import Group, Kind
from connectors.dingtalk.sandbox.state import State

T = TypeVar("T")
PERMISSION = "qyapi_chat_manage"
ALL_AT_ONCE = 1000


class MemberCalls:
    """The lists of members that an application of the company can get."""

    def __init__(self, state: State) -> None:
        """Serve the groups of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/v1.0/im/sceneGroups/members/batchQuery", self._scene, PERMISSION, paid=True),
            Endpoint("POST", "/v1.0/im/innerGroups/members/query", self._inner, PERMISSION, paid=True),
            Endpoint("POST", "/v1.0/im/innerGroups/memberLists/query", self._inner_list, PERMISSION, paid=True),
            Endpoint("POST", "/v1.0/im/innerGroups/members/check", self._check, PERMISSION, paid=True),
        ]

    def _scene(self, call: Call) -> Mapping[str, Any]:
        group = self._group(call)
        self._controlled(call, group)
        rows = [("", id_) for id_ in group.members] + [("union", user.union) for user in group.outsiders]
        page, token = _page(call, rows)
        users = self._state.company.users
        employees = [id_ for kind, id_ in page if not kind]
        outside = {user.union: user.name for user in group.outsiders}
        others = [id_ for kind, id_ in page if kind]
        return {
            "success": True,
            "memberUserIds": employees,
            "unionIdList": others,
            "staffIdNickMap": {id_: users[id_].name for id_ in employees if id_ in users},
            "unionIdNickMap": {id_: outside[id_] for id_ in others},
            "hasMore": bool(token),
            "nextToken": token,
        }

    def _controlled(self, call: Call, group: Group) -> None:
        if group.kind is Kind.COOL_APP:
            given = text(call.given, "coolAppCode")
            if not given:
                raise bad("groupPermissionDenied", "无权限，该群没有安装群模板")
            if given != group.cool_app:
                known = any(other.cool_app == given for other in self._state.company.groups.values())
                raise bad("coolAppUninstalled" if known else "coolAppUnexist")
            if group.app != call.app.client_id:
                raise bad("coolAppPermissionDenied")
        elif group.kind is not Kind.SCENE:
            raise bad("groupPermissionDenied", "无权限，该群没有安装群模板")
        elif group.app != call.app.client_id:
            raise bad("groupTemplatePermissionDenied")
        if group.id in self._state.settings.owners_out_of_scope:
            raise bad("permession.checkFailed", "群主不在应用可见性内")

    def _inner(self, call: Call) -> Mapping[str, Any]:
        page, token = _page(call, self._inner_group(call).members)
        return {"userIds": page, "hasMore": bool(token), "nextToken": token}

    def _inner_list(self, call: Call) -> Mapping[str, Any]:
        page, token = _page(call, self._inner_group(call).members)
        users = self._state.company.users
        told = [{"userId": id_, "name": users[id_].name if id_ in users else ""} for id_ in page]
        return {"success": True, "list": told, "hasMore": bool(token), "nextToken": token}

    def _check(self, call: Call) -> Mapping[str, Any]:
        return {"result": text(call.given, "userId") in self._inner_group(call).members}

    def _inner_group(self, call: Call) -> Group:
        # A-DINGTALK-107: who may use these calls is on no page
        if self._state.app_switches.inner_groups == "refused":
            raise NewRefusal(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", "应用尚未开通所需的权限")
        group = self._group(call)
        if group.outsiders:
            raise bad("conversation.org.notMatch")
        return group

    def _group(self, call: Call) -> Group:
        id_ = text(call.given, "openConversationId")
        if not id_:
            raise bad("paramBlank", "请求参数为空")
        group = self._state.company.conversation(id_, private=False)
        if group is None:
            raise bad("cidEncryptError", "群ID解析错误")
        return group


def _page(call: Call, rows: list[T]) -> tuple[list[T], str]:
    size = whole(call.given, "maxResults")
    start = whole(call.given, "nextToken", 0) or 0
    if size is None or size < 1 or start < 0:
        raise bad("paramIllegal", "请求参数非法")
    if len(rows) <= ALL_AT_ONCE:
        # a small group comes back at once, however small the page that was asked for
        size = ALL_AT_ONCE
    end = start + size
    return rows[start:end], str(end) if end < len(rows) else ""
