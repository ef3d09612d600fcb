"""The vendor's paths."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.netsuite.sandbox import oauth, restlet, system
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.gate import Api, Handler
from connectors.netsuite.sandbox.jobs import PATH as JOBS
from connectors.netsuite.sandbox.jobs import Jobs
from connectors.netsuite.sandbox.records import metadata, reads, writes
from connectors.netsuite.sandbox.soap.service import soap_routes
from connectors.netsuite.sandbox.suiteql import resource

_RECORDS = "/record/v1"


def vendor(account: Account) -> ASGIApp:
    """Return the application that serves what the vendor serves."""
    resource.register(account)
    jobs = Jobs()
    routes = [
        Route(oauth.PATH, oauth.TokenEndpoint(account).serve, methods=["POST"]),
        Route(restlet.PATH, restlet.Restlets(account).serve, methods=["POST"]),
        *soap_routes(account),
        *Api(account, _resources(jobs)).routes,
    ]
    return _same_with_slash(GZipMiddleware(Starlette(routes=routes), compresslevel=1))


def _same_with_slash(app: ASGIApp) -> ASGIApp:
    """Serve `/path/` as `/path`: the vendor writes both and does not redirect."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await app(scope, receive, send)

    return serve


def _resources(jobs: Jobs) -> dict[str, dict[str, Handler]]:
    write = {"POST": jobs.wrap(writes.create)}
    change = {
        "PATCH": jobs.wrap(writes.update),
        "PUT": jobs.wrap(writes.upsert),
        "DELETE": jobs.wrap(writes.delete),
    }
    return {
        "/query/v1/suiteql": {"POST": resource.run},
        "/system/v1/governanceLimits": {"GET": system.governance_limits},
        "/system/v1/serverTime": {"GET": system.server_time},
        f"{JOBS}/{{job}}": {"GET": jobs.job},
        f"{JOBS}/{{job}}/task": {"GET": jobs.tasks},
        f"{JOBS}/{{job}}/task/{{task}}": {"GET": jobs.task},
        f"{JOBS}/{{job}}/task/{{task}}/result": {"GET": jobs.result},
        f"{_RECORDS}/metadata-catalog": {"GET": metadata.listed},
        f"{_RECORDS}/metadata-catalog/{{type}}": {"GET": metadata.one},
        f"{_RECORDS}/{{type}}": {"GET": reads.listed, **write},
        f"{_RECORDS}/{{type}}/{{id}}": {"GET": reads.read, **change},
        f"{_RECORDS}/{{type}}/{{id}}/{{part}}": {"GET": reads.part},
        f"{_RECORDS}/{{type}}/{{id}}/{{part}}/{{line}}": {"GET": reads.line},
        "/{rest:path}": {},
    }
