"""Sending work notices, asking what became of them, recalling and changing them.

https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.api.answers import OldRefusal
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import Given, listed, part, text, truth, whole
from connectors.dingtalk.sandbox.notices import messages
from connectors.dingtalk.sandbox.notices.tasks import Fate, Task, work_chat
from connectors.dingtalk.sandbox.shown import Kind, Shown
from connectors.dingtalk.sandbox.state import State

PATH = "/topapi/message/corpconversation"
MOST_BYTES = 2048
MOST_PEOPLE = 100
MOST_DEPARTMENTS = 20
MOST_WITH_STATUS_BAR = 5
MOST_IN_RESULT = 100


class NoticeCalls:
    """The five calls for work notices."""

    def __init__(self, state: State) -> None:
        """Send to the people of `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", f"{PATH}/asyncsend_v2", self._send, writes="task_id", paid=True),
            Endpoint("POST", f"{PATH}/getsendprogress", self._progress, paid=True),
            Endpoint("POST", f"{PATH}/getsendresult", self._result, paid=True),
            Endpoint("POST", f"{PATH}/recall", self._recall, writes="msg_task_id", paid=True),
            Endpoint("POST", f"{PATH}/status_bar/update", self._status_bar, writes="task_id", paid=True),
        ]

    def _send(self, call: Call) -> Mapping[str, Any]:
        self._own_agent(call)
        message = _message(call.given)
        people, departments = listed(call.given, "userid_list"), listed(call.given, "dept_id_list")
        if len(people) > MOST_PEOPLE or len(departments) > MOST_DEPARTMENTS:
            raise OldRefusal(40035, "不合法的参数")
        everybody = truth(call.given, "to_all_user")
        if not (people or departments or everybody):
            raise OldRefusal(41052, "缺少接收者")
        _status_bar_fits(message, len(people), others=everybody or bool(departments))
        task = self._state.notices.begin(call.app.agent_id, call.at, message)
        task.to_all = everybody
        known = self._receivers(task, people, departments, everybody=everybody)
        body = msgspec.json.encode(messages.shown(message))
        for user in known:
            # the call succeeds whatever becomes of it
            if self._state.notices.judge(task, user, self._state.settings) is Fate.UNREAD:
                self._show(task, user, call.at, body)
        return {"task_id": task.id}

    def _receivers(self, task: Task, people: list[str], departments: list[str], *, everybody: bool) -> list[str]:
        company = self._state.company
        found = [id_ for id_ in people if id_ in company.users]
        task.invalid_users = [id_ for id_ in people if id_ not in company.users]
        task.invalid_departments = [
            int(id_) for id_ in departments if id_.isdigit() and int(id_) not in company.departments
        ]
        below: set[int] = set()
        for id_ in departments:
            if id_.isdigit() and int(id_) in company.departments:
                below |= company.under(int(id_))
        found += [user.id for user in company.users.values() if everybody or below & set(user.departments)]
        return list(dict.fromkeys(found))

    def _show(self, task: Task, user: str, at: float, body: bytes) -> None:
        conversation = work_chat(task.agent_id, user)
        shown = self._state.show(
            Shown(0, conversation, str(task.agent_id), at, body, kind=Kind.NOTICE, key=str(task.id))
        )
        self._state.notices.note(task, user, shown.index)

    def _progress(self, call: Call) -> Mapping[str, Any]:
        done = self._settled(call, self._task(call, "task_id"))
        return {"progress": {"progress_in_percent": 100 if done else 50, "status": 2 if done else 1}}

    def _result(self, call: Call) -> Mapping[str, Any]:
        task = self._task(call, "task_id")
        if call.at - task.at > self._state.settings.notice_result_kept_s or len(task.fates) > MOST_IN_RESULT:
            raise OldRefusal(-1, "系统繁忙")
        done = self._settled(call, task)
        forbidden = [
            {"code": str(task.codes[user]), "count": 1, "userid": user} for user in task.with_fate(Fate.FORBIDDEN)
        ]
        empty: list[str] = []
        return {
            "send_result": {
                "invalid_user_id_list": list(task.invalid_users),
                "invalid_dept_id_list": list(task.invalid_departments),
                "forbidden_user_id_list": [row["userid"] for row in forbidden] if done else empty,
                "failed_user_id_list": task.with_fate(Fate.FAILED) if done else empty,
                "read_user_id_list": task.with_fate(Fate.READ) if done else empty,
                "unread_user_id_list": task.with_fate(Fate.UNREAD) if done else empty,
                "forbidden_list": forbidden if done else empty,
            }
        }

    def _settled(self, call: Call, task: Task) -> bool:
        return call.at - task.at >= self._state.settings.notice_settle_s

    def _recall(self, call: Call) -> Mapping[str, Any]:
        task = self._task(call, "msg_task_id")
        if call.at - task.at > self._state.settings.recall_window_s:
            raise OldRefusal(400002, "无效的参数")
        task.recalled = True
        for index in task.shown.values():
            self._state.recall(index)
        return {}

    def _status_bar(self, call: Call) -> Mapping[str, Any]:
        task = self._task(call, "task_id")
        value = text(call.given, "status_value")
        if not value:
            raise OldRefusal(41052, "缺少status_value")
        inside = task.message.get("oa")
        if not isinstance(inside, dict) or "status_bar" not in inside:
            raise OldRefusal(40035, "不合法的参数")
        bar = {"status_value": value, "status_bg": text(call.given, "status_bg")}
        task.message = {**task.message, "oa": {**inside, "status_bar": bar}}
        return {}

    def _task(self, call: Call, name: str) -> Task:
        self._own_agent(call)
        task = self._state.notices.tasks.get(whole(call.given, name, 0) or 0)
        if task is None or task.agent_id != call.app.agent_id:
            raise OldRefusal(400002, "无效的参数")
        return task

    def _own_agent(self, call: Call) -> None:
        if whole(call.given, "agent_id") != call.app.agent_id:
            raise OldRefusal(40056, "不合法的agentid")


def _message(given: Given) -> dict[str, Any]:
    raw = given.get("msg")
    if isinstance(raw, str):
        try:
            raw = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            raw = None
    if not isinstance(raw, dict):
        raise OldRefusal(40035, "不合法的参数")
    if len(msgspec.json.encode(raw)) > MOST_BYTES:
        raise OldRefusal(34016, "消息内容太长")
    return messages.checked(raw)


def _status_bar_fits(message: Given, people: int, *, others: bool) -> None:
    if "status_bar" in part(message, "oa") and (others or people > MOST_WITH_STATUS_BAR):
        raise OldRefusal(40035, "不合法的参数:status_bar")
