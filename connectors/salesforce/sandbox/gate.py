"""What stands before every REST resource: version, session, quota, and the shape of errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import values
from connectors.salesforce.sandbox.errors import ApiError, not_found, session_expired
from connectors.salesforce.sandbox.objects import find_object
from connectors.salesforce.sandbox.org import LATEST_VERSION, OLDEST_VERSION, Org
from connectors.salesforce.sandbox.schema import SObject

JSON = "application/json;charset=UTF-8"
VERSIONS = frozenset(f"{n}.0" for n in range(OLDEST_VERSION, LATEST_VERSION + 1))


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    org: Org
    request: Request
    user_id: str
    version: str

    @property
    def base(self) -> str:
        """The path of the API version."""
        return f"/services/data/v{self.version}"

    def sobject(self) -> SObject:
        """Return the object that the path names. Raises `ApiError` 404."""
        found = find_object(str(self.request.path_params["sobject"]))
        if found is None:
            raise not_found()
        return found

    def hidden(self, sobject: SObject) -> frozenset[str]:
        """Return the names of the fields that the caller may not see."""
        return self.org.hidden(self.user_id, sobject)


Handler = Callable[[Call], Awaitable[Response]]


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(values.encode(body), status, media_type=JSON)


def base_url(request: Request) -> str:
    """Return the address under which the caller reached the twin, without a trailing slash."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


class Resource:
    """One path: a handler per method, behind version, session and quota."""

    def __init__(self, org: Org, handlers: Mapping[str, Handler]) -> None:
        self._org = org
        self._handlers = handlers

    async def serve(self, request: Request) -> Response:
        """Answer a request, an error as an array, and say what is used of the quota."""
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = refuse(error)
        response.headers["sforce-limit-info"] = self._org.quota.header()
        return response

    async def _answer(self, request: Request) -> Response:
        version = request.path_params["version"]
        if version not in VERSIONS:
            raise not_found()
        user_id = self._org.sessions.user(bearer(request))
        if user_id is None:
            raise session_expired()
        self._org.quota.spend()
        return await self._handler(request)(Call(self._org, request, user_id, version))

    def _handler(self, request: Request) -> Handler:
        method = "GET" if request.method == "HEAD" else request.method
        if not self._handlers:
            raise not_found()
        if method not in self._handlers:
            allowed = ",".join(["HEAD", *self._handlers] if "GET" in self._handlers else self._handlers)
            message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
            raise ApiError(405, "METHOD_NOT_ALLOWED", message)
        return self._handlers[method]


def refuse(error: ApiError) -> Response:
    """Return the answer to a refused request."""
    return answer(error.body(), error.status)


def bearer(request: Request) -> str:
    """Return the access token of a request, empty when it has none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.casefold() in {"bearer", "oauth"} else ""
