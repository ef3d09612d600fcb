"""The companies of an environment.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_company
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.dynamics.sandbox.central.api import Call, json
from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.central.place import NOBODY, Company
from connectors.dynamics.sandbox.odata.filters import Dialect, Operand, compiled
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Type


def answer(call: Call) -> Response:
    """Return one company, or those that a filter lets through. Raises `Refusal` 400, 404."""
    context = f"{call.root}/$metadata#companies"
    if call.segments[0].args is not None:
        return json({"@odata.context": f"{context}/$entity", **_selected(call, _shown(call.company()))})
    found = [_shown(company) for company in call.place.companies]
    if call.options.filter:
        test = compiled(call.options.filter, Dialect(lambda path: _operand(path, found[0]), fold=False))
        found = [one for one in found if test(one)]
    return json({"@odata.context": context, "value": [_selected(call, one) for one in found]})


def _shown(company: Company) -> dict[str, Any]:
    return {
        "id": company.id,
        "systemVersion": "26.0",
        "timestamp": 1,
        "name": company.name,
        "displayName": company.display,
        "businessProfileId": "",
        "systemCreatedAt": "0001-01-01T00:00:00Z",
        "systemCreatedBy": NOBODY,
        "systemModifiedAt": "0001-01-01T00:00:00Z",
        "systemModifiedBy": NOBODY,
    }


def _selected(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    for name in call.options.select:
        if name not in shown:
            raise _unknown(name)
    return {name: value for name, value in shown.items() if not call.options.select or name in call.options.select}


def _operand(path: str, example: dict[str, Any]) -> Operand:
    if path not in example:
        raise _unknown(path)
    return Operand(path, lambda one: one[path], Type.ID if path == "id" else Type.TEXT)


def _unknown(name: str) -> Refusal:
    return refuse(400, "BadRequest", f"Could not find a property named '{name}' on type 'Microsoft.NAV.company'.")
