"""DING: a message that insists, in the application, by SMS or by telephone.

https://open.dingtalk.com/document/development/robot-sends-nail-message
https://open.dingtalk.com/document/development/robot-withdraws-pin-message
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, texts, whole
from connectors.dingtalk.sandbox.apps import App
from connectors.dingtalk.sandbox.robots.sent import Ding, single_chat
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import State

PERMISSION = "Premium.Ding.Write"


@dataclass(frozen=True, slots=True)
class Way:
    """How a DING reaches people, and how many at once; `paid` ones are bought in packs."""

    shown: str
    most: int
    paid: bool


WAYS = {
    1: Way("[DING]", 200, paid=False),
    2: Way("[DING by SMS]", 20, paid=True),
    3: Way("[DING by telephone]", 20, paid=True),
}


class DingCalls:
    """Sending and taking back."""

    def __init__(self, state: State) -> None:
        """Insist in the chats of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/v1.0/robot/ding/send", self._send, PERMISSION, writes="openDingId", paid=True),
            Endpoint("POST", "/v1.0/robot/ding/recall", self._recall, PERMISSION, writes="openDingId", paid=True),
        ]

    def _send(self, call: Call) -> Mapping[str, Any]:
        app, way = self._robot(call), WAYS.get(whole(call.given, "remindType", 0) or 0)
        people = list(dict.fromkeys(texts(call.given, "receiverUserIdList")))
        if not text(call.given, "content") or way is None:
            raise bad("invalidParameter.param.invalid", "参数不合法")
        if not people:
            raise bad("miss.staffId", "miss.staffId")
        if len(people) > way.most:
            raise bad("ding.receivercount.limit", "ding receiver count limit")
        known = [id_ for id_ in people if id_ in self._state.company.users]
        self._charge(way, len(known))
        ding = Ding(f"{secrets.randbelow(10**16):016}", app.robotcode)
        for id_ in known:
            self._show(ding, id_, f"{way.shown} {text(call.given, 'content')}", call.at)
        self._state.sent.dings[ding.id] = ding
        unknown = [id_ for id_ in people if id_ not in known]
        # A-DINGTALK-143: the reasons by which failures are sorted are on no page
        return {"openDingId": ding.id} | ({"failedList": {"invalid.staffId": unknown}} if unknown else {})

    def _charge(self, way: Way, people: int) -> None:
        settings = self._state.settings
        if way.paid and people > settings.paid_dings:
            raise bad("ding.serverquota.insufficient", "ding server quota insufficient")
        settings.paid_dings -= people if way.paid else 0

    def _show(self, ding: Ding, user: str, told: str, at: float) -> None:
        raw = msgspec.json.encode({"msgtype": "text", "text": {"content": told}, "msgKey": "ding"})
        shown = self._state.show(Shown(0, single_chat(ding.robot, user), ding.robot, at, raw, key=ding.id))
        ding.shown.append(shown.index)

    def _recall(self, call: Call) -> Mapping[str, Any]:
        app, ding = self._robot(call), self._state.sent.dings.get(text(call.given, "openDingId"))
        if ding is None or ding.robot != app.robotcode:
            raise bad("recall.ding.exception", "recall.ding.exception")
        for index in ding.shown:
            self._state.recall(index)
        return {"openDingId": ding.id}

    def _robot(self, call: Call) -> App:
        app = self._state.apps.of_robot(text(call.given, "robotCode"))
        if app is None or app.client_id != call.app.client_id or app.robot == "stopped":
            raise bad("invalid.chatbotId", "invalid.chatbotId")
        return app
