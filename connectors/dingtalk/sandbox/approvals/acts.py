"""Deciding an approval, withdrawing it, commenting on it, handing a task on.

https://open.dingtalk.com/document/development/approve-or-reject-the-approval-task
https://open.dingtalk.com/document/development/revoke-an-approval-instance
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import text, truth, whole
from connectors.dingtalk.sandbox.approvals.calls import PATH, WRITE
from connectors.dingtalk.sandbox.approvals.flow import AGREE, REFUSE, Flow, Halt
from connectors.dingtalk.sandbox.approvals.instances import Instance, Record, Status
from connectors.dingtalk.sandbox.state import State

LONGEST_REMARK = 1024
DONE = {"result": True, "success": True}


class ActCalls:
    """The calls that change an instance. The vendor believes whoever the application says acts."""

    def __init__(self, state: State, flow: Flow) -> None:
        """Act on the instances of `state`."""
        self._state = state
        self._flow = flow

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", f"{PATH}/execute", self._execute, WRITE, writes="processInstanceId", paid=True),
            Endpoint("POST", f"{PATH}/terminate", self._terminate, WRITE, writes="processInstanceId", paid=True),
            Endpoint("POST", f"{PATH}/comments", self._comment, WRITE, writes="processInstanceId", paid=True),
            Endpoint("POST", "/v1.0/workflow/tasks/redirect", self._redirect, WRITE, writes="taskId", paid=True),
        ]

    def _execute(self, call: Call) -> Mapping[str, Any]:
        instance = self._instance(call, "processInstanceNotExist")
        user, result = text(call.given, "actionerUserId"), text(call.given, "result")
        task_id = whole(call.given, "taskId")
        if not user:
            raise bad("invalidInstanceExecuteActionerUserId", "操作人的userId不能为空")
        if task_id is None:
            raise bad("invalidInstanceExecuteTaskId", "任务节点id不能为空")
        if result not in {AGREE, REFUSE}:
            raise bad("invalidInstanceExecuteResult", "审批操作取值必填且值必须为agree/refuse")
        if user not in self._state.company.users:
            raise bad("userNotExist", "用户不存在")
        task = next((one for one in instance.tasks if one.id == task_id), None)
        if instance.status is not Status.RUNNING:
            raise bad("aflowProcessInstStatusException", "审批单状态异常")
        if task is None or task.user != user:
            raise bad("aflowProcessInstCanNotBeExecuted", "审批状态异常，无法执行")
        if self._flow.decide(instance, task, result, self._remark(call, "remark")) is not None:
            raise bad("aflowProcessInstCanNotBeExecuted", "审批状态异常，无法执行")
        return DONE

    def _terminate(self, call: Call) -> Mapping[str, Any]:
        instance = self._instance(call, "aflowProcessInstNotExist")
        user = text(call.given, "operatingUserId")
        if "isSystem" not in call.given:
            raise bad("invalidInstanceTerminateIsSystem", "是否通过系统操作参数不能为空")
        if not truth(call.given, "isSystem"):
            if not user:
                raise bad("invalidInstanceTerminateOperatingUserId", "操作人的userId不能为空")
            if user != instance.originator:
                raise bad("userNotExist", "用户不存在")
        halted = self._flow.terminate(instance, user, self._remark(call, "remark"))
        if halted is Halt.NOT_ALLOWED:
            raise bad("internalError", "管理后台未设置允许提交人撤销审批中的审批单")
        if halted is not None:
            raise bad("aflowProcessInstStatusException", "审批单状态异常")
        return DONE

    def _comment(self, call: Call) -> Mapping[str, Any]:
        instance = self._instance(call, "aflowProcessInstNotExist")
        user = text(call.given, "commentUserId")
        told = self._remark(call, "text")
        if not told:
            raise bad("invalidInstanceCommentText", "审批实例评论内容不能为空")
        if not user:
            raise bad("invalidInstanceCommentUserId", "审批实例评论人userId不能为空")
        if user not in self._state.company.users:
            raise bad("userNotExist", "用户不存在")
        instance.records.append(Record(user, call.at, "ADD_REMARK", remark=told))
        return DONE

    def _redirect(self, call: Call) -> Mapping[str, Any]:
        to, by = text(call.given, "toUserId"), text(call.given, "operateUserId")
        found = self._state.approvals.of_task(whole(call.given, "taskId", 0) or 0)
        if found is None or to not in self._state.company.users:
            raise bad("param.illegal", "不合法的参数" + ("taskId" if found is None else "toUserId"))
        instance, task = found
        if instance.status is not Status.RUNNING:
            raise bad("instance.status.error", "当前流程实例状态不是运行中不支持转交操作")
        if task.status is not Status.RUNNING:
            raise bad("task.status.error", "当前任务状态不是运行中不支持转交操作")
        if task.user != by:
            raise bad("param.illegal.operator", "不合法的参数operateUserId")
        self._flow.redirect(instance, task, to, self._remark(call, "remark"))
        return {"result": True}

    def _instance(self, call: Call, missing: str) -> Instance:
        id_ = text(call.given, "processInstanceId")
        if not id_:
            raise bad("invalidInstanceId", "审批实例ID不能为空")
        instance = self._state.approvals.instances.get(id_)
        if instance is None:
            raise bad(missing, "审批实例不存在")
        return instance

    def _remark(self, call: Call, name: str) -> str:
        told = text(call.given, name)
        if len(told) > LONGEST_REMARK:
            raise bad("invalidParameter", f"{name}过长")
        return told
