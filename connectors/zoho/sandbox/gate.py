"""What stands before every path of the API: token, scope, credits, and the shape of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response

from connectors.zoho.sandbox import ids, wire
from connectors.zoho.sandbox.centres import centre_of
from connectors.zoho.sandbox.errors import ApiError, invalid_id, invalid_token, unknown_module
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.people import Right, User
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import Module
from connectors.zoho.sandbox.scopes import Need, allowed
from connectors.zoho.sandbox.store import Row
from connectors.zoho.sandbox.tokens import Grant

JSON = "application/json;charset=UTF-8"
# A-ZOHO-78: the pages show this word alone
KINDS = frozenset({"zoho-oauthtoken"})


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request with its body."""

    org: Org
    request: Request
    grant: Grant
    body: bytes

    @property
    def user(self) -> User:
        """Who calls."""
        return self.grant.user

    def param(self, name: str) -> str | None:
        """Return a parameter of the query."""
        return self.request.query_params.get(name)

    def module(self, right: Right) -> Module:
        """Return the module that the path names. Raises `ApiError` when it is none, or not this user's."""
        found = self.org.modules.get(self.request.path_params["module"])
        if found is None:
            raise unknown_module()
        self.org.rules.check(self.user, found, right)
        return found

    def view(self, right: Right = Right.VIEW) -> View:
        """Return the path's module as the caller sees it."""
        return View(self.org, self.user, self.module(right))

    def row(self, module: Module) -> Row | None:
        """Return the record that the path names, None when it is not there for this user. Raises `ApiError`."""
        number = ids.parse(self.request.path_params["id"])
        if number is None:
            raise invalid_id()
        row = self.org.store.find(module.name, number)
        return row if row is not None and self.org.rules.sees(self.user, module, row.values) else None


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of a path: what it needs and costs. `owner` names the part of the area, by default the module."""

    handler: Handler
    need: Need
    cost: Callable[[Call], int] = lambda _call: 1
    owner: str = ""


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(wire.encode(body), status, media_type=JSON)


def nothing(status: int) -> Response:
    """Return an answer without a body: 204 no content, 304 not modified."""
    return Response(status_code=status)


class Resource:
    """One path: an endpoint per method, behind token, limits and scope."""

    def __init__(self, org: Org, endpoints: Mapping[str, Endpoint]) -> None:
        self._org = org
        self._endpoints = endpoints

    async def serve(self, request: Request) -> Response:
        """Answer a request, an error as one object, and say what is left when half of the credits are used."""
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = answer(error.body(), error.status)
        response.headers.update(self._org.credits.header)
        return response

    async def _answer(self, request: Request) -> Response:
        call = Call(self._org, request, self._granted(request), await request.body())
        endpoint = self._endpoint(request)
        cost = endpoint.cost(call)
        async with self._org.credits.call(cost):
            await anyio.sleep(self._org.settings.answer_seconds)
            try:
                self._check_scope(call, endpoint)
                response = endpoint.handler(call)
            except ApiError:
                # A-ZOHO-71: no page says whether a refused call is free
                self._org.credits.spend(cost if self._org.switches.errors_cost else 0)
                raise
            self._org.credits.spend(cost)
            return response

    def _granted(self, request: Request) -> Grant:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.casefold() not in KINDS:
            raise ApiError(401, "AUTHENTICATION_FAILURE", "Authentication failed")
        grant = self._org.tokens.grant_of(token.strip(), centre_of(request))
        if grant is None:
            raise invalid_token()
        return grant

    def _endpoint(self, request: Request) -> Endpoint:
        if request.method not in self._endpoints:
            message = "The http request method type is not a valid one"
            raise ApiError(400, "INVALID_REQUEST_METHOD", message)
        return self._endpoints[request.method]

    def _check_scope(self, call: Call, endpoint: Endpoint) -> None:
        owner = endpoint.owner or str(call.request.path_params.get("module", ""))
        if not allowed(call.grant.scopes, endpoint.need, owner):
            raise scope_mismatch(self._org)


def scope_mismatch(org: Org) -> ApiError:
    """Return the answer to a token whose scopes do not suffice. A-ZOHO-54: pages give 401, others 403."""
    message = "invalid oauth scope to access this URL"
    return ApiError(org.switches.scope_mismatch_status, "OAUTH_SCOPE_MISMATCH", message)


def info(**parts: Any) -> dict[str, Any]:
    """Return the `info` of a list that has pages."""
    return {"per_page": 200, "count": 0, "page": 1, "more_records": False, **parts}
