"""Who sees what, and who has read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.dingtalk.sandbox import content
from connectors.dingtalk.sandbox.centre.tickets import TODO
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.notices import messages as notices
from connectors.dingtalk.sandbox.notices.tasks import WORK, Fate
from connectors.dingtalk.sandbox.robots.sent import SINGLE, Sending
from connectors.dingtalk.sandbox.shown import Kind, Shown
from connectors.dingtalk.sandbox.state import State


def visible(state: State, shown: Shown, user: str) -> bool:
    """Tell whether a person sees a message of their conversation; without a person, whether anybody does."""
    over = 0 < shown.until <= state.clock.now()
    if over or shown.index in state.log.recalled:
        return False
    return not user or not shown.only or user in shown.only


def message_of(state: State, shown: Shown) -> content.Message:
    """Return a message, card or notice as it is now, as a webhook message."""
    if shown.kind is Kind.NOTICE and (found := state.notices.at_index(shown.index)):
        return notices.shown(found[0].message)
    if shown.kind is Kind.CARD:
        return {"msgtype": "text", "text": {"content": "[Card]"}}
    message: Mapping[str, Any] = msgspec.json.decode(shown.raw)
    return message


def people_of(state: State, conversation: str) -> list[str]:
    """Return the userIds of the employees in a conversation."""
    if conversation.startswith((SINGLE, WORK, TODO)):
        return [conversation.rpartition(":")[2]]
    group = state.company.groups.get(conversation)
    return list(group.members) if group else []


class Reading:
    """Marks as read what a person looked at, and tells the robot's application."""

    def __init__(self, state: State, bus: Bus) -> None:
        """Note the reading of the people of `state`."""
        self._state = state
        self._bus = bus

    def read(self, user: str, conversation: str) -> int:
        """Mark all that a person can see in a conversation; return how many messages that were unread."""
        if user not in people_of(self._state, conversation):
            return 0
        seen = [one for one in self._state.log.tail(conversation) if visible(self._state, one, user)]
        return sum(self._read(user, one) for one in seen)

    def _read(self, user: str, shown: Shown) -> int:
        if sending := self._state.sent.at_index(shown.index):
            return self._read_sending(user, shown.group, sending)
        if found := self._state.notices.at_index(shown.index):
            task = found[0]
            unread = task.fates.get(user) is Fate.UNREAD
            if unread:
                task.fates[user] = Fate.READ
            return int(unread)
        return 0

    def _read_sending(self, user: str, conversation: str, sending: Sending) -> int:
        if user in sending.read:
            return 0
        now = self._state.clock.now()
        sending.read[user] = now
        person = self._state.company.users.get(user)
        app = self._state.apps.of_robot(sending.robot)
        if app is not None:
            data = {
                "userId": user,
                "unionId": person.union if person else "",
                "robotCode": sending.robot,
                "openConversationId": conversation,
                "processQueryKey": sending.key,
                "operatTime": str(round(now * 1000)),
            }
            self._bus.publish("robot_msg_read", data, only=app.client_id)
        return 1
