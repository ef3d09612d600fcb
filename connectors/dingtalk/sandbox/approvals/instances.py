"""Approval templates and the instances that were started from them.

https://open.dingtalk.com/document/development/obtains-the-details-of-a-single-approval-instance-pop
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

import msgspec

from connectors.dingtalk.sandbox.api.fields import Given


class Way(StrEnum):
    """How the people of one step decide: all of them, the first of them, or one alone."""

    AND = "AND"
    OR = "OR"
    NONE = "NONE"


class Step(msgspec.Struct, frozen=True):
    """One step of a flow. With a `key` whoever starts the approval chooses its people, `among` some or, if empty, all."""

    way: Way
    users: tuple[str, ...] = ()
    key: str = ""
    among: tuple[str, ...] = ()

    @property
    def chosen(self) -> bool:
        """Whether its people are chosen at the start."""
        return bool(self.key)


class Component(msgspec.Struct, frozen=True):
    """A field of a form; with `options` nothing else may be chosen."""

    name: str
    type: str = "TextField"
    required: bool = False
    options: tuple[str, ...] = ()
    id: str = ""
    alias: str = ""

    @property
    def key(self) -> str:
        """The id of the field in its form."""
        return self.id or f"{self.type}-{hashlib.sha256(self.name.encode()).hexdigest()[:8].upper()}"


class Process(msgspec.Struct, frozen=True):
    """A template; without `flow` the caller has to name approvers."""

    code: str
    name: str
    components: tuple[Component, ...]
    flow: tuple[Step, ...] = ()
    may_withdraw: bool = True


class Status(StrEnum):
    """Where an instance or a task stands."""

    NEW = "NEW"
    RUNNING = "RUNNING"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


@dataclass(slots=True)
class Task:
    """One person's part of a step; times are Unix seconds. `result` is AGREE, REFUSE, REDIRECTED or nothing."""

    id: int
    user: str
    step: int
    created: float
    status: Status = Status.RUNNING
    result: str = ""
    remark: str = ""
    finished: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """Something that a person did to an instance."""

    user: str
    at: float
    type: str
    result: str = "NONE"
    remark: str = ""
    step: int | None = None


@dataclass(slots=True)
class Instance:
    """One approval. `result` is agree or refuse once it is over."""

    id: str
    process: Process
    client_id: str
    title: str
    originator: str
    department: int
    created: float
    values: Sequence[Given]
    flow: tuple[Step, ...]
    copies: Sequence[str] = ()
    business_id: str = ""
    status: Status = Status.RUNNING
    result: str = ""
    finished: float = 0.0
    tasks: list[Task] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def running(self) -> list[Task]:
        """Return the tasks that wait for somebody."""
        return [task for task in self.tasks if task.status is Status.RUNNING]


class Approvals:
    """Templates by code, instances by id."""

    def __init__(self) -> None:
        """Start with the demo's templates."""
        self.processes: dict[str, Process] = {one.code: one for one in DEMO}
        self.instances: dict[str, Instance] = {}
        self.task_ids = count(80_000_000_001)

    def of_task(self, task_id: int) -> tuple[Instance, Task] | None:
        """Return the instance and the task with a task's id."""
        found = ((one, task) for one in self.instances.values() for task in one.tasks if task.id == task_id)
        return next(found, None)


_FIELDS = (
    Component("Order", required=True),
    Component("Customer"),
    Component("Amount", "NumberField"),
    Component("Decision", "DDSelectField", options=("Release", "Hold")),
)
DEMO = (
    Process("PROC-SANDBOX-ORDER", "Order release", _FIELDS, (Step(Way.NONE, ("u-amy",)),)),
    Process("PROC-SANDBOX-OPEN", "Order release, approvers by the caller", _FIELDS),
    Process(
        "PROC-SANDBOX-CHOICE",
        "Order release, one approver chosen",
        _FIELDS,
        (Step(Way.NONE, key="manual_sandbox", among=("u-amy", "u-dora")), Step(Way.NONE, ("u-amy",))),
    ),
)
