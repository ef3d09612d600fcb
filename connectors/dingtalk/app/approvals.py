"""OA approvals: started once, looked up where the start got no answer, withdrawn.

https://open.dingtalk.com/document/development/create-an-approval-instance
https://open.dingtalk.com/document/development/obtain-an-approval-list-of-instance-ids
https://open.dingtalk.com/document/development/obtains-the-details-of-a-single-approval-instance-pop
https://open.dingtalk.com/document/development/revoke-an-approval-instance
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connectors.contract import Malformed, Refused, Retryable, Unknown
from connectors.dingtalk.app.calls import Call, Calls, look, texts
from connectors.dingtalk.app.settings import MOST_APPROVERS

CREATE = "v1.0/workflow/processInstances"
LIST = "v1.0/workflow/processes/instanceIds/query"
TERMINATE = "v1.0/workflow/processInstances/terminate"
_LISTED_AT_ONCE = 20
_MOST_PAGES = 50
_SKEW = timedelta(minutes=5)
"""How far DingTalk's clock and ours may be apart."""
_YOUNG = timedelta(seconds=15)
_STILL = timedelta(minutes=2)
"""From when on a start without an answer that is not listed is taken as not begun. A-DINGTALK-214"""
_MOST_REMARK = 1_024
_ENDED = frozenset({"TERMINATED", "COMPLETED", "CANCELED"})


@dataclass(frozen=True, slots=True)
class Request:
    """An approval to start.

    `form` are the template's fields by their labels, each value as text; one of them, `marker`, must hold a value that
    no other approval has (our number of it), because DingTalk takes no key. Without `approvers` the template decides.
    """

    process: str
    originator: str
    marker: str
    form: Mapping[str, str]
    department: str = "-1"
    approvers: tuple[str, ...] = ()
    every: bool = False
    """Whether all approvers must agree, instead of one."""


@dataclass(frozen=True, slots=True)
class Task:
    """One person's part in an approval, in DingTalk's words."""

    id: str
    user: str
    status: str
    result: str


@dataclass(frozen=True, slots=True)
class Instance:
    """An approval as it stands. `status` and `result` are DingTalk's words, `result` empty until it ends."""

    id: str
    number: str
    status: str
    result: str
    originator: str
    tasks: tuple[Task, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)


class Approvals:
    """Starts, finds and withdraws approvals as one application."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create(self, request: Request) -> str:
        """Start an approval and return its instanceId.

        Never called again for the same request after `Unknown`: `find` tells whether it was started. Raises the
        contract's errors, `Refused` for a form without its marker.
        """
        if not request.form.get(request.marker):
            raise Refused("The approval's form has no value that tells it from others: fill the marker's field.")
        if len(request.approvers) > MOST_APPROVERS:
            raise Refused("An approval has at most 20 approvers: name fewer, or leave them to the template.")
        said = self._calls.make(Call(CREATE, _body(request)))
        instance = said.get("instanceId")
        if not isinstance(instance, str) or not instance:
            raise Unknown("DingTalk's answer has no instanceId: the approval may have been started.")
        return instance

    def find(self, request: Request, tried_at: datetime, now: datetime) -> str | None:
        """Return the instance of a request that was tried at `tried_at` and got no answer; None: it was not started.

        Raises Retryable as long as it may still appear in DingTalk's list, and the contract's errors. Both times are
        aware; DingTalk lists what is at most 120 days old.
        """
        for instance_id in self._listed(request, tried_at - _SKEW, now + _SKEW):
            # A-DINGTALK-220
            if self.read(instance_id).form.get(request.marker) == request.form[request.marker]:
                return instance_id
        if now - tried_at < _STILL:
            raise Retryable("The approval is not listed yet: it is looked for again.", after=_STILL - (now - tried_at))
        return None

    def read(self, instance_id: str) -> Instance:
        """Return an approval as it stands. Raises the contract's errors."""
        query = {"processInstanceId": instance_id}
        said = self._calls.make(Call(CREATE, method="GET", query=query, repeatable=True))
        found = said.get("result")
        if not isinstance(found, dict) or "status" not in found:
            raise Malformed("DingTalk's answer is no approval.", body=msgspec.json.encode(said))
        return Instance(
            instance_id,
            str(found.get("businessId") or ""),
            str(found["status"]),
            str(found.get("result") or "") if found["status"] == "COMPLETED" else "",
            str(found.get("originatorUserId") or ""),
            tuple(_task(row) for row in _rows(found, "tasks")),
            {str(row.get("name")): str(row.get("value") or "") for row in _rows(found, "formComponentValues")},
        )

    def terminate(self, instance_id: str, created_at: datetime, now: datetime, remark: str = "") -> None:
        """Withdraw an approval; one that has ended stays as it is.

        Raises Retryable within 15 seconds of `created_at` (both times aware), and the contract's errors.
        """
        if now - created_at < _YOUNG:
            raise Retryable(
                "An approval cannot be withdrawn in its first 15 seconds.", after=_YOUNG - (now - created_at)
            )
        body = {"processInstanceId": instance_id, "isSystem": True, "remark": remark[:_MOST_REMARK]}
        refusal = self._terminated(Call(TERMINATE, msgspec.json.encode(body), repeatable=True))
        if refusal and self.read(instance_id).status not in _ENDED:
            raise refusal

    def _terminated(self, call: Call) -> Refused | None:
        try:
            said = self._calls.make(call)
        except Refused as refusal:
            return refusal
        if said.get("result") is False:
            return Refused("DingTalk did not withdraw the approval: look at it in DingTalk.")
        return None

    def _listed(self, request: Request, since: datetime, until: datetime) -> Iterator[str]:
        token = 0
        for _ in range(_MOST_PAGES):
            said = self._calls.make(
                look(
                    LIST,
                    processCode=request.process,
                    startTime=_ms(since),
                    endTime=_ms(until),
                    nextToken=token,
                    maxResults=_LISTED_AT_ONCE,
                    userIds=[request.originator],
                )
            )
            result = said.get("result")
            if not isinstance(result, dict):
                raise Malformed("DingTalk's answer lists no approvals.", body=msgspec.json.encode(said))
            yield from texts(result, "list")
            following = str(result.get("nextToken") or "")
            if not following.isdigit():
                return
            token = int(following)
        raise Unknown("There are too many approvals to look through: look for it in DingTalk.")


def _body(request: Request) -> bytes:
    body: dict[str, Any] = {
        "processCode": request.process,
        "originatorUserId": request.originator,
        "deptId": int(request.department),
        "formComponentValues": [{"name": name, "value": value} for name, value in request.form.items()],
    }
    if request.approvers:
        alone = len(request.approvers) == 1
        action = "NONE" if alone else "AND" if request.every else "OR"
        body["approvers"] = [{"actionType": action, "userIds": request.approvers}]
    return msgspec.json.encode(body)


def _rows(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = found.get(name) or []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _task(row: Mapping[str, Any]) -> Task:
    return Task(*(str(row.get(name) or "") for name in ("taskId", "userId", "status", "result")))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
