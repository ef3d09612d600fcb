"""Sending, recalling, and asking who has read.

https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches
https://open.dingtalk.com/document/development/the-robot-sends-a-group-message
https://open.dingtalk.com/document/development/the-robot-sends-ordinary-messages-in-a-person-to-person-conversation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from connectors.dingtalk.sandbox import content
from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, texts
from connectors.dingtalk.sandbox.apps import App
from connectors.dingtalk.sandbox.company import Group, Kind
from connectors.dingtalk.sandbox.robots import messages
from connectors.dingtalk.sandbox.robots.sent import Sending, single_chat
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import State

PERMISSION = "qyapi_robot_sendmsg"
MOST_PEOPLE = 20


class SendCalls:
    """The three ways to send: to people, into a group, into the chat of two people."""

    def __init__(self, state: State) -> None:
        """Send into the conversations of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint(
                "POST",
                "/v1.0/robot/oToMessages/batchSend",
                self._to_people,
                PERMISSION,
                writes="processQueryKey",
                paid=True,
            ),
            Endpoint(
                "POST",
                "/v1.0/robot/groupMessages/send",
                self._to_group,
                PERMISSION,
                writes="processQueryKey",
                paid=True,
            ),
            Endpoint(
                "POST",
                "/v1.0/robot/privateChatMessages/send",
                self._to_private,
                PERMISSION,
                writes="processQueryKey",
                paid=True,
            ),
        ]

    def _to_people(self, call: Call) -> Mapping[str, Any]:
        app = own_robot(self._state, call)
        people = list(dict.fromkeys(texts(call.given, "userIds")))
        if not people:
            raise bad("invalidParameter.userIds.empty", "用户userId列表为空")
        if len(people) > MOST_PEOPLE:
            raise bad("invalidParameter.userIds.overMax", f"用户userId列表超过最大限制{MOST_PEOPLE}")
        if app.robot == "no_single_chats":
            raise bad("chatbotId.notAllow.sendOTO", "不允许主动发单聊，请检查机器人状态是否已启用")
        message = self._allowed(call)
        known = [id_ for id_ in people if id_ in self._state.company.users]
        held = [id_ for id_ in known if id_ in self._state.settings.flow_controlled]
        sending = self._state.sent.begin(app.robotcode, call.at)
        for id_ in known:
            if id_ not in held:
                self._show(sending, id_, single_chat(app.robotcode, id_), message)
        return {
            "processQueryKey": sending.key,
            "invalidStaffIdList": [id_ for id_ in people if id_ not in known],
            "flowControlledStaffIdList": held,
        }

    def _to_group(self, call: Call) -> Mapping[str, Any]:
        app = own_robot(self._state, call)
        return self._into(call, app, self._group(call, app))

    def _to_private(self, call: Call) -> Mapping[str, Any]:
        app = own_robot(self._state, call)
        chat = conversation_of(self._state, call, private=True)
        if not text(call.given, "coolAppCode") or text(call.given, "coolAppCode") != chat.cool_app:
            raise bad("invalidParameter.robotCode.coolApp", "酷应用编码无效")
        if app.robotcode not in chat.robots:
            raise bad("invalidParameter.robotCode.coolApp", "绑定这个机器人的酷应用没有在人与人单聊会话中被使用")
        return self._into(call, app, chat)

    def _into(self, call: Call, app: App, group: Group) -> Mapping[str, Any]:
        message = self._allowed(call)
        sending = self._state.sent.begin(app.robotcode, call.at, group.id)
        self._show(sending, group.id, group.id, message)
        return {"processQueryKey": sending.key}

    def _allowed(self, call: Call) -> bytes:
        message = messages.read(call.given)
        told = f"{content.title_of(message)}\n{content.body_text(message)}"
        if any(word in told for word in self._state.settings.moderated_words):
            raise bad("contain.notAllowed.text", "含有不合适的文本")
        return msgspec.json.encode(message)

    def _show(self, sending: Sending, to: str, conversation: str, message: bytes) -> None:
        shown = self._state.show(Shown(0, conversation, sending.robot, sending.at, message, key=sending.key))
        self._state.sent.note(sending, to, shown.index)

    def _group(self, call: Call, app: App) -> Group:
        group = conversation_of(self._state, call, private=False)
        if group.disbanded:
            raise bad("group.disbanded", "群已经解散")
        if app.robotcode not in group.robots:
            raise bad("resource.not.found", "机器人不存在")
        # A-DINGTALK-109: the page says that robots of applications work in internal groups alone, not how it refuses
        if group.outsiders:
            raise bad("conversation.org.notMatch", "会话所属组织信息不匹配")
        if group.kind is Kind.COOL_APP and text(call.given, "coolAppCode") != group.cool_app:
            raise bad("invalidParameter.robotCode.coolApp", "酷应用编码和机器人不匹配")
        return group


def conversation_of(state: State, call: Call, *, private: bool) -> Group:
    """Return the group of a call, or with `private` the chat of two people. Raises a refusal."""
    id_ = text(call.given, "openConversationId")
    if not id_:
        raise bad("miss.openConversationId", "缺少openConversationId")
    found = state.company.conversation(id_, private=private)
    if found is None:
        raise bad("invalid.openConversationId", "无效的openConversationId")
    return found


def own_robot(state: State, call: Call) -> App:
    """Return the caller's application if `robotCode` is its robot. Raises a refusal."""
    code = text(call.given, "robotCode")
    if not code:
        raise bad("invalidParameter.robotCode.empty", "机器人robotCode为空")
    app = state.apps.of_robot(code)
    if app is None:
        raise bad("invalidParameter.robotCode.notExsit", "机器人不存在，请检查企业内是否安装了robotCode对应的机器人")
    if app.client_id != call.app.client_id:
        raise bad("invalidParameter.robotCode.auth", "此应用appkey和机器人robotCode不匹配")
    if app.robot == "stopped":
        raise bad("bot.stopped", "群机器人已经停用")
    return app
