"""People's to-dos for tickets.

https://open.dingtalk.com/document/development/create-pending-tasks-in-process-center
https://open.dingtalk.com/document/development/update-process-center-task-status
https://open.dingtalk.com/document/development/cancel-multiple-oa-approval-tasks
https://open.dingtalk.com/document/development/query-oa-approval-tasks-integrated-through-process-center
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import Given, rows, text, texts, whole
from connectors.dingtalk.sandbox.approvals.instances import Status
from connectors.dingtalk.sandbox.centre.board import Board
from connectors.dingtalk.sandbox.centre.instances import PERMISSION
from connectors.dingtalk.sandbox.centre.tickets import Ticket, Todo
from connectors.dingtalk.sandbox.state import State

PATH = "/v1.0/workflow/processCentres/tasks"
FLOW = "qyapi_aflow"
MOST_AT_ONCE = 20
LONGEST_URL = 1024
LONGEST_DATA = 500
MOST_ON_PAGE = 40
DAY_S = 86_400.0
YEAR_MS = 365 * 86_400_000
DONE = {"success": True}


class TodoCalls:
    """The calls for to-dos."""

    def __init__(self, state: State, board: Board) -> None:
        """Keep the to-dos in `state`."""
        self._state = state
        self._board = board

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", PATH, self._create, FLOW, writes="taskId", paid=True),
            Endpoint("PUT", PATH, self._update, FLOW, writes="taskId", paid=True),
            Endpoint("POST", f"{PATH}/cancel", self._cancel, PERMISSION, writes="processInstanceId", paid=True),
            Endpoint("GET", "/v1.0/workflow/processCentres/todoTasks", self._waiting, FLOW, paid=True),
        ]

    def _create(self, call: Call) -> Mapping[str, Any]:
        ticket = self._state.centre.tickets.get(text(call.given, "processInstanceId"))
        if ticket is None:
            raise bad("process.inst.notExist", "审批单不存在或已删除")
        if ticket.schema.client_id != call.app.client_id:
            raise bad("setup.no.permission", "没有操作审批流的权限，请检查审批实例是否正确")
        if ticket.status is not Status.RUNNING:
            raise bad("integrated.state.invalid", "流程实例已完结，不能继续创建任务")
        asked = self._asked(call)
        settings, centre = self._state.settings, self._state.centre
        if len(asked) > MOST_AT_ONCE or len(ticket.todos) + len(asked) > settings.centre_todos_of_a_ticket:
            raise bad("integrated.number.exceed", "流程任务的数量到达上限")
        if centre.busy(ticket.id, call.at, settings.centre_busy_s):
            raise bad("integrated.concurrency.error", "不支持并发创建任务和实例，请稍后再试")
        if centre.used_up(call.at, call.at - DAY_S, settings.centre_calls_a_day):
            raise bad("integrated.qps.exceed", "本接口调用次数超过今日上限，请明日再试")
        made = [self._todo(call, row) for row in asked]
        for todo in made:
            self._board.put(ticket, todo)
        return {"result": [{"taskId": todo.id, "userId": todo.user} for todo in made], "success": True}

    def _asked(self, call: Call) -> list[Given]:
        asked = rows(call.given, "tasks")
        if not asked:
            raise bad("tasks.is.null", "参数错误，任务列表tasks不能为空")
        for row in asked:
            if len(text(row, "url")) > LONGEST_URL:
                raise bad("task.url.error", "任务列表tasks中url长度不能超过1024字符")
            due = whole(row, "dueTimestamp")
            if due is not None and due < call.at * 1000:
                raise bad("task.dueTime.error", "任务列表tasks中截止时间dueTimestamp不能小于当前任务创建时间")
            if text(row, "userId") not in self._state.company.users or len(text(row, "customData")) > LONGEST_DATA:
                raise bad("internalError", "参数错误")
        return asked

    def _todo(self, call: Call, row: Given) -> Todo:
        return Todo(
            id=next(self._state.centre.todo_ids),
            user=text(row, "userId"),
            activity=text(call.given, "activityId"),
            url=text(row, "url"),
            custom_data=text(row, "customData"),
            due=whole(row, "dueTimestamp", 0) or 0,
            created=call.at,
        )

    def _update(self, call: Call) -> Mapping[str, Any]:
        asked = rows(call.given, "tasks")
        found = [self._change(call, row) for row in asked]
        if not found or len(found) > MOST_AT_ONCE:
            raise bad("internalError", "任务列表tasks")
        for ticket, todo, result in found:
            if todo.status is not Status.RUNNING:
                continue
            if result:
                self._board.finish(ticket, todo, result)
            else:
                self._board.cancel(ticket, [todo])
        return DONE

    def _change(self, call: Call, row: Given) -> tuple[Ticket, Todo, str]:
        id_, status, result = whole(row, "taskId"), text(row, "status"), text(row, "result")
        if self._state.approvals.of_task(id_ or 0) is not None:
            raise bad("integrated.permission.error", "非流程中心集成审批流，无权操作")
        inside = text(call.given, "processInstanceId")
        own = [one for one in self._state.centre.tickets.values() if inside in {"", one.id}]
        found = [(ticket, todo) for ticket in own for todo in ticket.todos if todo.id == id_]
        if not found:
            raise bad("integrated.state.invalid", "流程实例不存在")
        self._permitted(call, found[0][0])
        if status == "CANCELED":
            return (*found[0], "")
        if status != "COMPLETED" or result not in {"AGREE", "REFUSE"}:
            raise bad("internalError", "status或result不合法")
        return (*found[0], result)

    def _cancel(self, call: Call) -> Mapping[str, Any]:
        id_ = text(call.given, "processInstanceId")
        if id_ in self._state.approvals.instances:
            raise bad("integrated.permission.error", "非流程中心集成审批流，无权操作")
        ticket = self._state.centre.tickets.get(id_)
        if ticket is None:
            raise bad("integrated.state.invalid", "流程实例不存在")
        self._permitted(call, ticket)
        activities = {text(call.given, "activityId"), *texts(call.given, "activityIds")} - {""}
        self._board.cancel(ticket, [todo for todo in ticket.running() if todo.activity in activities])
        return DONE

    def _permitted(self, call: Call, ticket: Ticket) -> None:
        if ticket.schema.client_id != call.app.client_id:
            raise bad("integrated.permission.error", "无操作审批流的权限，请检查审批实例或者模板是否正确")

    def _waiting(self, call: Call) -> Mapping[str, Any]:
        user = text(call.given, "userId")
        if not user:
            raise bad("integrated.params.error", "用户ID不能为空，请检查")
        size, page, now = whole(call.given, "pageSize", 0) or 0, whole(call.given, "pageNumber", 0) or 0, call.at * 1000
        before = whole(call.given, "createBefore", round(now)) or round(now)
        if not 0 < size <= MOST_ON_PAGE or page < 1 or now - before > YEAR_MS:
            raise bad("integrated.params.error", "参数非法，请检查分页参数跟起始时间")
        found = [
            _told(ticket, todo)
            for ticket in self._state.centre.tickets.values()
            for todo in ticket.running()
            if todo.user == user and todo.created * 1000 <= before
        ]
        rest = found[(page - 1) * size :]
        return {"requestId": uuid.uuid4().hex, "taskPage": {"hasMore": len(rest) > size, "list": rest[:size]}}


def _told(ticket: Ticket, todo: Todo) -> Mapping[str, Any]:
    return {
        "taskId": todo.id,
        "activityId": todo.activity,
        "userId": ticket.originator,
        "status": todo.status,
        "createTime": round(todo.created * 1000),
        "processInstanceId": ticket.id,
    }
