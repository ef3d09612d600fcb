"""Decisions carried back: conditional updates and Blueprint transitions, as the person who decided.

https://www.zoho.com/crm/developer/docs/api/v8/update-specific-record.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from connectors.contract import (
    Acted,
    Action,
    Choice,
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
from connectors.zoho.blueprint import Standing, Transition, move, name_of, standing
from connectors.zoho.errors import FORBIDDEN, Fault, unreadable
from connectors.zoho.people import People
from connectors.zoho.reading import scope_of
from connectors.zoho.settings import Kind
from connectors.zoho.values import Unwritable, same, wire
from connectors.zoho.wire import Account, Answer, Call

SOON = timedelta(seconds=30)
NO_CREDENTIAL = "Zoho has not been told that you may write from here: connect your own Zoho account first."

_REASONS: Mapping[str, str] = {
    "RECORD_LOCKED": "The record is locked in Zoho.",
    "RECORD_IN_BLUEPRINT": "The record is in a Blueprint, which alone may change this field.",
    "NOT_APPROVED": "The record waits for its approval in Zoho, and cannot be changed before.",
    "NOT_REVIEWED": "The record is under review in Zoho, and cannot be changed before.",
    "MANDATORY_NOT_FOUND": "Zoho demands a field that is not filled.",
    "DEPENDENT_FIELD_MISSING": "Zoho demands a further field with this one.",
    "DEPENDENT_MISMATCH": "Zoho's rules do not allow these values together.",
    "DUPLICATE_DATA": "Another record in Zoho has this value already, and it must be unique.",
    "INVALID_DATA": "Zoho does not take a value.",
    "MULTIPLE_OR_MULTI_ERRORS": "Zoho does not take several of the values.",
}


class Acts:
    """Carries out decisions on the records of one kind; `read` returns a record as the integration user sees it."""

    def __init__(self, people: People, kind: Kind, read: Callable[[str], Record]) -> None:
        self._people = people
        self._kind = kind
        self._read = read

    def act(self, action: Action) -> Acted:
        """Carry it out, only if the record still has the action's version. See `connectors.contract.Acts`."""
        account = self._people.acting(action.actor)
        if account is None:
            return Acted(Effect.DENIED, reason=NO_CREDENTIAL)
        record = self._read(action.id)
        if record.deleted:
            return Acted(Effect.MOVED, record, reason="The record is no longer in Zoho, or no longer to be seen.")
        if action.verb is Verb.SET:
            return self._set(account, action, record)
        return self._transition(account, action, record)

    def _set(self, account: Account, action: Action, record: Record) -> Acted:
        settled = _settled(action, record, decided=_holds(record, action))
        if settled is not None:
            return settled
        try:
            values = {name: wire(name, value, record.fields.get(name)) for name, value in action.fields.items()}
        except Unwritable as error:
            return Acted(Effect.REFUSED, record, reason=str(error))
        call = Call(
            "PUT",
            f"{action.kind}/{action.id}",
            scope_of(action.kind, "UPDATE"),
            body={"data": [{**values, "id": action.id}]},
            headers={"If-Unmodified-Since": action.version},
            repeatable=False,
            refusable=True,
        )
        try:
            answer = account.call(call)
        except Unknown as lost:
            return self._after_loss(action, lost, lambda record: _holds(record, action))
        return self._updated(action, answer)

    def _updated(self, action: Action, answer: Answer) -> Acted:
        """Judge the row's own result: 2xx alone is no success."""
        body = answer.body
        rows = body.get("data") if isinstance(body, dict) else None
        row = rows[0] if isinstance(rows, list) and rows else body
        if isinstance(row, dict) and row.get("status") == "success":
            return self._kept(action, self._read(action.id))
        fault = Fault.read(answer.status, body)
        if not fault.code:
            raise unreadable(str(body).encode())
        if fault.code == "ALREADY_MODIFIED":
            record = self._read(action.id)
            settled = _settled(action, record, decided=_holds(record, action))
            return settled or Acted(Effect.MOVED, record, record.changed_by, _MOVED)
        return self._refused(action, fault)

    def _kept(self, action: Action, record: Record) -> Acted:
        """Look whether the values are there: a field that the vendor does not let be written may be passed over."""
        lost = [name for name, value in action.fields.items() if _differs(record, name, value)]
        if lost:
            reason = f"Zoho took the change and did not keep {', '.join(lost)}."
            return Acted(Effect.REFUSED, record, record.changed_by, reason)
        return Acted(Effect.DONE, record, by=Ref("users", action.actor))

    def _transition(self, account: Account, action: Action, record: Record) -> Acted:
        name = name_of(action, self._kind)
        if not name:
            return Acted(
                Effect.REFUSED,
                record,
                reason="Zoho has no call that approves: name the Blueprint transition (`approve`, `reject`) in the settings.",
            )
        stands = standing(account, action.kind, action.id)
        settled = _settled(action, record, decided=self._reached(record, stands, name))
        if settled is not None:
            return settled
        offered = stands.find(name)
        if offered is None:
            reason = f"Zoho does not offer you the transition {name} for this record."
            return Acted(Effect.DENIED, record, reason=reason)
        if not offered.met:
            return Acted(Effect.REFUSED, record, reason=f"The record does not meet the condition of {name}.")
        return self._move(account, action, record, offered)

    def _move(self, account: Account, action: Action, record: Record, offered: Transition) -> Acted:
        try:
            data = {key: wire(key, value, record.fields.get(key)) for key, value in action.fields.items()}
        except Unwritable as error:
            return Acted(Effect.REFUSED, record, reason=str(error))
        data |= {"Notes": action.comment} if action.comment else {}
        target = self._kind.transitions.get(offered.name) or offered.target
        try:
            answer = move(account, action, offered, data)
        except Unknown as lost:
            return self._after_loss(action, lost, lambda after: self._arrived(account, action, after, target))
        return self._moved(account, action, answer, target)

    def _moved(self, account: Account, action: Action, answer: Answer, target: str) -> Acted:
        if answer.status < 300 and isinstance(answer.body, dict) and answer.body.get("status") == "success":
            return Acted(Effect.DONE, self._read(action.id), by=Ref("users", action.actor))
        fault = Fault.read(answer.status, answer.body)
        if not fault.code:
            raise unreadable(str(answer.body).encode())
        if fault.code == "RECORD_NOT_IN_PROCESS" or (fault.code == "INVALID_DATA" and not fault.named):
            # Somebody was faster: the transition was offered a moment ago.
            record = self._read(action.id)
            settled = _settled(action, record, decided=self._moved_to(account, record, target))
            return settled or Acted(Effect.REFUSED, record, reason="Zoho does not take this transition now.")
        return self._refused(action, fault)

    def _reached(self, record: Record, stands: Standing, name: str) -> bool:
        """Whether the record already is in the state that the transition leads to, as far as it is known."""
        # One that is still offered has not been taken, even where it leads to the state that the record is in.
        return stands.find(name) is None and _is_in(record, stands, self._kind.transitions.get(name, ""))

    def _arrived(self, account: Account, action: Action, record: Record, target: str) -> bool:
        """A transition may lead back to the state that it came from: then the stamp alone tells that it was taken."""
        return record.version != action.version and self._moved_to(account, record, target)

    def _moved_to(self, account: Account, record: Record, target: str) -> bool:
        return not record.deleted and _is_in(record, standing(account, record.kind, record.id), target)

    def _after_loss(self, action: Action, lost: Unknown, decided: Callable[[Record], bool]) -> Acted:
        """Read again what became of a write whose answer was lost."""
        try:
            record = self._read(action.id)
            done = decided(record)
        except ConnectorError:
            raise lost from None
        if done:
            return Acted(Effect.DONE, record, record.changed_by)
        if record.version == action.version:
            # The condition still guards the next try.
            raise Retryable("Zoho's answer was lost, and nothing is written so far.", detail=lost.detail, after=SOON)
        raise lost

    def _refused(self, action: Action, fault: Fault) -> Acted:
        named = f" (Field: {fault.named})" if fault.named else ""
        if fault.code in FORBIDDEN:
            if self._people.own(action.actor) is None:
                raise Misconfigured("The integration user may not change this: grant Edit.", detail=fault.detail)
            return Acted(Effect.DENIED, reason="Your Zoho profile does not let you do this.")
        if fault.code == "INVALID_DATA" and fault.names.get("api_name") == "id":
            return Acted(Effect.DENIED, reason="Zoho does not show you this record.")
        reason = _REASONS.get(fault.code, f"Zoho refused it ({fault.code}).")
        return Acted(Effect.REFUSED, reason=reason + named)


_MOVED = "The record has changed since you saw it; nothing was written."


def _settled(action: Action, record: Record, *, decided: bool) -> Acted | None:
    """Return what is to be said without writing: it is decided already, or is not what the person saw."""
    if decided:
        return Acted(Effect.ALREADY, record, record.changed_by)
    if record.deleted or record.version != action.version:
        return Acted(Effect.MOVED, record, record.changed_by, _MOVED)
    return None


def _holds(record: Record, action: Action) -> bool:
    """Whether the record has all the wanted values; a field that is not read is not known."""
    return bool(action.fields) and all(
        name in record.fields and same(record.fields[name], value) for name, value in action.fields.items()
    )


def _differs(record: Record, name: str, value: Scalar) -> bool:
    return name in record.fields and not same(record.fields[name], value)


def _is_in(record: Record, stands: Standing, target: str) -> bool:
    """Compare the process's state; a record that has left its process shows it in the field alone."""
    if not target:
        return False
    if stands.state:
        return stands.state == target
    choices = (value for value in record.fields.values() if isinstance(value, Choice))
    return any(target in {value.code, value.label} for value in choices)
