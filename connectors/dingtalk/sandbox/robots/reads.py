"""Who has read what a robot sent.

https://open.dingtalk.com/document/development/chatbot-batch-query-the-read-status-of-messages
https://open.dingtalk.com/document/development/chatbot-queries-the-read-status-of-a-message
https://open.dingtalk.com/document/development/query-the-read-list-of-robot-messages-in-person-to-person-conversations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, whole
from connectors.dingtalk.sandbox.robots.sends import PERMISSION, conversation_of, own_robot
from connectors.dingtalk.sandbox.robots.sent import Sending
from connectors.dingtalk.sandbox.state import State

MOST_ON_PAGE = 200


class ReadCalls:
    """The read status of 1:1 messages, and of a message in a group or the chat of two people."""

    def __init__(self, state: State) -> None:
        """Tell what the people of `state` have read."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("GET", "/v1.0/robot/oToMessages/readStatus", self._single, PERMISSION, paid=True),
            Endpoint("POST", "/v1.0/robot/groupMessages/query", self._group, PERMISSION, paid=True),
            Endpoint("POST", "/v1.0/robot/privateChatMessages/query", self._private, PERMISSION, paid=True),
        ]

    def _single(self, call: Call) -> Mapping[str, Any]:
        sending = self._sending(call, "")
        users = self._state.company.users
        people = [
            {
                "name": users[id_].name if id_ in users else "",
                "userId": id_,
                "readStatus": "READ" if id_ in sending.read else "UNREAD",
            }
            for id_ in sending.shown
        ]
        return {"sendStatus": self._status(sending), "messageReadInfoList": people}

    def _group(self, call: Call) -> Mapping[str, Any]:
        return self._readers(call, conversation_of(self._state, call, private=False).id)

    def _private(self, call: Call) -> Mapping[str, Any]:
        return self._readers(call, conversation_of(self._state, call, private=True).id)

    def _readers(self, call: Call, group: str) -> Mapping[str, Any]:
        sending = self._sending(call, group)
        size, start = whole(call.given, "maxResults", MOST_ON_PAGE) or 0, whole(call.given, "nextToken", 0) or 0
        if not 0 < size <= MOST_ON_PAGE:
            raise bad("invalidParameter.pageSize.invalid", "maxResults超出上限200")
        readers = sorted(sending.read, key=lambda id_: sending.read[id_])
        end = start + size
        more = end < len(readers)
        return {
            "sendStatus": self._status(sending),
            "readUserIds": readers[start:end],
            "hasMore": more,
            "nextToken": str(end) if more else "",
        }

    def _status(self, sending: Sending) -> str:
        # A-DINGTALK-110: the pages' table says SUCCESS, their sample SUCESS
        return "RECALLED" if sending.recalled else self._state.app_switches.sent_status

    def _sending(self, call: Call, group: str) -> Sending:
        own_robot(self._state, call)
        key = text(call.given, "processQueryKey")
        if not key:
            raise bad("invalidParameter.processQueryKey.missing", "缺少processQueryKey")
        sending = self._state.sent.get(key)
        if sending is None or sending.group != group:
            raise bad("invalid.processQueryKey", "无效的processQueryKey")
        settings = self._state.settings
        if not settings.query_key_delay_s <= call.at - sending.at <= settings.recall_window_s:
            raise bad("processQueryKey.expireTime", "processQueryKey还未生成消息查询数据或已过期")
        return sending
