"""Card templates, which are built on the vendor's card platform; an API call names them by id alone.

https://open.dingtalk.com/document/development/card-template-building-and-publishing
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Button(msgspec.Struct, frozen=True):
    """A button that calls back: `when` names variables and the values that they must have for it to show."""

    id: str
    label: str
    params: Mapping[str, str] = {}
    when: Mapping[str, str] = {}


class Template(msgspec.Struct, frozen=True):
    """What a card looks like. `${name}` stands for a variable; `private` variables have a value for each person.

    `buttons_from` names a variable with buttons as JSON: a list of `{"id", "text", "params", "status"}`.
    """

    id: str
    title: str
    body: str
    buttons: tuple[Button, ...] = ()
    buttons_from: str = ""
    private: tuple[str, ...] = ()
    published: bool = True


def filled(text: str, data: Mapping[str, str]) -> str:
    """Return a text with its variables replaced; one without a value is empty."""
    return _VARIABLE.sub(lambda match: data.get(match[1], ""), text)


def buttons_of(template: Template, data: Mapping[str, str]) -> list[Button]:
    """Return the buttons that show with this data."""
    shown = [
        Button(one.id, filled(one.label, data), {name: filled(value, data) for name, value in one.params.items()})
        for one in template.buttons
        if all(data.get(name) == value for name, value in one.when.items())
    ]
    return shown + [button for row in _rows(data.get(template.buttons_from, "")) if (button := _button(row))]


def _rows(raw: str) -> list[Any]:
    try:
        rows = msgspec.json.decode(raw) if raw else []
    except (msgspec.DecodeError, RecursionError):
        return []
    if isinstance(rows, dict):
        # the vendor's SDKs wrap the list
        rows = rows.get("msgButtons")
    return rows if isinstance(rows, list) else []


def _button(row: object) -> Button | None:
    if not isinstance(row, dict) or row.get("status") == "disabled":
        return None
    label = row.get("text") or row.get("label")
    params = row.get("params")
    given = {str(name): str(value) for name, value in params.items()} if isinstance(params, dict) else {}
    return Button(str(row.get("id", label)), str(label), given) if label else None


DEMO = (
    Template(
        "sandbox-approval.schema",
        "${title}",
        "${body}",
        (
            Button("approve", "Approve", {"action": "approve"}, {"state": "pending", "may_decide": "true"}),
            Button("reject", "Reject", {"action": "reject"}, {"state": "pending", "may_decide": "true"}),
        ),
        private=("may_decide",),
    ),
    Template("sandbox-buttons.schema", "${title}", "${body}", buttons_from="buttons", private=("buttons",)),
    Template("sandbox-draft.schema", "${title}", "${body}", published=False),
    # the templates that the vendor's own SDKs name
    Template("589420e2-c1e2-46ef-a5ed-b8728e654da9.schema", "${title}", "${markdown}"),
    Template(
        "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema", "${title}", "${markdown}", buttons_from="sys_full_json_obj"
    ),
)
