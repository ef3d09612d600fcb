"""Decisions carried back: conditional updates, as the person who decided.

Every update names the state that the person saw. Without that, an update of a row that is gone would create it anew.
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/perform-conditional-operations-using-web-api
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.contract import (
    Acted,
    Action,
    Answer,
    ConnectorError,
    Effect,
    Misconfigured,
    Record,
    Ref,
    Retryable,
    Unknown,
)
from connectors.dynamics.dataverse.errors import explain
from connectors.dynamics.dataverse.people import USER, People
from connectors.dynamics.dataverse.permissions import NO_USER, NOT_SHOWN
from connectors.dynamics.dataverse.records import version_of
from connectors.dynamics.dataverse.refusals import NO_IMPERSONATION, NOT_GUARDED, reason
from connectors.dynamics.dataverse.schema import Table
from connectors.dynamics.dataverse.settings import Kind
from connectors.dynamics.dataverse.steps import step_of
from connectors.dynamics.dataverse.values import Bind, Cell, Unwritable, cell, plain
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import Answer as Said
from connectors.odata import RawRow, etag, guid, keyed, selected

SOON = timedelta(seconds=30)
_MOVED = "The record has changed since you saw it; nothing was written."
_GONE = "The record is no longer in Dataverse."


@dataclass(frozen=True, slots=True)
class Desk:
    """What a decision on a record of one kind needs beside the calls.

    `read` returns a record as the application user sees it, `may` asks whether somebody may do something, `bind` finds
    the way to write a look-up.
    """

    kind: Kind
    table: Table
    read: Callable[[str], Record]
    may: Callable[[str, Action], Answer]
    bind: Bind


class Acts:
    """Carries out decisions on the records of one kind."""

    def __init__(self, environment: Environment, people: People, desk: Desk) -> None:
        self._environment = environment
        self._people = people
        self._desk = desk

    def act(self, action: Action) -> Acted:
        """Carry it out, only if the record still has the action's version. See `connectors.contract.Acts`."""
        headers = self._people.acting(action.actor)
        if headers is None:
            return Acted(Effect.DENIED, reason=NO_USER)
        record = self._desk.read(action.id)
        if record.deleted:
            return Acted(Effect.MOVED, record, reason=_GONE)
        try:
            cells = self._cells(action, record)
        except Unwritable as error:
            return Acted(Effect.REFUSED, record, reason=str(error))
        row = self._row(action, cells)
        settled = self._settled(action, cells, row)
        if settled is not None:
            return settled
        tag = etag(row or {})
        if not tag:
            raise _unguarded("no tag")
        return self._write(action, cells, tag, headers)

    def _cells(self, action: Action, record: Record) -> Sequence[Cell]:
        step = step_of(action, self._desk.kind)
        if step is None:
            raise Unwritable("The settings do not say what this decision writes in Dataverse.")
        columns = self._desk.table.attributes
        by_settings = [plain(name, value, columns.get(name)) for name, value in step.items()]
        return [*by_settings, *(cell(name, value, record, self._desk.bind) for name, value in action.fields.items())]

    def _write(self, action: Action, cells: Sequence[Cell], tag: str, headers: Mapping[str, str]) -> Acted:
        body = {each.key: each.value for each in cells}
        if action.comment and self._desk.kind.comment:
            body[self._desk.kind.comment] = action.comment
        call = Call(
            "PATCH",
            self._environment.at(self._path(action)),
            {**headers, "If-Match": tag},
            body,
            repeatable=False,
            refusable=True,
        )
        try:
            answer = self._environment.call(call)
        except Unknown as lost:
            return self._after_loss(action, cells, lost)
        if answer.status < 300:
            return self._kept(action, cells)
        return self._refused(action, cells, answer)

    def _kept(self, action: Action, cells: Sequence[Cell]) -> Acted:
        """Look whether the values are there: a rule of the table may have set others."""
        row = self._row(action, cells)
        record = self._desk.read(action.id)
        lost = [each.column for each in cells if row is not None and not each.holds(row)]
        if lost:
            why = f"Dataverse took the change and did not keep {', '.join(lost)}."
            return Acted(Effect.REFUSED, record, record.changed_by, why)
        return Acted(Effect.DONE, record, by=self._writer(action, record))

    def _refused(self, action: Action, cells: Sequence[Cell], answer: Said) -> Acted:
        fault, code = answer.fault, answer.fault.code.lower()
        if code == NOT_GUARDED:
            raise _unguarded(fault.detail)
        if answer.status in {404, 412}:
            # A duplicate is refused with 412 as well.
            settled = self._settled(action, cells, self._row(action, cells))
            if settled is not None:
                return settled
        if answer.status == 404:
            return Acted(Effect.DENIED, reason=NOT_SHOWN)
        if answer.status == 403:
            return self._forbidden(action, answer)
        return Acted(Effect.REFUSED, reason=reason(fault))

    def _forbidden(self, action: Action, answer: Said) -> Acted:
        """Find out who may not: a call in somebody's name needs the privilege of both."""
        detail = answer.fault.detail
        if answer.fault.code.lower() == NO_IMPERSONATION:
            raise Misconfigured(
                "The application user may not act for people: give its own role Act on Behalf of Another User "
                "(prvActOnBehalfOfAnotherUser), directly and not through a team.",
                detail=detail,
            )
        asked = self._desk.may(action.actor, action)
        if not asked.allowed:
            return Acted(Effect.DENIED, reason=asked.reason)
        raise Misconfigured(
            f"The application user's role lacks a privilege to write {action.kind}: the person has it.", detail=detail
        )

    def _after_loss(self, action: Action, cells: Sequence[Cell], lost: Unknown) -> Acted:
        """Read again what became of a write whose answer was lost."""
        try:
            row = self._row(action, cells)
            record = self._desk.read(action.id)
        except ConnectorError:
            raise lost from None
        if row is not None and _decided(cells, row):
            ours = not self._people.impersonates or (record.changed_by and record.changed_by.id == action.actor)
            return Acted(Effect.DONE if ours else Effect.ALREADY, record, record.changed_by)
        if row is not None and version_of(row) == action.version:
            # The condition still guards the next try.
            raise Retryable(
                "Dataverse's answer was lost, and nothing is written so far.", detail=lost.detail, after=SOON
            )
        raise lost

    def _settled(self, action: Action, cells: Sequence[Cell], row: RawRow | None) -> Acted | None:
        """Return what is to be said without writing: it is decided already, or is not what the person saw."""
        if row is None:
            return Acted(Effect.MOVED, self._desk.read(action.id), reason=_GONE)
        if _decided(cells, row):
            record = self._desk.read(action.id)
            return Acted(Effect.ALREADY, record, record.changed_by)
        if version_of(row) != action.version:
            record = self._desk.read(action.id)
            return Acted(Effect.MOVED, record, record.changed_by, _MOVED)
        return None

    def _row(self, action: Action, cells: Sequence[Cell]) -> RawRow | None:
        """Read the columns that are decided on with the tag of their state; None where the row is gone."""
        columns = ["modifiedon", *(each.column for each in cells)]
        url = self._environment.at(self._path(action), {"$select": selected(columns)})
        answer = self._environment.call(Call("GET", url, refusable=True))
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise explain(answer.fault)
        return answer.body if isinstance(answer.body, dict) else {}

    def _path(self, action: Action) -> str:
        return keyed(self._desk.table.entity_set, guid(action.id))

    def _writer(self, action: Action, record: Record) -> Ref | None:
        return Ref(USER, action.actor) if self._people.impersonates else record.changed_by


def _decided(cells: Sequence[Cell], row: RawRow) -> bool:
    return all(each.holds(row) for each in cells)


def _unguarded(detail: str) -> Misconfigured:
    return Misconfigured(
        "This table takes no conditional updates, so what somebody changed meanwhile could be lost: nothing is written. "
        "Take its decisions out of the configuration.",
        detail=detail,
    )
