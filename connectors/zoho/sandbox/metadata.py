"""The modules and their fields, as the caller may see them.

See https://www.zoho.com/crm/developer/docs/api/v8/modules-api.html
and https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import ids
from connectors.zoho.sandbox.errors import ApiError, invalid_id, unknown_module
from connectors.zoho.sandbox.gate import Call, answer
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.people import ADMINISTRATOR, PROFILES, Access, Right
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import Field, Module, Type


def modules(call: Call) -> Response:
    """Return the modules that the caller may see."""
    mine = [m for m in call.org.modules.values() if _may(call, m, Right.VIEW)]
    return answer({"modules": [_module(call, m, place) for place, m in enumerate(mine)]})


def module(call: Call) -> Response:
    """Return one module by its API name or id."""
    named = call.request.path_params["name"]
    for place, found in enumerate(call.org.modules.values()):
        if named in {found.name, str(found.id)}:
            return answer({"modules": [_module(call, found, place)]})
    raise unknown_module()


def fields(call: Call) -> Response:
    """Return the fields of `module`: also those that the caller may not see."""
    view = _view(call)
    return answer({"fields": [described_field(call.org, view, one) for one in view.module.fields.values()]})


def field(call: Call) -> Response:
    """Return one field by its id."""
    view = _view(call)
    for found in view.module.fields.values():
        if str(found.id) == call.request.path_params["id"]:
            return answer({"fields": [described_field(call.org, view, found)]})
    raise invalid_id()


def described_field(org: Org, view: View, field: Field) -> dict[str, Any]:
    """Return the metadata of a field. Only who may customise modules learns what each profile may do with it."""
    fixed = field.read_only
    access = org.rules.access(view.user.profile, view.module, field.name)
    return {
        "associated_module": None,
        "webhook": True,
        "operation_type": dict.fromkeys(("web_update", "api_create", "web_create", "api_update"), not fixed),
        "colour_code_enabled_by_system": False,
        "field_label": field.label.removesuffix("*"),
        "display_label": field.label.removesuffix("*"),
        "tooltip": None,
        "type": "used",
        "field_read_only": fixed,
        "read_only": fixed or access is Access.READ_ONLY,
        "json_type": field.json_type,
        "data_type": field.type.value,
        "system_mandatory": field.mandatory,
        "custom_field": field.custom,
        "virtual_field": False,
        "visible": access is not Access.HIDDEN,
        "view_type": dict.fromkeys(("view", "edit", "quick_create", "create"), True),
        "display_field": field.name == view.module.title,
        "length": field.length,
        "decimal_place": 2 if field.type is Type.CURRENCY else None,
        "currency": {"rounding_option": "round_off", "precision": 2} if field.type is Type.CURRENCY else {},
        "id": str(field.id),
        "api_name": field.name,
        "column_name": field.name.upper(),
        "unique": {"casesensitive": "false"} if field.unique else {},
        "lookup": _lookup(org, field),
        "profiles": _profiles(org, view.module, field) if view.user.profile == ADMINISTRATOR else None,
        "pick_list_values": [_choice(field, n) for n in range(len(field.choices))],
        "pick_list_values_sorted_lexically": False,
        "sortable": field.type is not Type.TEXTAREA,
        "filterable": field.type is not Type.TEXTAREA,
        "searchable": True,
        "separator": False,
        "mass_update": not fixed,
        "blueprint_supported": not fixed,
        "created_source": "default",
        "history_tracking": None,
        "crypt": None,
        "private": None,
        "hipaa_compliance": None,
        "hipaa_compliance_enabled": False,
        "created_time": None,
        "modified_time": None,
        "ui_type": 1,
        "display_type": -1,
        "show_type": 7,
        "category": 1,
    }


def _view(call: Call) -> View:
    named = call.param("module")
    if named is None:
        details = {"param_name": "module"}
        raise ApiError(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", details)
    found = call.org.modules.get(named)
    if found is None:
        raise ApiError(
            400, "INVALID_MODULE", "The module name given seems to be invalid", {"param_name": "module", "param": named}
        )
    call.org.rules.check(call.user, found, Right.VIEW)
    return View(call.org, call.user, found)


def _lookup(org: Org, field: Field) -> dict[str, Any]:
    if field.type is not Type.LOOKUP:
        return {}
    target = org.modules[field.lookup]
    return {
        "display_label": target.plural,
        "api_name": None,
        "query_details": {},
        "module": {"api_name": target.name, "id": str(target.id)},
        "id": None,
        "revalidate_filter_during_edit": False,
        "show_fields": [],
    }


def _profiles(org: Org, module: Module, field: Field) -> list[dict[str, str]]:
    return [
        {"name": p.name, "id": str(p.id), "permission_type": org.rules.access(p, module, field.name).value}
        for p in PROFILES.values()
    ]


def _choice(field: Field, place: int) -> dict[str, Any]:
    choice = field.choices[place]
    return {
        "display_value": choice.display,
        "sequence_number": place + 1,
        "reference_value": choice.actual,
        "colour_code": None,
        "actual_value": choice.actual,
        "id": str(ids.PICKS + field.id % 1000 * 10 + place),
        "type": "used",
    }


def _may(call: Call, module: Module, right: Right) -> bool:
    return (call.user.profile.id, module.name, right) not in call.org.rules.denied


def _module(call: Call, module: Module, place: int) -> dict[str, Any]:
    return {
        "common.search_supported": True,
        "deletable": _may(call, module, Right.DELETE),
        "description": None,
        "creatable": _may(call, module, Right.CREATE),
        "recycle_bin_on_delete": True,
        "modified_time": None,
        "plural_label": module.plural,
        "presence_sub_menu": True,
        "triggers_supported": True,
        "id": str(module.id),
        "isBlueprintSupported": True,
        "visibility": 1,
        "visible": True,
        "convertable": False,
        "editable": _may(call, module, Right.EDIT),
        "filter_supported": True,
        "show_as_tab": True,
        "web_link": None,
        "sequence_number": place + 1,
        "singular_label": module.singular,
        "viewable": _may(call, module, Right.VIEW),
        "api_supported": True,
        "api_name": module.name,
        "quick_create": True,
        "generated_type": "default",
        "feeds_required": True,
        "scoring_supported": True,
        "webform_supported": True,
        "arguments": [],
        "module_name": module.plural,
        "profile_count": len(PROFILES),
        "business_card_field_limit": 5,
        "track_current_data": False,
        "modified_by": None,
        "profiles": [{"name": p.name, "id": str(p.id)} for p in PROFILES.values()],
        "parent_module": {},
        "activity_badge": "Disabled",
        "status": "visible",
    }
