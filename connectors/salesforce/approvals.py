"""Approvals: the work item of a record for one person, decided with that person's own token.

https://developer.salesforce.com/docs/platform/api-rest/guide/resources-process-approvals-post.html
https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-processinstanceworkitem.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import Acted, Action, Answer, Effect, Malformed, Record, Ref, Retryable, Unknown, Verb
from connectors.salesforce import composite
from connectors.salesforce.errors import Answered, Fault, FieldUnknown, answered, refused
from connectors.salesforce.identity import Person
from connectors.salesforce.records import id18
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.wire import Calls

Row = Mapping[str, Any]

STEPS = 50
PENDING = "Pending"
DECIDED = frozenset({"Approved", "Rejected", "Removed"})
DONE_TO = {"Approved": "approved", "Rejected": "rejected", "Removed": "recalled"}
NONE = "The record is in no approval: submit it in Salesforce first."
NOT_YOURS = "You are not the approver whose turn it is."
_GROUP = "00G"
_LONGEST_COMMENT = 4000
_VANISHED = frozenset(
    {"INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "NO_APPLICABLE_PROCESS", "ALREADY_IN_PROCESS", "NOT_FOUND"}
)
"""What the vendor may say of a work item that was decided in the meantime (A-SALESFORCE-103)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the approval of a record stands: its newest run, what waits in it, and what was decided, newest first."""

    status: str
    items: tuple[Row, ...] = ()
    steps: tuple[Row, ...] = ()

    def decision(self) -> tuple[str, Ref | None]:
        """Return what was decided last (a word for people), and by whom."""
        for step in self.steps:
            if step.get("StepStatus") in DECIDED:
                return DONE_TO[step["StepStatus"]], _actor(step)
        return "decided", None

    def of(self, user: str) -> Row | None:
        """Return the newest decision of this user."""
        mine = (each for each in self.steps if each.get("StepStatus") in DECIDED and id18(each["ActorId"]) == user)
        return next(mine, None)

    def marked(self, mark: str) -> Row | None:
        """Return the decision that carries this mark."""
        return next((each for each in self.steps if mark in str(each.get("Comments") or "")), None)


@dataclass(frozen=True, slots=True)
class Approvals:
    """Looks and decides as the acting person. `present` reads the record as the integration user."""

    org: Calls
    settings: SalesforceSettings
    present: Callable[[str, str], Record]

    def decide(self, action: Action, person: Person) -> Acted:
        """Approve or reject the work item of the record that waits for this person."""
        standing = self._standing(action.id, person)
        if (settled := self._settled(action, standing)) is not None:
            return settled
        record = self.present(action.kind, action.id)
        if record.version != action.version:
            return Acted(Effect.MOVED, record, record.changed_by, "The record has changed since the message was made.")
        item = self._item(standing, action.actor, person)
        if item is None:
            return Acted(Effect.DENIED, record, reason=NOT_YOURS)
        return self._send(action, person, str(item["Id"]))

    def may(self, actor: str, action: Action, person: Person) -> Answer:
        """Say whether a work item of the record waits for this person."""
        standing = self._standing(action.id, person)
        if standing.status != PENDING:
            return Answer(allowed=False, reason=NONE if not standing.status else f"It was {standing.decision()[0]}.")
        mine = self._item(standing, actor, person)
        return Answer(allowed=True) if mine is not None else Answer(allowed=False, reason=NOT_YOURS)

    def _settled(self, action: Action, standing: Standing) -> Acted | None:
        """Say what became of it where nothing is left to do: done by this very decision, or decided before."""
        if standing.marked(mark(action)) is not None:
            return self._told(Effect.DONE, action, Ref("User", id18(action.actor)))
        if not standing.status:
            return Acted(Effect.REFUSED, reason=NONE)
        if standing.status != PENDING:
            word, by = standing.decision()
            return self._told(Effect.ALREADY, action, by, f"It was {word} before.")
        mine = standing.of(id18(action.actor))
        if mine is not None and not self._waits_for(standing, action):
            word = DONE_TO[mine["StepStatus"]]
            return self._told(Effect.ALREADY, action, _actor(mine), f"You {word} it before; others still have to.")
        return None

    def _send(self, action: Action, person: Person, item: str) -> Acted:
        comment = f"{action.comment} {mark(action)}".strip()
        if len(comment) > _LONGEST_COMMENT:
            kept = _LONGEST_COMMENT - len(mark(action)) - 2
            comment = f"{action.comment[:kept]}… {mark(action)}"
        kind = "Approve" if action.verb is Verb.APPROVE else "Reject"
        content = {"requests": [{"actionType": kind, "contextId": item, "comments": comment}]}
        try:
            said = self.org.call(
                "process/approvals/", by=person, judge=answered, method="POST", data=json.dumps(content)
            )
        except Answered as error:
            return self._refused(action, person, error.fault)
        except Unknown:
            return self._found(action, person, item)
        if (fault := _failed(said)) is not None:
            return self._refused(action, person, fault)
        return self._told(Effect.DONE, action, Ref("User", id18(action.actor)))

    def _refused(self, action: Action, person: Person, fault: Fault) -> Acted:
        if fault.code in _VANISHED:
            settled = self._settled(action, self._standing(action.id, person))
            if settled is not None:
                return settled
        return refused(fault, self.present(action.kind, action.id))

    def _found(self, action: Action, person: Person, item: str) -> Acted:
        """Look what became of a decision without an answer: the comment's mark tells ours from another's."""
        standing = self._standing(action.id, person)
        if (settled := self._settled(action, standing)) is not None:
            return settled
        if any(each["Id"] == item for each in standing.items):
            # A work item can be decided once, so trying again cannot do it twice.
            raise Retryable("Salesforce did not answer and has not decided it; it is tried again.")
        raise Unknown("Salesforce did not answer, and the work item is gone without a trace: look at the record.")

    def _waits_for(self, standing: Standing, action: Action) -> bool:
        return any(id18(each["ActorId"]) == id18(action.actor) for each in standing.items)

    def _item(self, standing: Standing, actor: str, person: Person) -> Row | None:
        """Choose the work item: the person's own, one of a queue, or one that is delegated to them."""
        user = id18(actor)
        own = next((each for each in standing.items if id18(each["ActorId"]) == user), None)
        # Who is in a queue only the vendor knows: it refuses whoever is not.
        queued = next((each for each in standing.items if str(each["ActorId"]).startswith(_GROUP)), None)
        if own is not None or queued is not None or not standing.items:
            return own or queued
        listed = ",".join(f"'{id18(each['ActorId'])}'" for each in standing.items)
        query = f"SELECT Id FROM User WHERE Id IN ({listed}) AND DelegatedApproverId = '{user}'"  # noqa: S608 - ids are held to letters and digits
        try:
            absent = {id18(row["Id"]) for row in self.org.call("query", by=person, params={"q": query})["records"]}
        except FieldUnknown:
            # Who may not see who stands in for whom is shown no delegation.
            return None
        return next((each for each in standing.items if id18(each["ActorId"]) in absent), None)

    def _standing(self, record_id: str, person: Person) -> Standing:
        target = id18(record_id)
        asked = {
            "runs": f"SELECT Id, Status FROM ProcessInstance WHERE TargetObjectId = '{target}' "  # noqa: S608 - ids are held to letters and digits
            "ORDER BY CreatedDate DESC LIMIT 1",
            "items": "SELECT Id, ActorId, ProcessInstanceId FROM ProcessInstanceWorkitem "  # noqa: S608 - same
            f"WHERE ProcessInstance.TargetObjectId = '{target}'",
            "steps": "SELECT Id, StepStatus, ActorId, Actor.Name, Comments, ProcessInstanceId FROM ProcessInstanceStep "  # noqa: S608 - same
            f"WHERE ProcessInstance.TargetObjectId = '{target}' ORDER BY CreatedDate DESC LIMIT {STEPS}",
        }
        found = composite.rows(self.org, self.settings, asked, by=person)
        if not found["runs"]:
            return Standing("")
        run = found["runs"][0]
        return Standing(
            str(run["Status"]),
            tuple(each for each in found["items"] if each["ProcessInstanceId"] == run["Id"]),
            tuple(each for each in found["steps"] if each["ProcessInstanceId"] == run["Id"]),
        )

    def _told(self, effect: Effect, action: Action, by: Ref | None, reason: str = "") -> Acted:
        return Acted(effect, self.present(action.kind, action.id), by, reason)


def mark(action: Action) -> str:
    """Return what the comment ends with, so that a decision recognises itself whoever repeats it."""
    return f"[dingbridge {hashlib.sha256(action.key.encode()).hexdigest()[:12]}]"


def _failed(said: Any) -> Fault | None:
    """Read the results of a call of one request: HTTP 200 is not success."""
    try:
        (result,) = said
        if result["success"] is True:
            return None
        return Fault.read(200, result["errors"])
    except (TypeError, KeyError, ValueError):
        raise Malformed("Salesforce answered a decision without a result.", body=b"") from None


def _actor(step: Row) -> Ref:
    return Ref("User", id18(step["ActorId"]), str((step.get("Actor") or {}).get("Name") or ""))
