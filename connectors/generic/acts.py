"""Decisions carried back: on a condition, under a key, and looked up where the answer was lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.contract import Acted, Action, ConnectorError, Effect, Record, Ref, Retryable, Unknown, Value, Verb
from connectors.generic.reading import Reading
from connectors.generic.records import Unusable
from connectors.generic.signing import quoted
from connectors.generic.values import Unwritable, differing, document, holds
from connectors.generic.wire import Answer, Call, Counterpart

AGAIN = timedelta(seconds=30)
PEOPLE = "user"
GONE = "The record is no longer there."
_MOVED = "The record has changed since you saw it; nothing was written."
_REFUSED = "The system refused it and gave no reason."
_UNSEEN = "It was carried out; the record cannot be read again now."


class Acts:
    """Carries decisions into the sender's system."""

    def __init__(self, counterpart: Counterpart, reading: Reading) -> None:
        self._counterpart = counterpart
        self._reading = reading

    def act(self, action: Action) -> Acted:
        """Carry it out, only if the record still has the action's version. See `connectors.contract.Acts`."""
        present: Mapping[str, Value] = {}
        before: Record | None = None
        if action.verb is Verb.SET:
            before = self._read(action)
            present = before.fields
        try:
            body = document(action, present)
        except Unwritable as error:
            return Acted(Effect.REFUSED, before, reason=str(error))
        if before is not None and (settled := _settled(action, before)) is not None:
            return settled
        return self._write(action, body)

    def _write(self, action: Action, body: Mapping[str, Any]) -> Acted:
        call = Call(
            "POST",
            (action.kind, action.id, "actions"),
            body,
            {"idempotency-key": quoted(action.key), "if-match": quoted(action.version)},
            repeatable=False,
        )
        try:
            answer = self._counterpart.call(call)
        except Unknown as lost:
            return self._looked_up(action, lost)
        return self._done(action, answer) if answer.status < 300 else self._refused(action, answer)

    def _done(self, action: Action, answer: Answer) -> Acted:
        """Look whether the values are there: a rule of the system may have set others."""
        by = Ref(PEOPLE, action.actor)
        try:
            record = self._after(action, answer)
        except ConnectorError:
            # That it was done is certain, and must not be told otherwise because of the reading.
            return Acted(Effect.DONE, by=by, reason=_UNSEEN)
        if lost := differing(action.fields, record.fields):
            reason = f"The system took the change and did not keep {', '.join(lost)}."
            return Acted(Effect.REFUSED, record, record.changed_by, reason)
        return Acted(Effect.DONE, record, by)

    def _after(self, action: Action, answer: Answer) -> Record:
        """Return the record as it stood after the write, as the answer tells or as it is read."""
        try:
            return self._reading.told(answer, action.kind, action.id)
        except Unusable:
            return self._read(action)

    def _looked_up(self, action: Action, lost: Unknown) -> Acted:
        """Look what became of a write whose answer was lost: at the record first, and then for the key.

        A record that moved before the key was looked for was moved by somebody else, and this write's condition fails
        whenever it arrives.
        """
        try:
            record = self._read(action)
            answer = self._counterpart.call(Call("GET", (action.kind, action.id, "actions", action.key)))
        except ConnectorError:
            raise lost from None
        if answer.status < 300:
            return self._done(action, answer)
        if not answer.gone(action.kind, action.id):
            raise lost
        if record.deleted or record.version != action.version:
            return _moved(record)
        raise Retryable("The answer was lost, and nothing is written so far.", detail=lost.detail, after=AGAIN)

    def _refused(self, action: Action, answer: Answer) -> Acted:
        if answer.gone(action.kind, action.id):
            return _moved(self._reading.gone(action.kind, action.id))
        if answer.status == 409 and "by" in answer.problem:
            return Acted(Effect.ALREADY, self._read(action), _person(answer.problem["by"]), answer.reason)
        if answer.status == 409:
            raise Retryable("The system is still carrying this out.", detail="HTTP 409", after=answer.after or AGAIN)
        if answer.status == 412:
            return _moved(self._read(action))
        if answer.status == 403 and answer.reason:
            return Acted(Effect.DENIED, reason=answer.reason)
        if answer.status == 422:
            return Acted(Effect.REFUSED, reason=answer.reason or _REFUSED)
        raise answer.unexpected()

    def _read(self, action: Action) -> Record:
        return self._reading.one(action.kind, action.id)


def _settled(action: Action, record: Record) -> Acted | None:
    """Return what is to be said of a SET without writing: it is gone, or is as wanted already."""
    if record.deleted:
        return _moved(record)
    if holds(action.fields, record.fields):
        return Acted(Effect.ALREADY, record, record.changed_by)
    return None


def _moved(record: Record) -> Acted:
    return Acted(Effect.MOVED, record, record.changed_by, GONE if record.deleted else _MOVED)


def _person(named: Any) -> Ref | None:
    if not isinstance(named, dict) or not named.get("id"):
        return None
    return Ref(PEOPLE, str(named["id"]), str(named.get("name") or ""))
