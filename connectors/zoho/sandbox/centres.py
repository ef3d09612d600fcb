"""The data centres: each has an accounts server and an API server, and knows nothing of the others.

Locally all of them share one address: `/{centre}/accounts` and `/{centre}/api` stand for the two hosts. What comes
without a centre goes to the home of the organisation.

See https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

CENTRES = ("us", "eu", "in", "au", "jp", "cn", "ca", "sa")
HOME = "us"

_PREFIX = re.compile(rf"/({'|'.join(CENTRES)})/(accounts|api)(?=/)")
_PATHS = {"accounts": "/oauth/", "api": "/crm/"}


def accounts_url(base: str, centre: str) -> str:
    """Return the address of an accounts server, no trailing slash."""
    return f"{base}/{centre}/accounts"


def api_domain(base: str, centre: str) -> str:
    """Return the address that a token's calls go to, no trailing slash."""
    return f"{base}/{centre}/api"


def base_url(request: Request) -> str:
    """Return the address under which the caller reached the twin, without a trailing slash."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def centre_of(request: Request) -> str:
    """Return the data centre that was asked."""
    return str(request.scope["centre"])


def sorted_by_centre(app: ASGIApp) -> ASGIApp:
    """Take the data centre off the path; a path of the other host of that centre is not there."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].rstrip("/") or "/"
            match = _PREFIX.match(path)
            rest = path[match.end() :] if match else path
            wrong = match is not None and not rest.startswith(_PATHS[match[2]])
            scope = {**scope, "path": "/nothing" if wrong else rest, "centre": match[1] if match else HOME}
        await app(scope, receive, send)

    return serve
