"""What stands before every REST resource: login, permission, a place among the running requests, the shape of errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.credentials import ACCOUNT_ID
from connectors.netsuite.sandbox.errors import ApiError, bad_content, bad_header, bad_parameter
from connectors.netsuite.sandbox.governance import LimitExceededError
from connectors.netsuite.sandbox.roles import Caller, Feature

SINGULAR = "application/vnd.oracle.resource+json; type=singular"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
ERROR = "application/vnd.oracle.resource+json; type=error"
SCOPE = "rest_webservices"
LARGEST_PAGE = 1000
MOST_PAGES = 1000
INVALID_LOGIN = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who logged in."""

    account: Account
    request: Request
    caller: Caller

    @property
    def base(self) -> str:
        """The address of the REST services, without a trailing slash."""
        return f"{base_url(self.request)}/services/rest"

    def path(self, name: str) -> str:
        """Return a part of the path, empty when it has none of this name."""
        return str(self.request.path_params.get(name, ""))

    async def json(self) -> Any:
        """Return the body, numbers exact. Raises `ApiError` 400."""
        try:
            return _DECODER.decode(await self.request.body() or b"{}")
        except msgspec.DecodeError as error:
            raise bad_content("", "The request body is not valid JSON.") from error

    def paging(self) -> tuple[int, int]:
        """Return limit and offset. Raises `ApiError` 400.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156414087576.html
        """
        limit, offset = self._whole("limit", LARGEST_PAGE), self._whole("offset", 0)
        if not 1 <= limit <= LARGEST_PAGE:
            raise bad_parameter("limit", f"Invalid value for the query parameter limit. Use 1 to {LARGEST_PAGE}.")
        if offset % limit:
            raise bad_parameter("offset", "Invalid value for the query parameter offset: it is not divisible by limit.")
        if offset // limit >= MOST_PAGES:
            raise bad_parameter("offset", f"No more than {MOST_PAGES} pages can be returned.")
        return limit, offset

    def need(self, feature: Feature) -> None:
        """Raise `ApiError` when the role lacks a permission."""
        if not self.caller.role.has(feature):
            raise forbidden(self.account, feature)

    def _whole(self, name: str, default: int) -> int:
        text = self.request.query_params.get(name, str(default))
        if not text.isdecimal():
            raise bad_parameter(name, f"Invalid value for the query parameter {name}.")
        return int(text)


Handler = Callable[[Call], Awaitable[Response]]
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def answer(body: object, status: int = 200, kind: str = SINGULAR) -> Response:
    """Return a JSON answer."""
    return Response(msgspec.json.encode(body), status, media_type=kind)


def base_url(request: Request) -> str:
    """Return the address under which the caller reached the twin, without a trailing slash."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def called_url(request: Request) -> str:
    """Return the URL as the caller wrote it: what it signed."""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    return f"{base_url(request)}{path}" + (f"?{query}" if query else "")


def forbidden(account: Account, what: str) -> ApiError:
    """Return the error for a permission that the role lacks."""
    # A-NETSUITE-17: no page shows this error
    text = f"You do not have permissions to perform this action. You need the '{what}' permission."
    return ApiError(account.switches.forbidden_status, "INSUFFICIENT_PERMISSION", text)


def links(
    base: str, limit: int, offset: int, total: int, query: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Return the links of one page to itself and its neighbours."""
    extra = "".join(f"&{name}={quote(value)}" for name, value in (query or {}).items())

    def link(rel: str, at: int) -> dict[str, str]:
        return {"rel": rel, "href": f"{base}?limit={limit}&offset={at}{extra}"}

    found = []
    if offset:
        found += [link("prev", max(offset - limit, 0)), link("first", 0)]
    if offset + limit < total:
        found += [link("next", offset + limit), link("last", (total - 1) // limit * limit)]
    return [*found, link("self", offset)]


class Api:
    """The REST resources of one account."""

    def __init__(self, account: Account, resources: Mapping[str, Mapping[str, Handler]]) -> None:
        """Take a handler for each method of each path below `/services/rest`."""
        self._account = account
        self._resources = resources
        self.routes = [Route("/services/rest" + path, self.serve, methods=METHODS, name=path) for path in resources]

    async def serve(self, request: Request) -> Response:
        """Answer a request, an error in the vendor's form."""
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = refuse(error)
        except LimitExceededError:
            response = self._too_many()
        self._account.events.wake(base_url(request))
        return response

    async def _answer(self, request: Request) -> Response:
        account = self._account
        header = request.headers.get("authorization", "")
        caller = account.login.by_header(request.method, called_url(request), header)
        if caller is None or (caller.scopes is not None and SCOPE not in caller.scopes):
            # A-NETSUITE-13: which code it is
            raise ApiError(401, account.switches.rest_login_code, INVALID_LOGIN)
        call = Call(account, request, caller)
        # A-NETSUITE-35: the login is looked at before the limit, so a blocked request has used up its nonce
        async with account.governance.place(caller.integration, request.url.path):
            call.need(Feature.REST)
            self._check_language(request)
            methods = self._resources[_route_name(request)]
            handler = methods.get(request.method)
            if handler is None:
                text = f"The requested resource does not support the HTTP method {request.method}."
                raise ApiError(405 if methods else 404, "INVALID_METHOD" if methods else "NOT_FOUND", text)
            return await handler(call)

    def _check_language(self, request: Request) -> None:
        """Refuse a language that is not the company's, as people report the vendor does."""
        wanted = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip().casefold()
        language = self._account.settings.language.casefold()
        if wanted not in {"", "*"} and wanted.replace("_", "-").split("-")[0] != language:
            raise bad_header("Accept-Language", f"Invalid header: the language {wanted} is not the company's.")

    def _too_many(self) -> Response:
        error = ApiError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
        response = refuse(error)
        # A-NETSUITE-18: no page names this header
        if self._account.switches.retry_after == "seconds":
            response.headers["retry-after"] = "1"
        return response


def refuse(error: ApiError) -> Response:
    """Return an error as an answer."""
    response = answer(error.body(), error.status, ERROR)
    if error.status == 401:
        response.headers["www-authenticate"] = f'OAuth realm="{ACCOUNT_ID}", error="token_rejected"'
    return response


def _route_name(request: Request) -> str:
    route: Route = request.scope["route"]
    return route.name
