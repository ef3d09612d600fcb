"""Decisions carried back: read, compare, write, read again.

NetSuite has no conditional write, so a change between the last look and the write is not noticed.
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545142173.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from connectors.contract import (
    Acted,
    Action,
    ConnectorError,
    Effect,
    Misconfigured,
    Record,
    Ref,
    Retryable,
    Scalar,
    Unknown,
    Verb,
)
from connectors.netsuite.approval import NO_STEP, Standing, path_of, standing, target_of
from connectors.netsuite.errors import Fault, RecordLocked, RecordMissing, explain
from connectors.netsuite.people import People
from connectors.netsuite.settings import Kind
from connectors.netsuite.wire import Account, Answer, Call
from connectors.netsuite.writing import Unwritable, same, wire

SOON = timedelta(seconds=30)
PEOPLE = "employee"
NO_CREDENTIAL = "NetSuite has not been told that you may write from here: ask its administrator to connect you first."
LOCKED = "A workflow has locked the record in NetSuite: decide there."
NOT_SHOWN = "NetSuite does not show you this record."
NOT_YOURS = "NetSuite waits for somebody else's decision on this record."
NO_APPROVER = "NetSuite names nobody whose decision on this record it waits for: decide there."
NOT_WAITING = "NetSuite does not wait for a decision on this record."
FORBIDDEN = frozenset({"INSUFFICIENT_PERMISSION", "INSUFFICIENT_PRIVILEGES", "WS_PERMISSION_REQD"})
"""A role lacks a permission (A-NETSUITE-17)."""
CHANGED = "RCRD_HAS_BEEN_CHANGED"
"""Somebody saved while we did; its name in REST is A-NETSUITE-305."""

# A misspelt field is dropped without this: the default is a warning in a header.
# https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
_STRICT: Mapping[str, str] = {
    "X-NetSuite-PropertyNameValidation": "error",
    "X-NetSuite-PropertyValueValidation": "error",
}
_MOVED = "The record has changed since you saw it; nothing was written."
_PASSED_ON = "NetSuite passed it on to its next approver."
_NO_COMMENT = "NetSuite has no place for the comment, so it was not written."
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Write:
    """A write: as whom, where, and the status that a decision leads to (empty for SET)."""

    account: Account
    path: str
    target: str


class Acts:
    """Carries out decisions on the records of one kind; `read` returns a record as the integration sees it."""

    def __init__(self, people: People, kind: Kind, read: Callable[[str], Record]) -> None:
        self._people = people
        self._kind = kind
        self._read = read

    def act(self, action: Action) -> Acted:
        """Carry it out, only if the record still has the action's version. See `connectors.contract.Acts`."""
        account = self._people.acting(action.actor)
        if account is None:
            return Acted(Effect.DENIED, reason=NO_CREDENTIAL)
        target = target_of(action, self._kind.approval)
        if action.verb is not Verb.SET and not target:
            return Acted(Effect.REFUSED, reason=NO_STEP)
        path = path_of(action.kind, self._kind, action.id)
        try:
            # The state is looked at first and the version after it: a state that is newer than what the person saw
            # then has a newer version as well.
            before = standing(account, path, self._kind.approval)
        except (RecordLocked, RecordMissing, Misconfigured) as error:
            return self._closed(action, error)
        record = self._read(action.id)
        write = _Write(account, path, target)
        return self._settled(action, target, before, record) or self._written(action, write, before, record)

    def _settled(self, action: Action, target: str, before: Standing, record: Record) -> Acted | None:
        """Return what is to be said without writing."""
        if record.deleted:
            return Acted(Effect.MOVED, record, reason="The record is no longer in NetSuite.")
        if _reached(action, target, before, record):
            return Acted(Effect.ALREADY, record, record.changed_by)
        if record.version != action.version:
            return Acted(Effect.MOVED, record, record.changed_by, _MOVED)
        return self._not_due(action, before, record) if target else None

    def _not_due(self, action: Action, before: Standing, record: Record) -> Acted | None:
        """Return why this decision is not this person's to make now, None where it is."""
        if before.status != self._kind.approval.pending:
            return Acted(Effect.REFUSED, record, record.changed_by, NOT_WAITING)
        if before.approver != action.actor:
            return Acted(Effect.DENIED, record, reason=NOT_YOURS if before.approver else NO_APPROVER)
        return None

    def _written(self, action: Action, write: _Write, before: Standing, record: Record) -> Acted:
        try:
            values = {name: wire(name, value, record.fields.get(name)) for name, value in action.fields.items()}
        except Unwritable as error:
            return Acted(Effect.REFUSED, record, reason=str(error))
        if write.target:
            values[self._kind.approval.field] = {"id": write.target}
        call = Call("PATCH", write.path, body=values, headers=_STRICT, repeatable=False, refusable=True)
        try:
            answer = write.account.call(call)
        except Unknown as lost:
            return self._after_loss(action, write, lost)
        if answer.status >= 400:
            return self._refused(action, write, answer)
        return self._kept(action, write, before)

    def _kept(self, action: Action, write: _Write, before: Standing) -> Acted:
        """Look what became of it: a script or a workflow may have changed it back, or passed it on."""
        # By a decision the record may get locked, or out of the person's sight.
        after = self._stands(write) or Standing(write.target)
        record = self._read(action.id)
        lost = [name for name, value in action.fields.items() if _differs(record, name, value)]
        if lost:
            reason = f"NetSuite took the change and did not keep {', '.join(lost)}."
            return Acted(Effect.REFUSED, record, record.changed_by, reason)
        # A-NETSUITE-304: routing through several approvers sets the status back and names the next one.
        passed_on = after.status == self._kind.approval.pending and after.approver not in {"", before.approver}
        if write.target and after.status != write.target and not passed_on:
            reason = "NetSuite took the decision and did not keep it: a workflow or a script undid it."
            return Acted(Effect.REFUSED, record, record.changed_by, reason)
        said = [_PASSED_ON] if passed_on else []
        said += [_NO_COMMENT] if action.comment else []
        by = record.changed_by
        named = by if by is not None and by.id == action.actor else Ref(PEOPLE, action.actor)
        return Acted(Effect.DONE, record, named, " ".join(said))

    def _stands(self, write: _Write) -> Standing | None:
        """Read where the record stands once it was written to, None where it is not shown; of a SET nothing is asked."""
        try:
            return standing(write.account, write.path, self._kind.approval) if write.target else Standing()
        except (RecordLocked, RecordMissing):
            return None

    def _after_loss(self, action: Action, write: _Write, lost: Unknown) -> Acted:
        """Read again what became of a write whose answer was lost."""
        try:
            after, record = self._stands(write), self._read(action.id)
        except ConnectorError:
            raise lost from None
        if after is None:
            raise lost
        if _reached(action, write.target, after, record):
            return Acted(Effect.DONE, record, record.changed_by)
        if record.version == action.version:
            # Version and state are compared again before the next try.
            raise Retryable(
                "NetSuite's answer was lost, and nothing is written so far.", detail=lost.detail, after=SOON
            )
        raise lost

    def _closed(self, action: Action, error: ConnectorError) -> Acted:
        """Say why the record cannot even be looked at."""
        if isinstance(error, RecordLocked):
            return Acted(Effect.REFUSED, self._read(action.id), reason=LOCKED)
        if isinstance(error, Misconfigured) and not self._is_theirs(action, error):
            raise error
        record = self._read(action.id)
        if record.deleted:
            return Acted(Effect.MOVED, record, reason="The record is no longer in NetSuite.")
        return Acted(Effect.DENIED, reason=NOT_SHOWN)

    def _refused(self, action: Action, write: _Write, answer: Answer) -> Acted:
        fault, error = answer.fault, explain(answer.fault)
        if CHANGED in fault.codes or isinstance(error, RecordMissing):
            stands, record = self._stands(write) or Standing(), self._read(action.id)
            if not record.deleted and _reached(action, write.target, stands, record):
                return Acted(Effect.ALREADY, record, record.changed_by)
            return Acted(Effect.MOVED, record, record.changed_by, _MOVED)
        if isinstance(error, RecordLocked):
            return Acted(Effect.REFUSED, self._read(action.id), reason=LOCKED)
        if isinstance(error, Misconfigured):
            if self._is_theirs(action, error):
                return Acted(Effect.DENIED, reason="Your role in NetSuite does not let you do this.")
            raise error
        return Acted(Effect.REFUSED, reason=_reason(fault))

    def _is_theirs(self, action: Action, error: Misconfigured) -> bool:
        """Whether it is the person's own role that lacks a permission, and not the integration's."""
        return self._people.own(action.actor) is not None and forbids(error)


def forbids(error: Misconfigured) -> bool:
    """Tell a permission that a role lacks from everything else that somebody must set right."""
    return error.detail.startswith("HTTP 403") or not FORBIDDEN.isdisjoint(error.detail.split())


def _reached(action: Action, target: str, stands: Standing, record: Record) -> bool:
    """Whether the record is as it was wanted to be; a field that is not read is not known."""
    if target:
        return stands.status == target
    return bool(action.fields) and all(
        name in record.fields and same(record.fields[name], value) for name, value in action.fields.items()
    )


def _differs(record: Record, name: str, value: Scalar) -> bool:
    return name in record.fields and not same(record.fields[name], value)


def _reason(fault: Fault) -> str:
    """Put a refusal into words: the account's own rules speak in the vendor's message."""
    message = fault.message.removeprefix("Error while accessing a resource. ")
    message = message.removeprefix("Error while accessing resource: ")[:_LONGEST]
    named = f" (Field: {fault.named})" if fault.named else ""
    return f"NetSuite refused it: {message or fault.code}{named}"
