"""The vendor's paths."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.salesforce.sandbox import metadata, queries, replication, rows
from connectors.salesforce.sandbox.gate import Handler, Resource
from connectors.salesforce.sandbox.oauth import TokenEndpoint
from connectors.salesforce.sandbox.org import ExternalApp, Org

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ROOT = "/services/data/v{version}"

_RESOURCES: dict[str, dict[str, Handler]] = {
    "": {"GET": metadata.resources},
    "/limits": {"GET": metadata.limits},
    "/query": {"GET": queries.query},
    "/queryAll": {"GET": queries.query_all},
    "/query/{locator}": {"GET": queries.more},
    "/queryAll/{locator}": {"GET": queries.more},
    "/sobjects": {"GET": metadata.sobjects},
    "/sobjects/{sobject}": {"GET": metadata.brief, "POST": rows.create},
    "/sobjects/{sobject}/describe": {"GET": metadata.full},
    "/sobjects/{sobject}/updated": {"GET": replication.updated},
    "/sobjects/{sobject}/deleted": {"GET": replication.deleted},
    "/sobjects/{sobject}/{id}": {"GET": rows.read, "PATCH": rows.update, "DELETE": rows.delete},
    "/{rest:path}": {},
}


def vendor(org: Org, app: ExternalApp) -> ASGIApp:
    """Return the application that serves what the vendor serves."""
    routes = [
        Route("/services/oauth2/token", TokenEndpoint(org, app).serve, methods=["POST"]),
        Route("/id/{org}/{user}", metadata.Identity(org).serve, methods=["GET"]),
        Route("/services/data", metadata.versions, methods=["GET"]),
        *(Route(ROOT + path, Resource(org, handlers).serve, methods=METHODS) for path, handlers in _RESOURCES.items()),
    ]
    return _same_with_slash(Starlette(routes=routes))


def _same_with_slash(app: ASGIApp) -> ASGIApp:
    """Serve `/path/` as `/path`: the vendor does not redirect."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await app(scope, receive, send)

    return serve
