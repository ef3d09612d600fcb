"""Work notifications: taken at once, delivered later, and only the later question tells to whom.

https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages
https://open.dingtalk.com/document/development/gets-the-result-of-sending-messages-asynchronously-to-the-enterprise
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from connectors.contract import (
    Budget,
    ConnectorError,
    Delivery,
    Draft,
    Finding,
    Format,
    Malformed,
    Members,
    Outcome,
    Reached,
    Recalled,
    Refused,
    Resend,
    Retryable,
    Services,
    Throttled,
)
from connectors.dingtalk.app.allowances import budgets
from connectors.dingtalk.app.calls import Call, Calls, look, texts
from connectors.dingtalk.app.content import carded, pack_small, shown, unmentioned
from connectors.dingtalk.app.probe import probe_work
from connectors.dingtalk.app.receipts import failed, refused, undocumented
from connectors.dingtalk.app.settings import WorkSettings
from connectors.dingtalk.markdown import shorten
from connectors.dingtalk.packing import Part
from connectors.dingtalk.people.readers import DepartmentReaders

PATH = "topapi/message/corpconversation/asyncsend_v2"
RESULT = "topapi/message/corpconversation/getsendresult"
PROGRESS = "topapi/message/corpconversation/getsendprogress"
RECALL = "topapi/message/corpconversation/recall"
MOST_BYTES = 2_048
_DAY = timedelta(hours=24)
_TOO_MANY = "DingTalk did not say whom the notification came to: the departments may hold more than 100 people."
_MOST_LINK = 500
_MOST_TITLE = 64
"""https://open.dingtalk.com/document/development/server-api-error-codes-1, code 34016"""
_CODES = {"143105": Reached.CAPPED, "143205": Reached.CAPPED, "143106": Reached.REPEATED, "143206": Reached.REPEATED}


class Work:
    """Sends work notifications. The same content comes to a person once a day, so the same bytes may be sent again."""

    resend = Resend.IDEMPOTENT  # A-DINGTALK-211
    told_within = _DAY
    recalled_within = _DAY

    def __init__(self, settings: WorkSettings, services: Services) -> None:
        self._settings = settings
        self._agent = int(settings.agent_id)
        self._calls = Calls(settings.application, services)
        self._budgets = budgets(settings.application, PATH)
        self._readers = DepartmentReaders.of(self._calls, settings, services)

    def budgets(self) -> Sequence[Budget]:
        """Return every quota that a notification uses: of the call, of application, organisation and address, of the month."""
        return self._budgets

    @property
    def reader(self) -> str:
        """The one person who is notified; empty where there are more, or a department."""
        users = self._settings.users
        return users[0] if len(users) == 1 and not self._settings.departments else ""

    place = ""

    def audience_budgets(self) -> Sequence[Budget]:
        """Return the quotas of listing a department; none where the settings name people alone."""
        return self._readers.budgets

    def members(self) -> Members:
        """Return the people of the settings and of their departments. Raises the contract's errors."""
        return self._readers.members()

    def probe(self) -> Sequence[Finding]:
        """Ask for a token, and for the progress of a notification that there is not: that tells of agent and permission."""
        return probe_work(self._calls, self._settings.agent_id)

    def pack(self, draft: Draft) -> Sequence[Part]:
        """Split `draft` so that each part's `msg` stays below 2,048 bytes; there are no mentions."""
        return pack_small(draft, MOST_BYTES, lambda part: len(msgspec.json.encode(_message(part, ""))))

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Return the JSON body of one part in UTF-8.

        A mark made of `key` ends the text: without it a second message with the same content would come to nobody.
        """
        body: dict[str, Any] = {"agent_id": self._agent, "to_all_user": False, "msg": _message(draft, key)}
        if self._settings.users:
            body["userid_list"] = ",".join(self._settings.users)
        if self._settings.departments:
            body["dept_id_list"] = ",".join(self._settings.departments)
        return msgspec.json.encode(body)

    def send(self, frozen: bytes) -> Delivery:
        """Post `frozen` once; the delivery's handle is the task_id. Delivered means taken: `told` tells the rest."""
        try:
            verdict = self._calls.ask(Call(PATH, frozen))
        except ConnectorError as error:
            return failed(error)
        if not verdict.fine:
            return refused(verdict)
        task = verdict.said.get("task_id")
        if not isinstance(task, int | str) or not str(task):
            return undocumented(verdict.code)
        named = msgspec.json.decode(frozen).get("userid_list", "")
        people = dict.fromkeys(filter(None, named.split(",")), Reached.TAKEN)
        return Delivery(Outcome.DELIVERED, verdict.code, handle=str(task), people=people)

    def finished(self, handle: str) -> bool:
        """Tell whether DingTalk is done with a notification. Raises the contract's errors.

        https://open.dingtalk.com/document/development/obtain-the-sending-progress-of-asynchronous-sending-of-enterprise-session
        """
        said = self._calls.make(look(PROGRESS, agent_id=self._agent, task_id=int(handle)))
        return _object(said, "progress").get("status") == 2

    def told(self, handle: str) -> Mapping[str, Reached]:
        """Return what became of a notification for each receiver; empty while DingTalk still sends it.

        Raises the contract's errors: Refused where there was no answer and departments are among the receivers, because
        above 100 people there never is one. REPEATED after a resend means that the first one came. A department that
        DingTalk does not know stands as `department` and its id.
        """
        try:
            found = _object(self._calls.make(look(RESULT, agent_id=self._agent, task_id=int(handle))), "send_result")
        except Throttled:
            raise
        except Retryable as error:
            if not self._settings.departments:
                raise
            raise Refused(_TOO_MANY, detail=error.detail) from error
        people: dict[str, Reached] = {}  # A-DINGTALK-215
        for name, reached in _LISTS:
            people |= dict.fromkeys(texts(found, name), reached)
        for row in found.get("forbidden_list") or ():
            people[str(row.get("userid"))] = _CODES.get(str(row.get("code")), Reached.FORBIDDEN)
        return people | {f"department {id_}": Reached.INVALID for id_ in texts(found, "invalid_dept_id_list")}

    def recall(self, handles: Sequence[str]) -> Recalled:
        """Take back notifications within 24 hours, a call each; twice changes nothing more. Raises the contract's errors.

        https://open.dingtalk.com/document/development/notification-of-work-withdrawal
        """
        gone: list[str] = []
        kept: dict[str, str] = {}
        for handle in handles:
            # A-DINGTALK-217
            body = msgspec.json.encode({"agent_id": self._agent, "msg_task_id": int(handle)})
            try:
                self._calls.make(Call(RECALL, body, repeatable=True))
            except Refused as error:
                kept[handle] = str(error)
            else:
                gone.append(handle)
        return Recalled(tuple(gone), kept)


_LISTS = (
    ("unread_user_id_list", Reached.UNREAD),
    ("read_user_id_list", Reached.READ),
    ("failed_user_id_list", Reached.FAILED),
    ("forbidden_user_id_list", Reached.FORBIDDEN),
    ("invalid_user_id_list", Reached.INVALID),
)


def _object(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    if not isinstance(found, dict):
        raise Malformed(f"DingTalk's answer has no `{name}`.", body=msgspec.json.encode(said))
    return found


def _message(draft: Draft, key: str) -> dict[str, Any]:
    seen = shown(carded(unmentioned(draft), _MOST_LINK))
    title = shorten(seen.title, _MOST_TITLE)
    mark = f"‹{hashlib.sha256(key.encode()).hexdigest()[:8]}›"
    match seen.format:
        case Format.TEXT:
            return {"msgtype": "text", "text": {"content": f"{seen.text}\n{mark}"}}
        case Format.MARKDOWN:
            return {"msgtype": "markdown", "markdown": {"title": title, "text": f"{seen.text}\n\n{mark}"}}
        case Format.ACTION_CARD:
            card = {
                "title": title,
                "markdown": f"{seen.text}\n\n{mark}",
                "single_title": seen.button,
                "single_url": seen.url,
            }
            return {"msgtype": "action_card", "action_card": card}
