"""Decisions carried back: conditional updates and bound actions, as the person who decided.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/api/dynamics_salesorder_update
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from connectors.contract import (
    Acted,
    Action,
    Choice,
    ConnectorError,
    Effect,
    Malformed,
    Misconfigured,
    Record,
    Ref,
    Retryable,
    Unknown,
    Verb,
)
from connectors.dynamics.business_central.errors import ABSENT, CHANGED, explain, said
from connectors.dynamics.business_central.layout import Layout
from connectors.dynamics.business_central.people import People, SignInAgain
from connectors.dynamics.business_central.records import checked_id
from connectors.dynamics.business_central.settings import GONE, STATUS, Kind, Reading
from connectors.dynamics.business_central.values import Unwritable, same, wire
from connectors.dynamics.business_central.wire import Account, Call
from connectors.odata import Answer

SOON = timedelta(seconds=30)
NAMESPACE = "Microsoft.NAV"
NO_CREDENTIAL = (
    "Business Central has not been told that you may write from here: connect your own Business Central account first."
)
_MOVED = "The record has changed since you saw it; nothing was written."
_NO_APPROVAL = (
    "Business Central's API has no call that approves or rejects: name the bound action of a custom API page "
    "(`approve`, `reject`) in the settings."
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A record with the tag of its state for a conditional write.

    The tag is the whole record's, whatever properties were asked for (A-DYNAMICS-309).
    """

    record: Record
    tag: str


class Desk(Protocol):
    """What a decision needs of the source."""

    @property
    def layout(self) -> Layout:
        """How the kind is read. Raises the contract's errors."""
        ...

    def read(self, record_id: str) -> Seen:
        """Read a record from the primary database as the application. Raises the contract's errors."""
        ...

    def url(self, record_id: str, action: str = "") -> str:
        """Return the address of a record, or of a bound action of it."""
        ...


class Acts:
    """Carries out decisions on the records of one kind."""

    def __init__(self, people: People, kind: Kind, desk: Desk) -> None:
        self._people = people
        self._kind = kind
        self._desk = desk

    def act(self, action: Action) -> Acted:
        """Carry it out, only if the record still has the action's version. See `connectors.contract.Acts`."""
        if self._kind.reading is Reading.SNAPSHOT:
            return Acted(Effect.REFUSED, reason="A snapshot has no version, so nothing is written by it.")
        account = self._people.acting(action.actor)
        if account is None:
            return Acted(Effect.DENIED, reason=NO_CREDENTIAL)
        seen = self._desk.read(checked_id(action.id, self._desk.layout.key_type))
        try:
            return self._set(account, action, seen) if action.verb is Verb.SET else self._move(account, action, seen)
        except SignInAgain as ended:
            return Acted(Effect.DENIED, seen.record, reason=str(ended))

    def _set(self, account: Account, action: Action, seen: Seen) -> Acted:
        settled = _settled(action, seen.record, decided=_holds(seen.record, action))
        if settled is not None:
            return settled
        try:
            body = _body(self._desk.layout, action, seen.record)
        except Unwritable as error:
            return Acted(Effect.REFUSED, seen.record, reason=str(error))
        if not seen.tag:
            raise Malformed("Business Central gave no etag with the record, so nothing was written.", body=b"")
        call = Call("PATCH", self._desk.url(action.id), {"If-Match": seen.tag}, body, repeatable=False, refusable=True)
        try:
            answer = account.call(call)
        except Unknown as lost:
            return self._after_loss(action, lost, lambda record: _holds(record, action))
        return self._kept(action) if answer.status < 300 else self._refused(action, answer)

    def _kept(self, action: Action) -> Acted:
        """Look whether the values are there: a rule may have set another one in their place."""
        record = self._desk.read(action.id).record
        lost = [name for name, value in action.fields.items() if not same(record.fields.get(name), value)]
        if lost:
            reason = f"Business Central took the change and did not keep {', '.join(lost)}."
            return Acted(Effect.REFUSED, record, record.changed_by, reason)
        return Acted(Effect.DONE, record, by=Ref("users", action.actor))

    def _move(self, account: Account, action: Action, seen: Seen) -> Acted:
        name = name_of(action, self._kind)
        if name not in self._kind.transitions:
            reason = _NO_APPROVAL if action.verb is not Verb.TRANSITION else f"{name} is not among `transitions`."
            return Acted(Effect.REFUSED, seen.record, reason=reason)
        target = self._kind.transitions[name]
        settled = _settled(action, seen.record, decided=_is_in(seen.record, target))
        if settled is not None:
            return settled
        # A bound action takes no condition: the record was read just before.
        call = Call("POST", self._desk.url(action.id, f"{NAMESPACE}.{name}"), repeatable=False, refusable=True)
        try:
            answer = account.call(call)
        except Unknown as lost:
            # An approval entry is decided once, however often that is called (A-DYNAMICS-317).
            once = self._kind.approvals is not None and action.verb in {Verb.APPROVE, Verb.REJECT}
            return self._after_loss(action, lost, lambda record: _is_in(record, target), running=not once)
        if answer.status < 300:
            return Acted(Effect.DONE, self._desk.read(action.id).record, by=Ref("users", action.actor))
        return self._refused(action, answer, target)

    def _after_loss(
        self, action: Action, lost: Unknown, decided: Callable[[Record], bool], *, running: bool = False
    ) -> Acted:
        """Read again what became of a write whose answer was lost; an action may be `running` for minutes."""
        try:
            record = self._desk.read(action.id).record
        except ConnectorError:
            raise lost from None
        if decided(record):
            return Acted(Effect.DONE, record, record.changed_by)
        if record.version == action.version and not running:
            # The version, or the entry's own state, still guards the next try.
            raise Retryable(
                "Business Central's answer was lost, and nothing is written so far.", detail=lost.detail, after=SOON
            )
        raise lost

    def _refused(self, action: Action, answer: Answer, target: str = "") -> Acted:
        fault = answer.fault
        if fault.code in CHANGED | ABSENT or answer.status in {404, 409, 412}:
            record = self._desk.read(action.id).record
            decided = _is_in(record, target) if target else _holds(record, action)
            return _settled(action, record, decided=decided) or Acted(Effect.MOVED, record, record.changed_by, _MOVED)
        if answer.status == 403 or fault.code.startswith("Authorization_"):
            if self._people.own(action.actor) is None:
                raise Misconfigured(str(explain(fault)), detail=fault.detail)
            return Acted(Effect.DENIED, reason="Business Central does not let you do this: a permission is missing.")
        return Acted(Effect.REFUSED, reason=said(fault))


def name_of(action: Action, kind: Kind) -> str:
    """Return the bound action that a decision calls, empty where the settings name none."""
    names = {Verb.APPROVE: kind.approve, Verb.REJECT: kind.reject, Verb.TRANSITION: action.transition}
    return names.get(action.verb) or ""


def _body(layout: Layout, action: Action, record: Record) -> Mapping[str, Any]:
    columns = {column.name: column for column in layout.columns}
    unknown = sorted(set(action.fields) - set(columns))
    if unknown or not action.fields:
        raise Unwritable(f"{', '.join(unknown) or 'Nothing'} can be set here: only a mapped field of the record can.")
    return {name: wire(columns[name], value, record.fields.get(name)) for name, value in action.fields.items()}


def _settled(action: Action, record: Record, *, decided: bool) -> Acted | None:
    """Return what is to be said without writing: it is decided already, or is not what the person saw."""
    if decided:
        return Acted(Effect.ALREADY, record, record.changed_by)
    if record.deleted:
        return Acted(
            Effect.MOVED, record, reason="The record is no longer in Business Central, or no longer to be seen."
        )
    if record.version != action.version:
        return Acted(Effect.MOVED, record, record.changed_by, _MOVED)
    return None


def _holds(record: Record, action: Action) -> bool:
    """Whether the record has all the wanted values; a field that is not read is not known."""
    return bool(action.fields) and all(
        name in record.fields and same(record.fields[name], value) for name, value in action.fields.items()
    )


def _is_in(record: Record, target: str) -> bool:
    """Whether the record is in the state that an action leads to, as far as it is known."""
    if target == GONE:
        return record.deleted
    status = record.fields.get(STATUS)
    return bool(target) and isinstance(status, Choice) and target in {status.code, status.label}
