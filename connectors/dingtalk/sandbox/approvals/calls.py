"""Starting approvals, reading and listing them.

https://open.dingtalk.com/document/development/create-an-approval-instance
https://open.dingtalk.com/document/development/obtain-an-approval-list-of-instance-ids
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import Given, rows, text, texts, whole
from connectors.dingtalk.sandbox.approvals.flow import Flow
from connectors.dingtalk.sandbox.approvals.instances import Instance, Process, Record, Step, Task, Way
from connectors.dingtalk.sandbox.company import APPROVALS_ROOT
from connectors.dingtalk.sandbox.directory import ROOT
from connectors.dingtalk.sandbox.state import State

READ, WRITE = "Workflow.Instance.Read", "Workflow.Instance.Write"
PATH = "/v1.0/workflow/processInstances"
DAY_MS = 86_400_000
LONGEST_SPAN_MS = 120 * DAY_MS
OLDEST_MS = 365 * DAY_MS
MOST_ON_PAGE = 20
MOST_ORIGINATORS = 10
MOST_STEPS = 20
MOST_COPIES = 50
MOST_FIELDS = 150
LONGEST_VALUE = 65_535


class ApprovalCalls:
    """The calls around an instance's beginning, and for finding it again."""

    def __init__(self, state: State, flow: Flow) -> None:
        """Start instances in `state`."""
        self._state = state
        self._flow = flow

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", PATH, self._create, WRITE, writes="instanceId", paid=True),
            Endpoint("GET", PATH, self._get, READ, paid=True),
            Endpoint("POST", "/v1.0/workflow/processes/instanceIds/query", self._list, READ, paid=True),
        ]

    def _create(self, call: Call) -> Mapping[str, Any]:
        process = self._state.approvals.processes.get(text(call.given, "processCode"))
        if process is None:
            raise bad("processCodeError", "获取审批模板失败或者模板已被删除")
        person = self._state.company.users.get(text(call.given, "originatorUserId"))
        if person is None:
            raise bad("invalidParameter", "发起审批参数错误")
        copies = texts(call.given, "ccList")
        flow = self._flow_of(call.given, process)
        department = whole(call.given, "deptId", APPROVALS_ROOT) or APPROVALS_ROOT
        if not self._state.company.has_department(department):
            raise bad("processInstanceInvalidParameter", "审批实例参数错误")
        users = self._state.company.users
        if len(copies) > MOST_COPIES or any(id_ not in users for id_ in (*copies, *(u for s in flow for u in s.users))):
            raise bad("processInstanceInvalidParameter", "审批实例参数错误")
        instance = Instance(
            id=str(uuid.uuid4()),
            process=process,
            client_id=call.app.client_id,
            title=f"{person.name}提交的{process.name}",
            originator=person.id,
            department=ROOT if department == APPROVALS_ROOT else department,
            created=call.at,
            values=_values(call.given, process),
            flow=flow,
            copies=copies,
        )
        return {"instanceId": self._flow.start(instance)}

    def _flow_of(self, given: Given, process: Process) -> tuple[Step, ...]:
        named = rows(given, "approvers")
        if not named:
            if not process.flow or whole(given, "deptId") is None:
                raise bad("processInstanceInvalidParameter", "审批实例参数错误")
            chosen = {
                text(row, "actionerKey"): texts(row, "actionerUserIds") for row in rows(given, "targetSelectActioners")
            }
            return tuple(_chosen(step, chosen) for step in process.flow)
        steps = tuple(Step(_way(row), tuple(texts(row, "userIds"))) for row in named)
        if len(steps) > MOST_STEPS or any(not step.users for step in steps):
            raise bad("processInstanceInvalidParameter", "审批实例参数错误")
        return steps

    def _get(self, call: Call) -> Mapping[str, Any]:
        id_ = text(call.given, "processInstanceId")
        instance = self._state.approvals.instances.get(id_)
        if instance is None:
            raise bad("processInstanceNotExist" if id_ else "processInstanceIdError", "审批实例不存在")
        # A-DINGTALK-126: `success` is a text on this page, true everywhere else
        success = "true" if self._state.app_switches.approval_success == "text" else True
        return {"result": self._told(instance), "success": success}

    def _told(self, one: Instance) -> Mapping[str, Any]:
        department = self._state.company.departments.get(one.department)
        told = {
            "title": one.title,
            "status": one.status,
            "businessId": one.business_id,
            "originatorUserId": one.originator,
            "originatorDeptId": str(-1 if one.department == ROOT else one.department),
            "originatorDeptName": department.name if department else "",
            "approverUserIds": [user for step in one.flow for user in step.users],
            "ccUserIds": list(one.copies),
            "bizAction": "NONE",
            "createTime": _minute(one.created),
            "tasks": [_task(one, task) for task in one.tasks],
            "operationRecords": [_record(record) for record in one.records],
            "formComponentValues": [_value(one.process, value) for value in one.values],
        }
        return told | ({"finishTime": _minute(one.finished), "result": one.result} if one.finished else {})

    def _list(self, call: Call) -> Mapping[str, Any]:
        code = text(call.given, "processCode")
        if not code:
            raise bad("invalidProcessCode", "审批模板processCode不能为空")
        start, end = self._span(call)
        size, token = whole(call.given, "maxResults"), whole(call.given, "nextToken")
        if token is None or token < 0:
            raise bad("invalidNextToken", "分页查询的游标不能为空")
        if size is None or not 0 < size <= MOST_ON_PAGE:
            raise bad("invalidMaxResults", "每页大小，最多传20")
        people = texts(call.given, "userIds")
        if len(people) > MOST_ORIGINATORS:
            raise bad("invalidUserIds", "最大列表长度为10")
        statuses = texts(call.given, "statuses")
        # A-DINGTALK-127: how soon a new instance is listed is on no page
        until = min(end, (call.at - self._state.settings.approval_listed_after_s) * 1000)
        found = [
            one.id
            for one in self._state.approvals.instances.values()
            if one.process.code == code
            and start <= one.created * 1000 <= until
            and (not people or one.originator in people)
            and (not statuses or one.status in statuses)
        ]
        page: dict[str, Any] = {"list": found[token : token + size]}
        if token + size < len(found):
            page["nextToken"] = str(token + size)
        return {"result": page, "success": True}

    def _span(self, call: Call) -> tuple[int, int]:
        now = round(call.at * 1000)
        start, end = whole(call.given, "startTime"), whole(call.given, "endTime", now) or now
        if start is None:
            raise bad("invalidInstanceListIdsStartTime", "审批实例开始时间不能为空")
        if end < start or end - start > LONGEST_SPAN_MS or now - start > OLDEST_MS:
            raise bad("invalidEndTime", "查询时间范围不能超过120天")
        return start, end


def _way(row: Given) -> Way:
    try:
        return Way(text(row, "actionType") or "NONE")
    except ValueError as error:
        raise bad("processInstanceInvalidParameter", "actionType") from error


def _values(given: Given, process: Process) -> list[Given]:
    values = rows(given, "formComponentValues")
    known = {one.name: one for one in process.components}
    for value in values:
        name, told = text(value, "name"), value.get("value")
        component = known.get(name)
        fits = isinstance(told, str) and len(told) <= LONGEST_VALUE
        if component is None or not fits or (component.options and told not in component.options):
            raise bad("formConverterError", f"表单数据校验失败，失败控件：{name}")
    missing = [
        one.name for one in process.components if one.required and one.name not in {v.get("name") for v in values}
    ]
    if missing or len(values) > MOST_FIELDS:
        raise bad("formConverterError", f"表单数据校验失败，失败控件：{','.join(missing)}")
    return values


def _chosen(step: Step, chosen: Mapping[str, Sequence[str]]) -> Step:
    if not step.chosen:
        return step
    people = chosen.get(step.key, ())
    if not people or (step.way is Way.NONE and len(people) > 1):
        raise bad("targetSelectApproverMissing", "自选审批人缺失")
    if step.among and any(id_ not in step.among for id_ in people):
        raise bad("targetSelectApproverScopeError", "自选审批人不在规定范围内")
    return Step(step.way, tuple(people), step.key, step.among)


def _value(process: Process, value: Given) -> Mapping[str, Any]:
    component = next(one for one in process.components if one.name == value["name"])
    told = {"id": component.key, "componentType": component.type, **value}
    return told | ({"bizAlias": component.alias} if component.alias else {})


def _record(record: Record) -> Mapping[str, Any]:
    told = {"userId": record.user, "date": _minute(record.at), "type": record.type, "result": record.result}
    if record.remark:
        told["remark"] = record.remark
    return told | ({} if record.step is None else {"activityId": f"step-{record.step}", "showName": "审批人"})


def _task(one: Instance, task: Task) -> Mapping[str, Any]:
    told = {
        "taskId": task.id,
        "userId": task.user,
        "status": task.status,
        "activityId": f"step-{task.step}",
        "processInstanceId": one.id,
        "createTime": _minute(task.created),
        "mobileUrl": f"?procInsId={one.id}&taskId={task.id}",
        "pcUrl": f"?procInstId={one.id}&taskId={task.id}",
    }
    if task.result:
        told["result"] = task.result
    return told | ({"finishTime": _minute(task.finished)} if task.finished else {})


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ")
