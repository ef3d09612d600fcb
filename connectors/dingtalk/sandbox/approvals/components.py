"""The fields of forms, as callers describe them and as templates are told.

https://open.dingtalk.com/document/development/create-an-approval-form-template
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.fields import Given, part, rows, text, truth
from connectors.dingtalk.sandbox.approvals.instances import Component

MOST = 200
NOTE = "TextNote"


def components_of(given: Given) -> tuple[Component, ...]:
    """Return the components in `formComponents`. Raises a refusal for none, too many, or one without type or label."""
    found = tuple(_component(row) for row in rows(given, "formComponents"))
    labelled = all(one.type and (one.name or one.type == NOTE) for one in found)
    if not found or len(found) > MOST or not labelled:
        raise bad("formschema.error", "表单schema不合法")
    return found


def _component(row: Given) -> Component:
    props = part(row, "props")
    return Component(
        text(props, "label"),
        text(row, "componentType"),
        required=truth(props, "required"),
        options=tuple(text(option, "value") for option in rows(props, "options")),
        id=text(props, "componentId") or text(props, "id"),
        alias=text(props, "bizAlias"),
    )


def told(component: Component) -> Mapping[str, Any]:
    """Return how a template's schema tells a component."""
    props: dict[str, Any] = {"id": component.key, "label": component.name, "required": component.required}
    if component.alias:
        props["bizAlias"] = component.alias
    if component.options:
        props["options"] = list(component.options)
    return {"componentName": component.type, "props": props}
