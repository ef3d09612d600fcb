"""`POST /robot/sendBySession`: a reply into the conversation that a person's words came from.

https://open.dingtalk.com/document/dingstart/robot-reply-and-send-messages
"""

from __future__ import annotations

import msgspec

from connectors.dingtalk.sandbox import content
from connectors.dingtalk.sandbox.api.answers import OldRefusal, old_body
from connectors.dingtalk.sandbox.api.endpoint import Request, query_of
from connectors.dingtalk.sandbox.api.gate import Reply
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import State

PATH = "/robot/sendBySession"
API = f"POST {PATH}"


class Replies:
    """The session webhooks; they need no token but their own."""

    def __init__(self, state: State) -> None:
        """Reply into the conversations of `state`."""
        self._state = state

    def answer(self, request: Request) -> Reply:
        """Return the answer to a reply."""
        self._state.account.arrived(API)
        try:
            self._show(request)
        except OldRefusal as refusal:
            return Reply(200, msgspec.json.encode(refusal.body()))
        self._state.account.done(API)
        return Reply(200, old_body({}))

    def _show(self, request: Request) -> None:
        now = self._state.clock.now()
        session = self._state.sessions.get(query_of(request).get("session", ""))
        if session is None or session.until <= now:
            # A-DINGTALK-117: what an expired session gets is on no page
            raise OldRefusal(self._state.app_switches.expired_session, "session 不存在或已过期")
        try:
            message = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise OldRefusal(40035, "缺少参数 json") from error
        if not isinstance(message, dict) or not content.known(message.get("msgtype"), image=False):
            raise OldRefusal(400105, "不支持的消息类型")
        if lacking := content.lacking(message):
            raise OldRefusal(40035, f"缺少参数 {lacking}")
        shown = self._state.show(Shown(0, session.conversation, session.robot, now, request.body))
        app = self._state.apps.of_robot(session.robot)
        self._state.account.wrote(app.client_id if app else "", API, now, (str(shown.index),))
