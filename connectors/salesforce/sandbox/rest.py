"""The vendor's paths."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.salesforce.sandbox import composite, many, metadata, process, queries, replication, rows
from connectors.salesforce.sandbox.gate import Api, Handler
from connectors.salesforce.sandbox.oauth import TokenEndpoint
from connectors.salesforce.sandbox.org import ExternalApp, Org
from connectors.salesforce.sandbox.soap import SoapLogin

_RESOURCES: dict[str, dict[str, Handler]] = {
    "": {"GET": metadata.resources},
    "/limits": {"GET": metadata.limits},
    "/query": {"GET": queries.query},
    "/queryAll": {"GET": queries.query_all},
    "/query/{locator}": {"GET": queries.more},
    "/queryAll/{locator}": {"GET": queries.more},
    "/process/approvals": {"GET": process.processes, "POST": process.decide},
    "/composite": {"POST": composite.chain},
    "/composite/batch": {"POST": composite.batch},
    "/composite/sobjects": {"POST": many.create, "PATCH": many.update, "DELETE": many.delete},
    "/composite/sobjects/{sobject}": {"GET": many.read, "POST": many.read},
    "/composite/sobjects/{sobject}/{key}": {"PATCH": many.upsert},
    "/sobjects": {"GET": metadata.sobjects},
    "/sobjects/{sobject}": {"GET": metadata.brief, "POST": rows.create},
    "/sobjects/{sobject}/describe": {"GET": metadata.full},
    "/sobjects/{sobject}/updated": {"GET": replication.updated},
    "/sobjects/{sobject}/deleted": {"GET": replication.deleted},
    "/sobjects/{sobject}/{id}": {"GET": rows.read, "PATCH": rows.update, "DELETE": rows.delete},
    "/sobjects/{sobject}/{key}/{value:path}": {
        "GET": rows.read_by_key,
        "PATCH": rows.upsert,
        "DELETE": rows.delete_by_key,
    },
    "/{rest:path}": {},
}


def vendor(org: Org, app: ExternalApp) -> ASGIApp:
    """Return the application that serves what the vendor serves."""
    tokens, soap = TokenEndpoint(org, app), SoapLogin(org)
    routes = [
        Route("/services/oauth2/token", tokens.serve, methods=["POST"]),
        Route("/services/oauth2/revoke", tokens.revoke, methods=["POST"]),
        Route("/services/Soap/{kind}/{version}", soap.serve, methods=["POST"]),
        Route("/services/Soap/{kind}/{version}/{org}", soap.serve, methods=["POST"]),
        Route("/id/{org}/{user}", metadata.Identity(org).serve, methods=["GET"]),
        Route("/services/data", metadata.versions, methods=["GET"]),
        *Api(org, _RESOURCES).routes,
    ]
    # https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-compression.html
    return _same_with_slash(GZipMiddleware(Starlette(routes=routes), compresslevel=1))


def _same_with_slash(app: ASGIApp) -> ASGIApp:
    """Serve `/path/` as `/path`: the vendor does not redirect."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await app(scope, receive, send)

    return serve
