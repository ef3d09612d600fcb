"""The organisation itself: users, profiles, roles, currencies.

See https://www.zoho.com/crm/developer/docs/api/v8/get-users.html
and https://www.zoho.com/crm/developer/docs/api/v8/get-org-data.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import ids
from connectors.zoho.sandbox.errors import invalid_id
from connectors.zoho.sandbox.gate import Call, answer, info, nothing
from connectors.zoho.sandbox.people import ORG_ZONE, PROFILES, ROLES, USERS, User
from connectors.zoho.sandbox.rendering import SYMBOLS

FOUNDED = "2026-01-05T09:00:00+08:00"
RATES = {"HKD": "1.000000000", "CNY": "1.070000000", "USD": "7.800000000", "EUR": "9.100000000"}
BASE = "HKD"

_OFF = (
    "gapps_enabled",
    "translation_enabled",
    "deletable_org_account",
    "hipaa_compliance_enabled",
    "lite_users_enabled",
)
_EMPTY = ("photo_id", "city", "description", "street", "alias", "state", "fax", "zip", "mobile", "zia_portal_id")


def users(call: Call) -> Response:
    """Return the users; `type=CurrentUser` gives the caller alone."""
    kind = call.param("type") or "AllUsers"
    chosen: Iterable[User] = USERS.values()
    if kind == "CurrentUser":
        chosen = [call.user]
    elif kind in {"DeactiveUsers", "NotConfirmedUsers", "DeletedUsers"}:
        return nothing(204)
    shown = [_user(call, user) for user in chosen]
    return answer({"users": shown, "info": info(count=len(shown))})


def user(call: Call) -> Response:
    """Return one user."""
    found = USERS.get(ids.parse(call.request.path_params["id"]) or 0)
    if found is None:
        raise invalid_id()
    return answer({"users": [_user(call, found)], "info": info(count=1)})


def profiles(_call: Call) -> Response:
    """Return the profiles."""
    return answer({"profiles": [{"name": p.name, "id": str(p.id), "display_label": p.name} for p in PROFILES.values()]})


def roles(_call: Call) -> Response:
    """Return the roles with what they report to."""
    shown = [
        {
            "name": role.name,
            "id": str(role.id),
            "display_label": role.name,
            "share_with_peers": True,
            "reporting_to": {"name": ROLES[role.above].name, "id": str(role.above)} if role.above else None,
        }
        for role in ROLES.values()
    ]
    return answer({"roles": shown})


def org(_call: Call) -> Response:
    """Return the organisation: its base currency and its time zone."""
    return answer({"org": [_org()]})


def currencies(_call: Call) -> Response:
    """Return the currencies with their rates to the base currency."""
    return answer({"currencies": [_currency(code, n) for n, code in enumerate(RATES)]})


def _user(call: Call, user: User) -> dict[str, Any]:
    return {
        "country": None,
        "language": "en_US",
        "id": str(user.id),
        "profile": {"name": user.profile.name, "id": str(user.profile.id)},
        "role": {"name": user.role.name, "id": str(user.role.id)},
        "full_name": user.name,
        "first_name": user.first,
        "last_name": user.last,
        "email": user.email,
        "zuid": str(user.id % 1_000_000),
        "status": "active",
        "confirm": True,
        "time_zone": user.zone,
        "locale": "en_HK",
        "country_locale": "en_HK",
        "category": "regular_user",
        "Currency": BASE,
        "created_time": FOUNDED,
        "Modified_Time": FOUNDED,
        "Isonline": user == call.user,
    }


def _org() -> dict[str, Any]:
    return {
        "id": str(ids.ORG),
        "company_name": "Harbour Trading",
        "domain_name": "harbour",
        "primary_email": "office@harbour.example",
        "country": "Hong Kong",
        "country_code": "HK",
        "time_zone": ORG_ZONE,
        "currency": "Hong Kong Dollar - HKD",
        "currency_symbol": SYMBOLS[BASE],
        "currency_locale": "en_HK",
        "iso_code": BASE,
        "mc_status": True,
        "type": "Production",
        "max_per_page": 200,
        "privacy_settings": False,
        "license_details": {
            "paid": True,
            "paid_type": "enterprise",
            "users_license_purchased": len(USERS),
            "paid_expiry": "2031-01-05T00:00:00+08:00",
            "trial_type": None,
            "trial_expiry": None,
            "trial_action": "none",
        },
        "created_time": FOUNDED,
        "oauth_presence": True,
        "hierarchy_preferences": {"type": "Role_Hierarchy", "strictly_reporting": False},
        "checkin_preferences": {"restricted_event_types": None},
        "phone": "+852 5550 0100",
        "zgid": str(ids.ORG % 1_000_000),
        "ezgid": "b2c4d6",
        "primary_zuid": str(ids.PEOPLE % 1_000_000 + 1),
        "zia_zgid": 1,
        "call_icon": "default",
        **dict.fromkeys(_OFF, False),
        **dict.fromkeys(_EMPTY),
    }


def _currency(code: str, place: int) -> dict[str, Any]:
    by = USERS[ids.PEOPLE + 1]
    return {
        "symbol": SYMBOLS[code],
        "created_time": FOUNDED,
        "is_active": True,
        "exchange_rate": RATES[code],
        "format": {"decimal_separator": "Period", "thousand_separator": "Comma", "decimal_places": "2"},
        "created_by": {"name": by.name, "id": str(by.id)},
        "prefix_symbol": True,
        "is_base": code == BASE,
        "modified_time": FOUNDED,
        "name": f"{code} currency",
        "modified_by": {"name": by.name, "id": str(by.id)},
        "id": str(ids.CURRENCIES + place),
        "iso_code": code,
    }
