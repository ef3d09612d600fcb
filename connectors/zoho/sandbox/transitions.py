"""The blueprint of a record: what this user may do next, and doing it.

See https://www.zoho.com/crm/developer/docs/api/v8/blueprint-details.html
and https://www.zoho.com/crm/developer/docs/api/v8/update-blueprint.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import ids, wire
from connectors.zoho.sandbox.blueprints import Process, Transition
from connectors.zoho.sandbox.errors import LOCKED, ApiError, RowError, invalid_id
from connectors.zoho.sandbox.gate import Call, answer
from connectors.zoho.sandbox.metadata import described_field
from connectors.zoho.sandbox.people import Right
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import Field
from connectors.zoho.sandbox.store import Change, Row

_SHOWN = (
    "api_name",
    "id",
    "data_type",
    "json_type",
    "field_label",
    "display_label",
    "column_name",
    "system_mandatory",
    "custom_field",
    "field_read_only",
    "read_only",
    "visible",
    "length",
    "pick_list_values",
    "view_type",
    "profiles",
)


@dataclass(frozen=True, slots=True)
class _Step:
    """A record in its process."""

    view: View
    row: Row
    process: Process

    @property
    def value(self) -> object:
        """Where the record stands."""
        return self.row.values.get(self.process.field)


def shown(call: Call) -> Response:
    """Return the process of a record and the transitions that the caller may do."""
    step = _step(call, Right.VIEW)
    transitions = [_transition(call, step, t) for t in step.process.open_to(call.user, step.value)]
    return answer({"blueprint": {"process_info": _process(step), "transitions": transitions}})


def done(call: Call) -> Response:
    """Do one transition. It is refused when the record moved on or the caller may not do it."""
    step = _step(call, Right.EDIT)
    asked = wire.decode(call.body).get("blueprint")
    if not isinstance(asked, list) or len(asked) != 1 or not isinstance(asked[0], dict):
        raise _refused("INVALID_DATA", "invalid data", api_name="blueprint", expected_data_type="jsonarray")
    transition = _chosen(call, step, ids.parse(asked[0].get("transition_id")))
    given = asked[0].get("data") or {}
    if missing := next((name for name in transition.asks if not given.get(name)), None):
        raise _refused("MANDATORY_NOT_FOUND", "mandatory param missing", api_name=missing)
    _move(call, step, transition, given)
    return answer({"code": "SUCCESS", "details": {}, "message": "transition updated successfully", "status": "success"})


def _move(call: Call, step: _Step, transition: Transition, given: Mapping[str, Any]) -> None:
    # what a transition asks for it may write, and notes are no field of the record
    asked = {name: value for name, value in given.items() if name != "Notes"}
    try:
        values = call.org.writer(call.user).accept(step.view.module, asked, 0, creating=False)
    except RowError as error:
        raise ApiError(400, "INVALID_DATA", "invalid data", error.details) from error
    change = Change(call.user)
    call.org.store.update(step.view.module, step.row.id, {**values, step.process.field: transition.end}, change)


def _step(call: Call, right: Right) -> _Step:
    view = call.view(right)
    row = call.row(view.module)
    if row is None:
        raise invalid_id()
    process = call.org.processes.get(view.module.name)
    if row.locked:
        raise _refused("RECORD_LOCKED", LOCKED)
    if process is None or not row.in_process:
        raise _refused("RECORD_NOT_IN_PROCESS", "record not in process")
    return _Step(view, row, process)


def _chosen(call: Call, step: _Step, transition_id: int | None) -> Transition:
    found = next((t for t in step.process.transitions if t.id == transition_id), None)
    if found is None or found.start != step.value:
        raise _refused("INVALID_DATA", "invalid transition", api_name="transition_id")
    if not found.open_to(call.user):
        # A-ZOHO-74: such a transition is not listed; the code for doing it anyway is not named
        if call.org.switches.forbidden_transition == "NO_PERMISSION":
            raise _refused("NO_PERMISSION", "permission denied", api_name="transition_id")
        raise _refused("INVALID_DATA", "invalid transition", api_name="transition_id")
    return found


def _refused(code: str, message: str, /, **details: Any) -> ApiError:
    return ApiError(400, code, message, details)


def _process(step: _Step) -> dict[str, Any]:
    field = step.view.module.fields[step.process.field]
    value = step.value
    return {
        "field_id": str(field.id),
        "is_continuous": False,
        "api_name": field.name,
        "continuous": False,
        "field_label": field.label,
        "name": step.process.name,
        "column_name": field.name.upper(),
        "field_value": value,
        "id": str(step.process.id),
        "field_name": field.label,
        "escalation": None,
        "current_picklist": {"id": str(ids.PICKS + field.id % 1000), "value": value},
    }


def _transition(call: Call, step: _Step, transition: Transition) -> dict[str, Any]:
    fields = [step.view.module.fields[name] for name in transition.asks]
    read = step.view.reader(transition.asks)
    return {
        "next_transitions": [
            {"id": str(t.id), "name": t.name}
            for t in step.process.transitions
            if t.start == transition.end and t.open_to(call.user)
        ],
        "percent_partial_save": 0.0,
        "data": {name: value for name, value in read(step.row).items() if name != "id"},
        "next_field_value": transition.end,
        "name": transition.name,
        "criteria_matched": True,
        "id": str(transition.id),
        "fields": [_asked(call, step, field) for field in fields],
        "criteria_message": None,
        "type": "manual",
    }


def _asked(call: Call, step: _Step, field: Field) -> dict[str, Any]:
    """Return a field that a transition asks for, with less than its own metadata has."""
    known = described_field(call.org, step.view, field)
    return {**{name: known[name] for name in _SHOWN}, "mandatory": True, "_type": "fields", "transition_sequence": 1}
