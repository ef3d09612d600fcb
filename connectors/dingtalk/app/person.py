"""The application's robot in chats with single people.

https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from connectors.contract import (
    Budget,
    ConnectorError,
    Delivery,
    Draft,
    Finding,
    Malformed,
    Members,
    Outcome,
    Reached,
    Recalled,
    Resend,
    Services,
)
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.calls import Call, Calls, texts
from connectors.dingtalk.app.codes import FLOW_SENTENCE, FLOW_WAIT
from connectors.dingtalk.app.content import pack_for_robot, robot_message, unmentioned
from connectors.dingtalk.app.probe import probe_robot
from connectors.dingtalk.app.receipts import failed, named, refused, undocumented
from connectors.dingtalk.app.robot import RECALLED_WITHIN, batches, recall
from connectors.dingtalk.app.settings import MOST_USERS, PersonSettings
from connectors.dingtalk.packing import Part
from connectors.dingtalk.people.readers import NamedReaders

PATH = "v1.0/robot/oToMessages/batchSend"


class Person:
    """Writes to a few people, each in a chat of their own. DingTalk takes no key: what is sent again appears again."""

    resend = Resend.DUPLICATES
    recalled_within = RECALLED_WITHIN

    def __init__(self, settings: PersonSettings, services: Services) -> None:
        self._settings = settings
        self._calls = Calls(settings.application, services)
        self._budgets = budgets(settings.application, PATH)
        self._readers = NamedReaders(settings.users, services.now)

    def budgets(self) -> Sequence[Budget]:
        """Return every quota that a message uses: of the call, of application, organisation and address, of the month."""
        return self._budgets

    @property
    def reader(self) -> str:
        """The one person who is written to; empty where there are more."""
        return self._settings.users[0] if len(self._settings.users) == 1 else ""

    place = ""

    def audience_budgets(self) -> Sequence[Budget]:
        """Return nothing: whom the settings name is known."""
        return self._readers.budgets

    def members(self) -> Members:
        """Return the people of the settings."""
        return self._readers.members()

    def probe(self) -> Sequence[Finding]:
        """Ask for a token, and for the readers of a message that there is not: that tells of robot and permission."""
        return probe_robot(self._calls)

    def pack(self, draft: Draft) -> Sequence[Part]:
        """Split `draft` so that each part's msgParam stays below 15,000 bytes; there are no mentions."""
        return pack_for_robot(draft)

    def freeze(self, draft: Draft, key: str) -> bytes:  # noqa: ARG002 - these calls have no place for a key
        """Return the JSON body of one part in UTF-8 for the people of the settings; `key` is not in it."""
        return self._body(draft, self._settings.users)

    def freeze_for(self, draft: Draft, users: Sequence[str]) -> tuple[bytes, ...]:
        """Return the bodies of one part for any number of people, 20 a body."""
        return tuple(self._body(draft, some) for some in batches(users, MOST_USERS))

    def send(self, frozen: bytes) -> Delivery:
        """Post `frozen` once. Delivered means that DingTalk took it for each of the people.

        Where it took it for some, that is `PARTLY`; those whom flow control stopped may get `rest`.
        """
        try:
            verdict = self._calls.ask(Call(PATH, frozen))
        except ConnectorError as error:
            return failed(error)
        if not verdict.fine:
            return refused(verdict)
        try:
            return _told(frozen, verdict.said)
        except Malformed:
            return undocumented(verdict.code)

    def recall(self, handles: Sequence[str]) -> Recalled:
        """Take back messages by their handles, within 24 hours. Raises the contract's errors."""
        return recall(self._calls, "v1.0/robot/otoMessages/batchRecall", handles)

    def read_by(self, handle: str) -> Mapping[str, Reached]:
        """Return READ or UNREAD for each person, within 24 hours. Raises the contract's errors.

        https://open.dingtalk.com/document/development/chatbot-batch-query-the-read-status-of-messages
        """
        query = {"robotCode": self._calls.application.robot, "processQueryKey": handle}
        said = self._calls.make(Call("v1.0/robot/oToMessages/readStatus", method="GET", query=query, repeatable=True))
        rows = said.get("messageReadInfoList") or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Malformed("DingTalk's answer does not list who has read it.", body=msgspec.json.encode(said))
        return {
            str(row.get("userId")): Reached.READ if row.get("readStatus") == "READ" else Reached.UNREAD for row in rows
        }

    def _body(self, draft: Draft, users: Sequence[str]) -> bytes:
        sample, param = robot_message(unmentioned(draft))
        robot = self._settings.application.robot
        return msgspec.json.encode({"robotCode": robot, "userIds": users, "msgKey": sample, "msgParam": param})


def _told(frozen: bytes, said: Mapping[str, Any]) -> Delivery:
    """Read who got it: unknown and throttled people stand in lists beside a success."""
    body = msgspec.json.decode(frozen)
    people = dict.fromkeys(body["userIds"], Reached.TAKEN)
    people |= dict.fromkeys(texts(said, "invalidStaffIdList"), Reached.INVALID)
    people |= dict.fromkeys(texts(said, "flowControlledStaffIdList"), Reached.THROTTLED)
    late = [user for user in body["userIds"] if people[user] is Reached.THROTTLED]
    handle = str(said.get("processQueryKey") or "")
    if Reached.TAKEN not in people.values():
        if late:
            # A-DINGTALK-216: it stops these people alone, and neither the robot nor its other chats
            return Delivery(Outcome.RETRY, "flowControlled", FLOW_SENTENCE, FLOW_WAIT, people=people)
        return Delivery(Outcome.REFUSED, "nobody", _missed(people), people=people)
    if not handle:
        return undocumented("0")
    if all(reached is Reached.TAKEN for reached in people.values()):
        return Delivery(Outcome.DELIVERED, "0", handle=handle, people=people)
    rest = msgspec.json.encode({**body, "userIds": late}) if late else b""
    after = FLOW_WAIT if late else None
    return Delivery(Outcome.PARTLY, "partly", _missed(people), after, handle=handle, people=people, rest=rest)


def _missed(people: Mapping[str, Reached]) -> str:
    unknown = [user for user, reached in people.items() if reached is Reached.INVALID]
    late = [user for user, reached in people.items() if reached is Reached.THROTTLED]
    told = [f"DingTalk took the message for {len(people) - len(unknown) - len(late)} of {len(people)} people."]
    if unknown:
        told.append(f"It does not know {named(unknown)}: correct the user ids.")
    if late:
        told.append(f"Its flow control kept it from {named(late)}: it goes to them later.")
    return " ".join(told)
