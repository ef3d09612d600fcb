"""Tickets: approvals whose flow another system owns.

https://open.dingtalk.com/document/development/create-a-ticket-approval-instance
https://open.dingtalk.com/document/development/update-instance-status
https://open.dingtalk.com/document/development/self-owned-batch-update-of-instance-status
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import Given, rows, text
from connectors.dingtalk.sandbox.approvals.instances import Status
from connectors.dingtalk.sandbox.centre.board import Board
from connectors.dingtalk.sandbox.centre.tickets import Schema, Ticket
from connectors.dingtalk.sandbox.state import State

PATH = "/v1.0/workflow/processCentres/instances"
PERMISSION = "Workflow.Instance.Write"
LONGEST_TITLE = 64
LONGEST_URL = 1024
LONGEST_DATA = 1024
LONGEST_VALUE = 65_535
MOST_FIELDS = 100
MOST_NOTIFIED = 20
MOST_NOTIFIED_AT_END = 30
MOST_IN_BATCH = 50
ENDS = {"COMPLETED": Status.COMPLETED, "TERMINATED": Status.TERMINATED}


class TicketCalls:
    """The calls that begin and end tickets."""

    def __init__(self, state: State, board: Board) -> None:
        """Keep the tickets in `state`."""
        self._state = state
        self._board = board

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", PATH, self._create, PERMISSION, writes="processInstanceId", paid=True),
            Endpoint("PUT", PATH, self._update, PERMISSION, writes="processInstanceId", paid=True),
            Endpoint("PUT", f"{PATH}/batch", self._update_many, PERMISSION, writes="processInstanceId", paid=True),
        ]

    def _create(self, call: Call) -> Mapping[str, Any]:
        schema = self._schema(call)
        originator = text(call.given, "originatorUserId")
        copies = [text(row, "userid") for row in rows(call.given, "notifiers")]
        if any(id_ not in self._state.company.users for id_ in (originator, *copies)):
            raise bad("userNotExist", "用户不存在")
        title, url = text(call.given, "title"), text(call.given, "url")
        too_long = len(title) > LONGEST_TITLE or len(text(call.given, "bizData")) > LONGEST_DATA
        if not url or len(url) > LONGEST_URL or len(copies) > MOST_NOTIFIED or too_long:
            raise bad("parameter.invalid", "参数错误")
        values = _values(call.given, schema)
        # A-DINGTALK-138: the page forbids to create at the same time, not for what and for how long
        if self._state.centre.busy(schema.code, call.at, self._state.settings.centre_busy_s):
            raise bad("integrated.concurrency.error", "不支持并发创建任务和实例，请稍后再试")
        title = title or f"{self._state.company.users[originator].name}提交的{schema.name}"
        ticket = Ticket(str(uuid.uuid4()), schema, title, originator, url, call.at, values, copies)
        self._board.open(ticket)
        return {"result": {"processInstanceId": ticket.id}}

    def _schema(self, call: Call) -> Schema:
        code = text(call.given, "processCode")
        schema = self._state.centre.schemas.get(code)
        if schema is None:
            raise bad("process.error", "审批流不存在")
        if schema.client_id != call.app.client_id:
            raise bad("permission.error", "没有审批流操作权限")
        if code in self._state.settings.centre_blacklist:
            raise bad("processCode.in.blackList", "当前模板code已被加入黑名单，无法发起审批实例。")
        return schema

    def _update(self, call: Call) -> Mapping[str, Any]:
        self._end(*self._checked(call, call.given))
        return {"success": True}

    def _update_many(self, call: Call) -> Mapping[str, Any]:
        asked = rows(call.given, "updateProcessInstanceRequests")
        if len(asked) > MOST_IN_BATCH:
            raise bad("updateOverSize", "更新审批单数量超出限制")
        for ticket, status, result in [self._checked(call, row) for row in asked]:
            self._end(ticket, status, result)
        return {"success": True}

    def _checked(self, call: Call, given: Given) -> tuple[Ticket, Status, str]:
        ticket = self._state.centre.tickets.get(text(given, "processInstanceId"))
        if ticket is None:
            raise bad("process.inst.notExist", "审批单不存在或已删除")
        if ticket.schema.client_id != call.app.client_id:
            raise bad("needAuth", "没有发起审批的权限")
        if len(rows(given, "notifiers")) > MOST_NOTIFIED_AT_END:
            raise bad("noticerOverLimit", "抄送人数量超过限制")
        status, result = ENDS.get(text(given, "status")), text(given, "result")
        if status is None or result not in {"agree", "refuse"}:
            raise bad("internalError", "status或result不合法")
        return ticket, status, result

    def _end(self, ticket: Ticket, status: Status, result: str) -> None:
        # A-DINGTALK-139: that an ended ticket is ended again is neither refused nor described
        if ticket.status is Status.RUNNING:
            self._board.end(ticket, status, result)


def _values(given: Given, schema: Schema) -> list[Given]:
    values = rows(given, "formComponentValueList")
    if len(values) > MOST_FIELDS:
        raise bad("parameter.invalid", "参数错误")
    known = {one.name for one in schema.components}
    for value in values:
        told = value.get("value")
        if text(value, "name") not in known or not isinstance(told, str) or len(told) > LONGEST_VALUE:
            raise bad("formConverterError", "表单数据反向转换出错")
    named = {value.get("name") for value in values}
    missing = [one.name for one in schema.components if one.required and one.name not in named]
    if missing:
        raise bad("required.error", ",".join(missing))
    return values
