"""How an approval goes on, and the events that tell of it.

https://open.dingtalk.com/document/development/event-bpms-instance-change
https://open.dingtalk.com/document/development/event-bpms-task-change
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Any

from connectors.dingtalk.sandbox.approvals.instances import Instance, Record, Status, Task, Way
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.state import State

AGREE, REFUSE = "agree", "refuse"
ADDRESS = "https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm"


class Halt(StrEnum):
    """Why a step cannot be taken."""

    OVER = "the approval is over"
    NOT_THEIRS = "the task is not this person's or not running"
    TOO_SOON = "it was started a moment ago"
    NOT_ALLOWED = "the template does not let its originator withdraw"


class Flow:
    """Moves the approvals of one twin."""

    def __init__(self, state: State, bus: Bus) -> None:
        """Move the instances of `state` and tell of it on `bus`."""
        self._state = state
        self._bus = bus

    def start(self, instance: Instance) -> str:
        """Start an instance and return its id."""
        instance.business_id = time.strftime("%Y%m%d%H%M%S", time.gmtime(instance.created)) + instance.id[:4]
        self._state.approvals.instances[instance.id] = instance
        instance.records.append(Record(instance.originator, instance.created, "START_PROCESS_INSTANCE"))
        self._tell_instance(instance, "start")
        self._open_step(instance, 0)
        return instance.id

    def decide(self, instance: Instance, task: Task, result: str, remark: str) -> Halt | None:
        """Agree or refuse in a person's place; return why that is not possible."""
        if instance.status is not Status.RUNNING:
            return Halt.OVER
        if task.status is not Status.RUNNING:
            return Halt.NOT_THEIRS
        self._close(task, Status.COMPLETED, result.upper(), remark)
        instance.records.append(
            Record(task.user, task.finished, "EXECUTE_TASK_NORMAL", result.upper(), remark, task.step)
        )
        self._tell_task(instance, task, "finish", result)
        step = instance.flow[task.step]
        if result == REFUSE:
            self._cancel_rest(instance)
            self._finish(instance, Status.COMPLETED, REFUSE, "finish")
        elif step.way is not Way.AND or not instance.running():
            self._cancel_rest(instance)
            self._open_step(instance, task.step + 1)
        return None

    def redirect(self, instance: Instance, task: Task, to: str, remark: str) -> None:
        """Hand a running task to somebody else."""
        self._close(task, Status.COMPLETED, "REDIRECTED", remark)
        instance.records.append(Record(task.user, task.finished, "REDIRECT_TASK", remark=remark, step=task.step))
        self._tell_task(instance, task, "finish", "redirect")
        self._open_task(instance, task.step, to)

    def terminate(self, instance: Instance, user: str, remark: str) -> Halt | None:
        """Withdraw an instance; return why that is not possible."""
        if instance.status is not Status.RUNNING:
            return Halt.OVER
        if self._state.clock.now() - instance.created < self._state.settings.terminate_after_s:
            return Halt.TOO_SOON
        if not instance.process.may_withdraw:
            return Halt.NOT_ALLOWED
        for task in instance.running():
            self._close(task, Status.CANCELED, "", "")
            self._tell_task(instance, task, "cancel", "")
        instance.records.append(Record(user, self._state.clock.now(), "TERMINATE_PROCESS_INSTANCE", remark=remark))
        self._finish(instance, Status.TERMINATED, "", "terminate")
        return None

    def _open_step(self, instance: Instance, step: int) -> None:
        if step >= len(instance.flow):
            self._finish(instance, Status.COMPLETED, AGREE, "finish")
            return
        for user in instance.flow[step].users:
            self._open_task(instance, step, user)

    def _open_task(self, instance: Instance, step: int, user: str) -> None:
        task = Task(next(self._state.approvals.task_ids), user, step, self._state.clock.now())
        instance.tasks.append(task)
        self._tell_task(instance, task, "start", "")

    def _cancel_rest(self, instance: Instance) -> None:
        for task in instance.running():
            self._close(task, Status.CANCELED, "", "")
            self._tell_task(instance, task, "cancel", "")

    def _close(self, task: Task, status: Status, result: str, remark: str) -> None:
        task.status, task.result, task.remark, task.finished = status, result, remark, self._state.clock.now()

    def _finish(self, instance: Instance, status: Status, result: str, told: str) -> None:
        instance.status, instance.result, instance.finished = status, result, self._state.clock.now()
        self._tell_instance(instance, told)

    def _tell_instance(self, instance: Instance, type_: str) -> None:
        data = {**_about(instance), "type": type_, "createTime": _ms(instance.created), "staffId": instance.originator}
        data["url"] = f"{ADDRESS}?procInsId={instance.id}"
        data["businessType"] = instance.process.code
        if type_ != "start":
            data["finishTime"] = _ms(instance.finished)
        if instance.result:
            data["result"] = instance.result
        self._bus.publish("bpms_instance_change", data)

    def _tell_task(self, instance: Instance, task: Task, type_: str, result: str) -> None:
        data = {**_about(instance), "type": type_, "taskId": task.id, "createTime": _ms(task.created)}
        data["staffId"] = task.user
        if type_ != "start":
            data |= {"finishTime": _ms(task.finished), "remark": task.remark}
        if result:
            data["result"] = result
        self._bus.publish("bpms_task_change", data)


def _about(instance: Instance) -> dict[str, Any]:
    return {
        "processInstanceId": instance.id,
        "processCode": instance.process.code,
        "businessId": instance.business_id,
        "bizCategoryId": "",
        "title": instance.title,
    }


def _ms(at: float) -> int:
    return round(at * 1000)
