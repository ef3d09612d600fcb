"""The Zoho CRM twin: accounts servers and API v8 of one small organisation, served locally.

It is written from Zoho's public documentation and is not Zoho.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.twin import Control, Twin
from connectors.zoho.sandbox import demo
from connectors.zoho.sandbox.centres import CENTRES, HOME, accounts_url, api_domain
from connectors.zoho.sandbox.control import ControlApi
from connectors.zoho.sandbox.org import App, Org
from connectors.zoho.sandbox.people import INTEGRATION, USERS
from connectors.zoho.sandbox.rest import vendor
from connectors.zoho.sandbox.telling import tell
from connectors.zoho.sandbox.tokens import Grant

__all__ = ["create"]

# the same at each start, so that a configuration written for the twin stays good
APP = App(
    client_id="1000.SANDBOXOFHARBOURTRADING",
    client_secret="sandbox-client-secret",
    redirect_uri="http://127.0.0.1/callback",
    user=INTEGRATION,
)
SCOPES = frozenset(
    f"ZohoCRM.{area}"
    for area in ("modules.ALL", "settings.ALL", "users.READ", "org.READ", "coql.READ", "notifications.ALL")
)


def create() -> Twin:
    """Make a fresh organisation with demo data. Nothing is bound: the host process serves `app`."""
    org = Org()
    demo.fill(org)
    org.store.listener = lambda events: tell(org, events)
    refresh = {
        user.email: org.tokens.issue_refresh(Grant(user, SCOPES, HOME), f"1000.sandbox.{user.first.casefold()}")
        for user in USERS.values()
    }

    def describe(base: str) -> Mapping[str, Any]:
        return {
            "name": "zoho",
            "base_url": base,
            "data_centre": HOME,
            "accounts_url": accounts_url(base, HOME),
            "api_domain": api_domain(base, HOME),
            "data_centres": {c: {"accounts": accounts_url(base, c), "api": api_domain(base, c)} for c in CENTRES},
            "client_id": APP.client_id,
            "client_secret": APP.client_secret,
            "redirect_uri": APP.redirect_uri,
            "scopes": sorted(SCOPES),
            "refresh_token": refresh[INTEGRATION.email],
            "users": [
                {
                    **user.brief(),
                    "role": user.role.name,
                    "profile": user.profile.name,
                    "refresh_token": refresh[user.email],
                }
                for user in USERS.values()
            ],
            "modules": {name: _records(org, name) for name in org.modules},
        }

    control = Control(vendor(org, APP), [*ControlApi(org, describe).routes()])
    return Twin("zoho", control, describe)


def _records(org: Org, name: str) -> list[dict[str, str]]:
    """Return id and name of the first records."""
    module = org.modules[name]
    rows = list(org.store.table(module).rows.values())[:20]
    return [{"id": str(row.id), "name": str(row.values.get(module.title))} for row in rows]
