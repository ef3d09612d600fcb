"""Answers to words: to the writer by the application's robot, into a group by the address that came with the words.

https://open.dingtalk.com/document/dingstart/robot-reply-and-send-messages
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec

from connectors.contract import Budget, ConnectorError, Delivery, Draft, Outcome, Services, Words
from connectors.dingtalk.app import group, person
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.content import pack_for_robot
from connectors.dingtalk.app.group import Group
from connectors.dingtalk.app.person import Person
from connectors.dingtalk.app.receipts import failed, refused
from connectors.dingtalk.app.settings import Application, GroupSettings, PersonSettings
from connectors.dingtalk.app.verdict import judge
from connectors.dingtalk.app.wire import Request, Wire
from connectors.dingtalk.robot import content

SESSION = "robot/sendBySession"
_LEAST = timedelta(seconds=30)
"""An address that ends sooner may end on the way."""


class Talk:
    """The robot of one application as somebody who is spoken to."""

    def __init__(self, application: Application, services: Services, *, believes_addresses: bool) -> None:
        """`believes_addresses`: whether the address to answer to, which came with the words, is DingTalk's own."""
        session = services.session()
        waits = application.timeouts
        self._application = application
        self._services = replace(services, session=lambda: session)
        self._wire = Wire(session, (waits.connect.total_seconds(), waits.read.total_seconds()))
        self._believes_addresses = believes_addresses

    def budgets(self, words: Words) -> Sequence[Budget]:
        """Return every quota of the robot's call; an address that came with the words has none of its own."""
        return budgets(self._application, group.PATH if words.in_group else person.PATH)

    def answer(self, words: Words, draft: Draft) -> Delivery:
        """Answer once with what fits one message; what DingTalk takes has no key, so a lost answer stays unknown."""
        draft = pack_for_robot(draft)[0][0]
        if not words.in_group:
            return self._to_person(words.by, draft)
        if self._may_post(words):
            delivery = self._post(words.answer_url, draft)
            if delivery.outcome in {Outcome.DELIVERED, Outcome.UNKNOWN}:
                return delivery
        return self._to_group(words.conversation, draft)

    def _may_post(self, words: Words) -> bool:
        own = words.answer_url.startswith(f"{self._application.oapi}/{SESSION}?")
        until = words.answer_until
        return self._believes_addresses and own and until is not None and until - _LEAST > self._services.now()

    def _post(self, url: str, draft: Draft) -> Delivery:
        """Post a message as a custom robot does.

        https://open.dingtalk.com/document/dingstart/robot-receive-message
        """
        try:
            status, body = self._wire.send(Request("POST", url, msgspec.json.encode(content(draft))))
        except ConnectorError as error:
            return failed(error)
        verdict = judge(status, body, self._services.now(), older=True)
        return Delivery(Outcome.DELIVERED, verdict.code) if verdict.fine else refused(verdict)

    def _to_person(self, user: str, draft: Draft) -> Delivery:
        settings = PersonSettings(kind="person", application=self._application, users=(user,))
        robot = Person(settings, self._services)
        return robot.send(robot.freeze(draft, ""))

    def _to_group(self, conversation: str, draft: Draft) -> Delivery:
        settings = GroupSettings(kind="group", application=self._application, conversation=conversation)
        robot = Group(settings, self._services)
        return robot.send(robot.freeze(draft, ""))
