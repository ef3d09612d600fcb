"""A person's decision carried back: as that person, only if the record still is what they saw, and at most once.

https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

from connectors.contract import Acted, Action, Effect, Misconfigured, Record, Ref, Retryable, Unknown, Verb
from connectors.salesforce.approvals import Approvals
from connectors.salesforce.errors import Answered, answered, refused
from connectors.salesforce.identity import Person
from connectors.salesforce.people import NoUser, People
from connectors.salesforce.reading import Reading
from connectors.salesforce.records import id18
from connectors.salesforce.values import body, differ, other_currency
from connectors.salesforce.wire import Calls

SECOND = timedelta(seconds=1)
MOVED = "The record has changed since the message was made: look at it again."
GONE = "The record was deleted, or is no longer shared with the bridge."
_NAME = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, slots=True)
class Actions:
    """Carries decisions into one org."""

    org: Calls
    reading: Reading
    people: People
    approvals: Approvals
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = field(default=time.sleep)

    def act(self, action: Action) -> Acted:
        """See `Client.act`."""
        self.reading.kind(action.kind)
        if action.verb is Verb.TRANSITION:
            return Acted(Effect.REFUSED, reason="Salesforce has no transitions: set the field, or approve.")
        try:
            person = self.people.person(action.actor)
        except NoUser as error:
            return Acted(Effect.DENIED, reason=str(error))
        if action.verb is Verb.SET:
            return self._set(action, person)
        return self.approvals.decide(action, person)

    def _set(self, action: Action, person: Person) -> Acted:
        if odd := [name for name in action.fields if not _NAME.fullmatch(name)]:
            raise Misconfigured("An action names a field that no object can have: correct it.", detail=odd[0][:40])
        before = self._present(action)
        if before.deleted or before.version != action.version or not differ(action.fields, before.fields):
            return self._otherwise(action, before)
        if name := other_currency(action.fields, before.fields):
            return Acted(Effect.REFUSED, self._told(action, before), reason=f"{name} has another currency there.")
        if self.now() - before.stamp < SECOND:
            # The condition has whole seconds: within this one, a second change would not show.
            self.sleep(SECOND.total_seconds())
            again = self._present(action)
            if (again.version, again.fields) != (before.version, before.fields):
                return self._otherwise(action, again)
        return self._write(action, person, before)

    def _write(self, action: Action, person: Person, before: Record) -> Acted:
        condition = {"If-Unmodified-Since": format_datetime(before.stamp, usegmt=True)}
        try:
            self.org.call(
                f"sobjects/{action.kind}/{id18(action.id)}",
                by=person,
                judge=answered,
                method="PATCH",
                data=body(action.fields),
                headers=condition,
            )
        except Answered as said:
            if said.fault.status == 412:
                return self._otherwise(action, self._present(action))
            return refused(said.fault, self._told(action, self._present(action)))
        except Unknown:
            return self._found(action, before)
        return self._done(action, self._present(action))

    def _found(self, action: Action, before: Record) -> Acted:
        """Look what became of a write without an answer."""
        present = self._present(action)
        if (present.version, present.fields) == (before.version, before.fields):
            # It is not there. Should it still arrive, its condition and the next attempt's allow one of them.
            raise Retryable("Salesforce did not answer and has not written it; it is tried again.")
        if not present.deleted and by_actor(present, action) and not differ(action.fields, present.fields):
            return self._done(action, present)
        return self._otherwise(action, present)

    def _done(self, action: Action, present: Record) -> Acted:
        changed = [] if present.deleted else differ(action.fields, present.fields)
        reason = f"Salesforce shows another value for {', '.join(changed)} than was set." if changed else ""
        return Acted(Effect.DONE, self._told(action, present), Ref("User", id18(action.actor)), reason)

    def _otherwise(self, action: Action, present: Record) -> Acted:
        """Say why nothing is written: it is as wanted already, gone, or something else."""
        if present.deleted:
            return Acted(Effect.MOVED, present, reason=GONE)
        told = self._told(action, present)
        if not differ(action.fields, present.fields):
            return Acted(Effect.ALREADY, told, present.changed_by, "The record is like this already.")
        return Acted(Effect.MOVED, told, present.changed_by, MOVED)

    def _present(self, action: Action) -> Record:
        return self.reading.one(action.kind, action.id, tuple(action.fields))

    def _told(self, action: Action, record: Record) -> Record:
        """Leave what the mapping names: the state goes the way of every other read."""
        mapped = self.reading.kind(action.kind).fields
        return replace(record, fields={name: value for name, value in record.fields.items() if name in mapped})


def by_actor(record: Record, action: Action) -> bool:
    """Say whether the record's last change was the actor's."""
    return record.changed_by is not None and record.changed_by.id == id18(action.actor)
