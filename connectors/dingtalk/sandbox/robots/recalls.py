"""Taking messages back.

https://open.dingtalk.com/document/development/batch-message-recall-chat
https://open.dingtalk.com/document/development/enterprise-chatbot-withdraws-internal-group-messages
https://open.dingtalk.com/document/development/batch-withdrawal-of-single-chat-robot-messages-in-person-to-person-conversations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, texts
from connectors.dingtalk.sandbox.robots.sends import PERMISSION, conversation_of, own_robot
from connectors.dingtalk.sandbox.state import State

MOST_KEYS = 20


class RecallCalls:
    """The recall of 1:1 messages, and of messages in a group or the chat of two people."""

    def __init__(self, state: State) -> None:
        """Recall from the conversations of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls; the vendor writes `oto` in small letters here."""
        return [
            Endpoint(
                "POST",
                "/v1.0/robot/otoMessages/batchRecall",
                self._single,
                PERMISSION,
                writes="processQueryKeys",
                paid=True,
            ),
            Endpoint(
                "POST",
                "/v1.0/robot/groupMessages/recall",
                self._group,
                PERMISSION,
                writes="processQueryKeys",
                paid=True,
            ),
            Endpoint(
                "POST",
                "/v1.0/robot/privateChatMessages/batchRecall",
                self._private,
                PERMISSION,
                writes="processQueryKeys",
                paid=True,
            ),
        ]

    def _single(self, call: Call) -> Mapping[str, Any]:
        own_robot(self._state, call)
        return self._recall(call, "")

    def _group(self, call: Call) -> Mapping[str, Any]:
        own_robot(self._state, call)
        return self._recall(call, conversation_of(self._state, call, private=False).id)

    def _private(self, call: Call) -> Mapping[str, Any]:
        own_robot(self._state, call)
        return self._recall(call, conversation_of(self._state, call, private=True).id)

    def _recall(self, call: Call, group: str) -> Mapping[str, Any]:
        keys = texts(call.given, "processQueryKeys")
        if not keys:
            raise bad("invalidParameter.processQueryKey.missing", "缺少processQueryKey")
        if len(keys) > MOST_KEYS:
            raise bad("invalidParameter.processQueryKeys.overMax", "processQueryKeys超过数量上限20")
        failed = {key: reason for key in keys if (reason := self._refused(call, key, group))}
        done = [key for key in keys if key not in failed]
        for key in done:
            sending = self._state.sent.get(key)
            if sending is not None:
                self._state.take_back(sending)
        return {"successResult": done, "failedResult": failed}

    def _refused(self, call: Call, key: str, group: str) -> str:
        sending = self._state.sent.get(key)
        if sending is None or sending.group != group:
            return "invalid.processQueryKey"
        if sending.robot != text(call.given, "robotCode"):
            return "not.allowed.robotCode"
        window = self._state.settings.recall_window_s
        return "robot.processQueryKey.expired" if call.at - sending.at > window else ""
