"""The application's robot in one group.

https://open.dingtalk.com/document/development/the-robot-sends-a-group-message
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from connectors.contract import (
    Budget,
    ConnectorError,
    Delivery,
    Draft,
    Finding,
    Members,
    Outcome,
    Recalled,
    Resend,
    Services,
    Unlisted,
)
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.calls import Call, Calls, look, texts
from connectors.dingtalk.app.content import pack_for_robot, robot_message, unmentioned
from connectors.dingtalk.app.probe import probe_group
from connectors.dingtalk.app.receipts import failed, refused, undocumented
from connectors.dingtalk.app.robot import RECALLED_WITHIN, recall
from connectors.dingtalk.app.settings import GroupSettings
from connectors.dingtalk.packing import Part
from connectors.dingtalk.people.readers import GroupReaders

PATH = "v1.0/robot/groupMessages/send"
_READ_AT_ONCE = 200
_MOST_PAGES = 100


class Group:
    """Sends into one group. DingTalk takes no key for these messages: one that is sent again appears again."""

    resend = Resend.DUPLICATES
    recalled_within = RECALLED_WITHIN

    def __init__(self, settings: GroupSettings, services: Services) -> None:
        self._settings = settings
        self._calls = Calls(settings.application, services)
        self._budgets = budgets(settings.application, PATH)
        self._readers = GroupReaders.of(self._calls, settings, services)

    def budgets(self) -> Sequence[Budget]:
        """Return every quota that a message uses: of the call, of application, organisation and address, of the month."""
        return self._budgets

    @property
    def place(self) -> str:
        """The group's openConversationId."""
        return self._settings.conversation

    def audience_budgets(self) -> Sequence[Budget]:
        """Return the quotas of listing the group's members."""
        return self._readers.budgets

    def members(self) -> Members | Unlisted:
        """Return who is in the group, or why nobody can say. Raises the contract's errors for what passes."""
        return self._readers.members()

    def probe(self) -> Sequence[Finding]:
        """Ask for a token, and who has read a message that there is not: that tells of robot, group and permission."""
        return probe_group(self._calls, self._settings.conversation)

    def pack(self, draft: Draft) -> Sequence[Part]:
        """Split `draft` so that each part's msgParam stays below 15,000 bytes; there are no mentions."""
        return pack_for_robot(draft)

    def freeze(self, draft: Draft, key: str) -> bytes:  # noqa: ARG002 - these calls have no place for a key
        """Return the JSON body of one part in UTF-8; `key` is not in it, because DingTalk takes none."""
        sample, param = robot_message(unmentioned(draft))
        body = {
            "robotCode": self._settings.application.robot,
            "openConversationId": self._settings.conversation,
            "msgKey": sample,
            "msgParam": param,
        }
        if self._settings.cool_app:
            body["coolAppCode"] = self._settings.cool_app
        return msgspec.json.encode(body)

    def send(self, frozen: bytes) -> Delivery:
        """Post `frozen` once; the delivery's handle is the processQueryKey."""
        try:
            verdict = self._calls.ask(Call(PATH, frozen))
        except ConnectorError as error:
            return failed(error)
        if not verdict.fine:
            return refused(verdict)
        handle = verdict.said.get("processQueryKey")
        if not isinstance(handle, str) or not handle:
            return undocumented(verdict.code)
        return Delivery(Outcome.DELIVERED, verdict.code, handle=handle)

    def recall(self, handles: Sequence[str]) -> Recalled:
        """Take back messages by their handles, within 24 hours. Raises the contract's errors."""
        return recall(
            self._calls, "v1.0/robot/groupMessages/recall", handles, openConversationId=self._settings.conversation
        )

    def readers(self, handle: str) -> tuple[str, ...]:
        """Return the user ids of who has read a message. Raises the contract's errors.

        https://open.dingtalk.com/document/development/chatbot-queries-the-read-status-of-a-message
        """
        found: list[str] = []
        where = {
            "openConversationId": self._settings.conversation,
            "robotCode": self._settings.application.robot,
            "processQueryKey": handle,
        }
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            said = self._calls.make(look("v1.0/robot/groupMessages/query", **where, maxResults=_READ_AT_ONCE, **after))
            found += texts(said, "readUserIds")
            if not said.get("hasMore") or not said.get("nextToken"):
                break
            after = {"nextToken": str(said["nextToken"])}
        return tuple(dict.fromkeys(found))
