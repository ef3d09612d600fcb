"""Groups that an application makes itself, and the robots in a group.

https://open.dingtalk.com/document/development/create-common-group-new-version-v2
https://open.dingtalk.com/document/development/obtain-a-group-session
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import OldRefusal, bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, texts
from connectors.dingtalk.sandbox.company import Group, Kind
from connectors.dingtalk.sandbox.state import State

CONVERT = "/v1.0/im/chat/{chatId}/convertToOpenConversationId"
LONGEST_NAME = 20
INTERNAL = 2
PUBLIC, OF_APP = 1, 2


class ChatCalls:
    """Making a group, reading it by its chatid, and asking for its robots."""

    def __init__(self, state: State) -> None:
        """Serve the groups of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint(
                "POST",
                "/v1.0/im/group/create",
                self._create,
                "qyapi_chat_manage",
                writes="openConversationId",
                paid=True,
            ),
            Endpoint("GET", "/chat/get", self._get, "qyapi_chat_read", paid=True),
            Endpoint("POST", CONVERT, self._convert, "qyapi_chat_manage", paid=True),
            Endpoint("POST", "/v1.0/robot/groups/robots/query", self._robots, "qyapi_chat_manage", paid=True),
        ]

    def _create(self, call: Call) -> Mapping[str, Any]:
        name, owner, people = text(call.given, "name"), text(call.given, "owner"), texts(call.given, "useridlist")
        if not name or len(name) > LONGEST_NAME or not owner or not people:
            raise bad("parameter.invalid", "输入参数错误")
        members = list(dict.fromkeys([owner, *people]))
        if any(id_ not in self._state.company.users for id_ in members):
            raise bad("parameter.invalid", "输入参数错误")
        group = Group(
            f"cid-{uuid.uuid4().hex[:24]}==", name, members, kind=Kind.CREATED, app=call.app.client_id, owner=owner
        )
        self._state.company.groups[group.id] = group
        return {"conversationTag": INTERNAL, "openConversationId": group.id, "chatid": group.chatid}

    def _get(self, call: Call) -> Mapping[str, Any]:
        chat_id = text(call.given, "chatid")
        if not chat_id:
            raise OldRefusal(49000, "需要参数chatid")
        group = self._by_chat_id(chat_id)
        if group is None or group.kind is not Kind.CREATED:
            # the chatid that a page's JSAPI gives is refused as well
            raise OldRefusal(40016, "无效的chatid")
        if group.app != call.app.client_id:
            raise OldRefusal(43007, "没有调用权限")
        return {
            "chat_info": {
                "chatid": chat_id,
                "name": group.name,
                "owner": group.owned_by,
                "useridlist": group.members,
                "conversationTag": INTERNAL,
                "chatBannedType": 0,
                "searchable": 0,
                "validationType": 0,
                "mentionAllAuthority": 0,
                "managementType": 0,
                "showHistoryType": 0,
                "status": 2 if group.disbanded else 1,
            }
        }

    def _convert(self, call: Call) -> Mapping[str, Any]:
        group = self._by_chat_id(text(call.given, "chatId"))
        if group is None:
            raise bad("invalidParameter.chatId", "无效的chatid")
        return {"openConversationId": group.id}

    def _robots(self, call: Call) -> Mapping[str, Any]:
        group = self._state.company.groups.get(text(call.given, "openConversationId"))
        if group is None:
            raise bad("illegal.openconevrsation.id", "无效的会话id")
        hooks = [robot for robot in self._state.company.robots.values() if robot.group == group.id]
        found = [{"robotCode": code, "name": self._name(code), "openRobotType": OF_APP} for code in group.robots]
        found += [{"robotCode": one.id, "name": one.name, "openRobotType": PUBLIC} for one in hooks]
        return {"chatbotInstanceVOList": found}

    def _name(self, robot_code: str) -> str:
        app = self._state.apps.of_robot(robot_code)
        return app.name if app else robot_code

    def _by_chat_id(self, chat_id: str) -> Group | None:
        return next((one for one in self._state.company.groups.values() if one.chatid == chat_id), None)
