"""The vendor's paths."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.zoho.sandbox import company, metadata, queries, reading, transitions, watch, writing
from connectors.zoho.sandbox.accounts import Accounts
from connectors.zoho.sandbox.centres import sorted_by_centre
from connectors.zoho.sandbox.errors import unknown_path
from connectors.zoho.sandbox.gate import Call, Endpoint, Handler, Resource
from connectors.zoho.sandbox.org import App, Org
from connectors.zoho.sandbox.scopes import Need

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ROOT = "/crm/v8"


def _nowhere(_call: Call) -> Response:
    raise unknown_path()


def _settings(handler: Handler, owner: str) -> dict[str, Endpoint]:
    return {"GET": Endpoint(handler, Need("settings", "READ"), owner=owner)}


_READ, _CREATE, _UPDATE, _DELETE = (Need("modules", word) for word in ("READ", "CREATE", "UPDATE", "DELETE"))
_TELL = "notifications"
_UPSERT = Endpoint(writing.upsert, _CREATE, writing.cost)
_WRITE = Endpoint(writing.update, _UPDATE, writing.cost)
_REMOVE = Endpoint(writing.delete, _DELETE)

_RESOURCES: dict[str, dict[str, Endpoint]] = {
    "/settings/modules": _settings(metadata.modules, "modules"),
    "/settings/modules/{name}": _settings(metadata.module, "modules"),
    "/settings/fields": _settings(metadata.fields, "fields"),
    "/settings/fields/{id}": _settings(metadata.field, "fields"),
    "/settings/profiles": _settings(company.profiles, "profiles"),
    "/settings/roles": _settings(company.roles, "roles"),
    "/users": {"GET": Endpoint(company.users, Need("users", "READ"))},
    "/users/{id}": {"GET": Endpoint(company.user, Need("users", "READ"))},
    "/org": {"GET": Endpoint(company.org, Need("org", "READ"))},
    "/org/currencies": _settings(company.currencies, "currencies"),
    "/coql": {"POST": Endpoint(queries.query, Need("coql", "READ"), queries.cost)},
    "/actions/watch": {
        "GET": Endpoint(watch.shown, Need(_TELL, "READ")),
        "POST": Endpoint(watch.enable, Need(_TELL, "CREATE")),
        "PUT": Endpoint(watch.update, Need(_TELL, "UPDATE")),
        "PATCH": Endpoint(watch.change, Need(_TELL, "UPDATE")),
        "DELETE": Endpoint(watch.disable, Need(_TELL, "DELETE")),
    },
    "/{module}": {
        "GET": Endpoint(reading.listed, _READ),
        "POST": Endpoint(writing.insert, _CREATE, writing.cost),
        "PUT": _WRITE,
        "DELETE": _REMOVE,
    },
    "/{module}/upsert": {"POST": _UPSERT},
    "/{module}/deleted": {"GET": Endpoint(reading.deleted, _READ, reading.deleted_cost)},
    "/{module}/{id}": {"GET": Endpoint(reading.one, _READ), "PUT": _WRITE, "DELETE": _REMOVE},
    "/{module}/{id}/actions/blueprint": {
        "GET": Endpoint(transitions.shown, _READ),
        "PUT": Endpoint(transitions.done, _UPDATE),
    },
}


def vendor(org: Org, app: App) -> ASGIApp:
    """Return the application that serves what the vendor serves."""
    accounts = Accounts(org, app)
    nowhere = dict.fromkeys(METHODS, Endpoint(_nowhere, Need("modules", "READ")))
    routes = [
        Route("/oauth/v2/auth", accounts.consent, methods=["GET"]),
        Route("/oauth/v2/token", accounts.token, methods=["POST"]),
        Route("/oauth/v2/token/revoke", accounts.revoke, methods=["POST"]),
        *(Route(ROOT + path, Resource(org, table).serve, methods=METHODS) for path, table in _RESOURCES.items()),
        Route("/{rest:path}", Resource(org, nowhere).serve, methods=METHODS),
    ]
    return sorted_by_centre(Starlette(routes=routes))
