"""What stands before every REST resource: version, session, quota, and the shape of errors."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Message, Receive

from connectors.salesforce.sandbox import values
from connectors.salesforce.sandbox.errors import ApiError, not_found, session_expired
from connectors.salesforce.sandbox.org import LATEST_VERSION, OLDEST_VERSION, Org
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.soql.view import View

JSON = "application/json;charset=UTF-8"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ROOT = "/services/data/v{version}"
VERSIONS = frozenset(f"{n}.0" for n in range(OLDEST_VERSION, LATEST_VERSION + 1))


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request; `whole` when it is part of one that fails or succeeds as a whole."""

    org: Org
    api: Api
    request: Request
    user_id: str
    version: str
    whole: bool = False

    @property
    def base(self) -> str:
        """The path of the API version."""
        return f"/services/data/v{self.version}"

    def sobject(self) -> SObject:
        """Return the object that the path names. Raises `ApiError` 404."""
        found = self.org.catalogue.find(str(self.request.path_params["sobject"]))
        if found is None:
            raise not_found()
        return found

    def hidden(self, sobject: SObject) -> frozenset[str]:
        """Return the names of the fields that the caller may not see."""
        return self.org.access.hidden(self.user_id, sobject)

    @property
    def view(self) -> View:
        """What the caller's queries see."""
        return self.org.view(self.user_id)

    async def body(self) -> bytes:
        """Return the body, unpacked. Raises `ApiError` 400.

        See https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-compression.html
        """
        packed = await self.request.body()
        packing = self.request.headers.get("content-encoding", "identity").casefold()
        if packing not in _UNPACK:
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"unknown content encoding {packing}")
        try:
            return _UNPACK[packing](packed)
        except (OSError, EOFError, zlib.error) as error:
            raise ApiError(400, "JSON_PARSER_ERROR", f"the body is not packed with {packing}") from error


Handler = Callable[[Call], Awaitable[Response]]
_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(values.encode(body), status, media_type=JSON)


def base_url(request: Request) -> str:
    """Return the address under which the caller reached the twin, without a trailing slash."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


class Api:
    """The REST resources of one org, behind version, session and quota."""

    def __init__(self, org: Org, resources: Mapping[str, Mapping[str, Handler]]) -> None:
        """Take a handler for each method of each path below the version."""
        self._org = org
        self._resources = resources
        self.routes = [Route(ROOT + path, self.serve, methods=METHODS, name=path) for path in resources]

    async def serve(self, request: Request) -> Response:
        """Answer a request, an error as an array, and say what is used of the quota."""
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = refuse(error)
        response.headers["sforce-limit-info"] = self._org.quota.header()
        self._org.outbound.wake(base_url(request))
        return response

    async def within(self, call: Call, part: Part) -> Response:
        """Answer one part of a composite request as its caller; it costs nothing of the quota."""
        scope = part.scope(call)
        try:
            for route in self.routes:
                match, child = route.matches(scope)
                if match is Match.FULL:
                    request = Request({**scope, **child}, _once(part.body))
                    inner = replace(call, request=request, version=_version(request))
                    return await self._handle(inner, str(route.name))
            raise not_found()
        except ApiError as error:
            return refuse(error)

    async def _answer(self, request: Request) -> Response:
        version = _version(request)
        user_id = self._org.sessions.user(bearer(request))
        if user_id is None:
            raise session_expired()
        call = Call(self._org, self, request, user_id, version)
        async with self._org.quota.spend(request.url.path):
            return await self._handle(call, str(request.scope["route"].name))

    async def _handle(self, call: Call, path: str) -> Response:
        handlers = self._resources[path]
        method = "GET" if call.request.method == "HEAD" else call.request.method
        if not handlers:
            raise not_found()
        if method not in handlers:
            allowed = ",".join(["HEAD", *handlers] if "GET" in handlers else handlers)
            message = f"HTTP Method '{call.request.method}' not allowed. Allowed are {allowed}"
            raise ApiError(405, "METHOD_NOT_ALLOWED", message)
        return await handlers[method](call)


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside a composite one. `url` is a path with its query."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def scope(self, call: Call) -> dict[str, Any]:
        """Return what the server would have said of this request, had it come by itself."""
        path, _, query = self.url.partition("?")
        own = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        inherited = [(b"host", call.request.headers.get("host", "").encode())]
        return {
            **call.request.scope,
            "method": self.method,
            "path": unquote(path).rstrip("/"),
            "query_string": query.encode(),
            "headers": [*inherited, *own],
            "path_params": {},
        }


def _version(request: Request) -> str:
    version = str(request.path_params["version"])
    if version not in VERSIONS:
        raise not_found()
    return version


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def refuse(error: ApiError) -> Response:
    """Return the answer to a refused request."""
    return answer(error.body(), error.status)


def bearer(request: Request) -> str:
    """Return the access token of a request, empty when it has none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.casefold() in {"bearer", "oauth"} else ""
