"""Templates of approvals: making one, reading its form, and which steps it will take.

https://open.dingtalk.com/document/development/create-an-approval-form-template
https://open.dingtalk.com/document/development/obtain-the-form-schema
https://open.dingtalk.com/document/development/approval-process-prediction
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import rows, text, whole
from connectors.dingtalk.sandbox.approvals.components import components_of, told
from connectors.dingtalk.sandbox.approvals.instances import Process, Step, Way
from connectors.dingtalk.sandbox.state import State

READ, WRITE, START = "Workflow.Form.Read", "Workflow.Form.Write", "Workflow.Instance.Write"
LONGEST_NAME = 200
METHODS = {Way.AND: "AND", Way.OR: "OR", Way.NONE: "ONE_BY_ONE"}


class FormCalls:
    """The calls for templates."""

    def __init__(self, state: State) -> None:
        """Keep the templates in `state`."""
        self._state = state

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", "/v1.0/workflow/forms", self._save, WRITE, writes="processCode", paid=True),
            Endpoint("GET", "/v1.0/workflow/forms/schemas/processCodes", self._schema, READ, paid=True),
            Endpoint("POST", "/v1.0/workflow/processes/forecast", self._forecast, START, paid=True),
        ]

    def _save(self, call: Call) -> Mapping[str, Any]:
        known, code, name = self._state.approvals.processes, text(call.given, "processCode"), text(call.given, "name")
        if code and code not in known:
            raise bad("processcode.error", "processCode对应的审批流程不存在")
        taken = any(one.name == name and one.code != code for one in known.values())
        if not name or len(name) > LONGEST_NAME or taken:
            raise bad("formName.error", "已有相同名称表单")
        # A-DINGTALK-144: where the flow of such a template comes from is on no page
        flow = known[code].flow if code else ()
        code = code or f"PROC-{str(uuid.uuid4()).upper()}"
        known[code] = Process(code, name, components_of(call.given), flow)
        return {"result": {"processCode": code}}

    def _schema(self, call: Call) -> Mapping[str, Any]:
        process = self._process(call, "aflowProcessCodeIsError")
        items = [told(one) for one in process.components]
        content = {"title": process.name, "icon": "common", "items": items}
        return {
            "result": {
                "formCode": process.code,
                "name": process.name,
                "ownerIdType": "orgId",
                "status": "PUBLISHED",
                "schemaContent": content,
            }
        }

    def _forecast(self, call: Call) -> Mapping[str, Any]:
        process, user = self._process(call, "processCodeError"), text(call.given, "userId")
        if not user:
            raise bad("invalidUserId", "用户userId为空")
        if user not in self._state.company.users:
            raise bad("userNotExist", "用户不存在")
        if not rows(call.given, "formComponentValues"):
            raise bad("componentIsNull", "表单数据为空")
        department = whole(call.given, "deptId")
        if department is None or not self._state.company.has_department(department):
            raise bad("invalidParameter", "参数错误")
        return {
            "result": {
                "isForecastSuccess": True,
                "processCode": process.code,
                "userId": user,
                "isStaticWorkflow": True,
                "workflowActivityRules": [self._rule(number, step) for number, step in enumerate(process.flow)],
                "workflowForecastNodes": [{"activityId": f"step-{n}"} for n in range(len(process.flow))],
            }
        }

    def _rule(self, number: int, step: Step) -> Mapping[str, Any]:
        users = self._state.company.users
        among = [{"workNo": id_, "userName": users[id_].name} for id_ in step.among if id_ in users]
        actor = {
            "actorKey": step.key or f"step-{number}",
            "actorType": "approver",
            "actorSelectionType": "approvals" if step.among else "allStaff",
            "actorSelectionRange": {"approvals": among},
            "allowedMulti": step.way is not Way.NONE,
            "approvalType": "MANUAL",
            "approvalMethod": METHODS[step.way],
            "required": step.chosen,
        }
        return {
            "activityId": f"step-{number}",
            "prevActivityId": f"step-{number - 1}" if number else "",
            "activityName": "审批人",
            "activityType": "target_select" if step.chosen else "target_approval",
            "isTargetSelect": step.chosen,
            "workflowActor": actor,
            "activityActioners": [{"userId": id_, "name": users[id_].name} for id_ in step.users if id_ in users],
        }

    def _process(self, call: Call, missing: str) -> Process:
        process = self._state.approvals.processes.get(text(call.given, "processCode"))
        if process is None:
            raise bad(missing, "获取审批模板失败或审批模板已被删除")
        return process
