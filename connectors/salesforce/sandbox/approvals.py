"""Approval processes: who has to decide about which record, in which order.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-process-approvals-post.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from connectors.salesforce.sandbox import ids, moments
from connectors.salesforce.sandbox.access import Access
from connectors.salesforce.sandbox.catalogue import Catalogue
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.objects.approval import PROCESS_DEFINITION, PROCESS_INSTANCE, STEP, WORKITEM
from connectors.salesforce.sandbox.schema import Values
from connectors.salesforce.sandbox.store import Change, Row, Store
from connectors.salesforce.sandbox.switches import Switches


class Status(StrEnum):
    """Where a process stands, and what a step of it came to."""

    STARTED = "Started"
    PENDING = "Pending"
    APPROVED = "Approved"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True)
class Process:
    """One approval process: the users who decide one after another, and the fields that it sets on the way."""

    object_name: str
    name: str
    label: str
    approvers: tuple[str, ...]
    sets: Mapping[Status, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defined:
    """A process with its id and its place among those of the org."""

    id: str
    order: int
    process: Process


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an instance of a process stands after a request. `waiting` holds the open work items by their user."""

    instance_id: str
    target_id: str
    status: Status
    waiting: Mapping[str, str]


class Approvals:
    """The approval processes of one org. All that happens to them is data of the org."""

    def __init__(self, store: Store, catalogue: Catalogue, access: Access, switches: Callable[[], Switches]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._access = access
        self._switches = switches
        self._orders = count(1)
        self.defined: list[Defined] = []

    def define(self, process: Process, change: Change) -> str:
        """Add a process and return its id."""
        given = {
            "Name": process.label,
            "DeveloperName": process.name,
            "TableEnumOrId": process.object_name,
            "State": "Active",
        }
        made = self._store.create(PROCESS_DEFINITION, given, change)
        self.defined.append(Defined(made, next(self._orders), process))
        return made

    def locks(self, record_id: str) -> bool:
        """Tell whether a record waits for a decision, which keeps it from being changed."""
        return self._pending(record_id) is not None

    def submit(self, record_id: str, user_id: str, comments: str | None, name: str | None) -> Progress:
        """Start the process `name` (or id; None: the object's first) for a record. Raises `ApiError` 400."""
        found = self._store.find_any(record_id)
        if found is None or found[1].deleted_at is not None or not self._access.sees(user_id, *found):
            raise _unknown()
        defined = next((d for d in self.defined if _fits(d, found[0].name, name)), None)
        if defined is None:
            raise ApiError(400, "NO_APPLICABLE_PROCESS", "No applicable approval process was found.", ())
        if self.locks(record_id):
            raise ApiError(400, "ALREADY_IN_PROCESS", "Cannot submit object already in process.", ())
        self._set(defined.process, Status.STARTED, record_id, user_id)
        instance = self._store.create(
            PROCESS_INSTANCE,
            {
                "ProcessDefinitionId": defined.id,
                "TargetObjectId": record_id,
                "Status": Status.PENDING.value,
                "SubmittedById": user_id,
                "LastActorId": user_id,
            },
            Change(user_id),
        )
        self._note(instance, Status.STARTED, user_id, user_id, comments)
        return Progress(instance, record_id, Status.PENDING, self._ask(instance, defined.process.approvers[0], user_id))

    def decide(self, workitem_id: str, status: Status, user_id: str, comments: str | None) -> Progress:
        """Approve or reject what a work item asks for. Raises `ApiError` 400."""
        item = self._item(workitem_id)
        instance_id, actor = str(item.values["ProcessInstanceId"]), str(item.values["ActorId"])
        if user_id != actor and not self._access.is_admin(user_id):
            # A-SALESFORCE-64: the pages say that it is refused, not how
            code = self._switches().foreign_approver_error
            raise ApiError(400, code, f"insufficient access rights on cross-reference id: {workitem_id[:15]}", ())
        defined, target = self._of(instance_id)
        self._store.delete(WORKITEM, item.id, Change(user_id))
        self._note(instance_id, status, user_id, actor, comments)
        done = sum(step.values["StepStatus"] == Status.APPROVED for step in self._steps(instance_id))
        if status is Status.APPROVED and done < len(defined.process.approvers):
            waiting = self._ask(instance_id, defined.process.approvers[done], user_id)
            return Progress(instance_id, target, Status.PENDING, waiting)
        ended = {"Status": status.value, "CompletedDate": moments.now(), "LastActorId": user_id}
        self._store.update(PROCESS_INSTANCE, instance_id, ended, Change(user_id))
        self._set(defined.process, status, target, user_id)
        return Progress(instance_id, target, status, {})

    def _item(self, workitem_id: str) -> Row:
        item = self._store.find(WORKITEM.name, workitem_id)
        if item is None:
            raise _unknown()
        if item.deleted_at is not None:
            # A-SALESFORCE-63: the names of the errors are listed, what they stand for is not
            raise ApiError(400, self._switches().decided_error, "invalid cross reference id", ())
        return item

    def _of(self, instance_id: str) -> tuple[Defined, str]:
        instance = self._store.find(PROCESS_INSTANCE.name, instance_id)
        if instance is None:
            raise _unknown()
        definition = instance.values["ProcessDefinitionId"]
        return next(d for d in self.defined if d.id == definition), str(instance.values["TargetObjectId"])

    def _pending(self, record_id: str) -> Row | None:
        for row in self._store.rows(PROCESS_INSTANCE):
            if row.values["TargetObjectId"] == record_id and row.values["Status"] == Status.PENDING:
                return row
        return None

    def _steps(self, instance_id: str) -> Sequence[Row]:
        return [row for row in self._store.rows(STEP) if row.values["ProcessInstanceId"] == instance_id]

    def _note(self, instance: str, status: Status, user_id: str, original: str, comments: str | None) -> None:
        given = {
            "ProcessInstanceId": instance,
            "StepStatus": status.value,
            "ActorId": user_id,
            "OriginalActorId": original,
            "Comments": comments,
        }
        self._store.create(STEP, given, Change(user_id))

    def _ask(self, instance: str, approver: str, user_id: str) -> Mapping[str, str]:
        given: Values = {"ProcessInstanceId": instance, "ActorId": approver, "OriginalActorId": approver}
        return {approver: self._store.create(WORKITEM, given, Change(user_id))}

    def _set(self, process: Process, status: Status, record_id: str, user_id: str) -> None:
        given = process.sets.get(status)
        sobject = self._catalogue.of_id(record_id)
        if given and sobject:
            self._store.update(sobject, record_id, dict(given), Change(user_id))


def _fits(defined: Defined, object_name: str, name: str | None) -> bool:
    wanted = name is None or name == defined.process.name or ids.canonical(name) == defined.id
    return wanted and defined.process.object_name == object_name


def _unknown() -> ApiError:
    return ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
