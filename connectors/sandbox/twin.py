"""A twin: a vendor served locally at the root path, with a control API under `/__sandbox/`.

A twin is written from the vendor's documentation alone. It answers as the vendor would, also to clients
that are not ours; everything that the vendor does not have (arming faults, reading what arrived, late commits)
lives under `/__sandbox/` and nowhere else.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL = "/__sandbox"
HANG_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Twin:
    """What a `sandbox` package offers: `create() -> Twin`.

    `app` serves the vendor's paths and the control API; `describe` takes the base URL on which it is served
    (no trailing slash) and returns what a person needs to connect: addresses, credentials, users, groups, ids.
    """

    name: str
    app: ASGIApp
    describe: Callable[[str], Mapping[str, Any]]


@dataclass(slots=True)
class Fault:
    """One armed fault: answer `status` with `body`, or `hang` for so many seconds and then go on.

    It strikes requests whose method and path match, `count` times or until `until` (monotonic seconds).
    """

    path: re.Pattern[str]
    method: str = ""
    status: int = 0
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0.0
    drop: bool = False
    after: bool = False
    count: int | None = 1
    until: float | None = None

    @property
    def cuts(self) -> bool:
        """Whether the caller gets no answer."""
        return self.drop or (self.after and not self.status)

    def response(self) -> Response:
        """Return the answer of a fault that has a status."""
        text = self.body if isinstance(self.body, str) else msgspec.json.encode(self.body).decode()
        kind = "text/plain" if isinstance(self.body, str) else "application/json"
        return Response(text, self.status, {"content-type": kind, **self.headers})

    def strikes(self, method: str, path: str) -> bool:
        """Tell whether this request is hit, and use up one count."""
        if self.until is not None and time.monotonic() >= self.until:
            return False
        if self.method and self.method != method:
            return False
        if not self.path.search(path):
            return False
        if self.count is not None:
            if self.count <= 0:
                return False
            self.count -= 1
        return True


@dataclass(slots=True)
class Received:
    """One request as it arrived, for `GET /__sandbox/received`. `at` is Unix seconds."""

    n: int
    at: float
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    status: int = 0


class Control:
    """Faults and the list of what was received, in front of the vendor's own application."""

    def __init__(self, vendor: ASGIApp, routes: list[Route | Mount], *, keep: int = 20_000) -> None:
        """Put the shared control routes and the twin's own `routes` in front of `vendor`."""
        self._vendor = vendor
        self._faults: list[Fault] = []
        self._received: deque[Received] = deque(maxlen=keep)
        self._count = 0
        self._control = Starlette(
            routes=[
                Mount(
                    CONTROL,
                    routes=[
                        Route("/received", self._get_received, methods=["GET"]),
                        Route("/received", self._clear_received, methods=["DELETE"]),
                        Route("/faults", self._get_faults, methods=["GET"]),
                        Route("/faults", self._arm, methods=["POST"]),
                        Route("/faults", self._disarm, methods=["DELETE"]),
                        *routes,
                    ],
                )
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection: the control API, or the vendor behind whatever fault is armed."""
        if scope["type"] != "http":
            await self._vendor(scope, receive, send)
            return
        path: str = scope["path"]
        if path == CONTROL or path.startswith(CONTROL + "/"):
            await self._control(scope, receive, send)
            return
        body = await _read(receive)
        entry = self._note(scope, body)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)

        fault = next((f for f in self._faults if f.strikes(entry.method, path)), None)
        if fault is not None and fault.after:
            # the vendor does its work, and the caller never hears of it
            await self._vendor(scope, _replay(body), _swallow)
        if fault is not None and fault.hang:
            await anyio.sleep(min(fault.hang, HANG_LIMIT_S))
        if fault is not None and fault.cuts:
            await _cut(receive, send)
        elif fault is not None and fault.status:
            await fault.response()(scope, _replay(b""), answer)
        else:
            await self._vendor(scope, _replay(body), answer)

    def _note(self, scope: Scope, body: bytes) -> Received:
        self._count += 1
        entry = Received(
            n=self._count,
            at=time.time(),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
            body=body.decode("utf-8", "replace"),
        )
        self._received.append(entry)
        return entry

    async def _get_received(self, request: Request) -> Response:
        after = int(request.query_params.get("after", 0))
        path = re.compile(request.query_params.get("path", ""))
        rows = [msgspec.to_builtins(r) for r in self._received if r.n > after and path.search(r.path)]
        return JSONResponse({"count": self._count, "received": rows})

    async def _clear_received(self, _request: Request) -> Response:
        self._received.clear()
        return JSONResponse({})

    async def _get_faults(self, _request: Request) -> Response:
        now = time.monotonic()
        rows = [
            {"path": f.path.pattern, "status": f.status, "hang": f.hang, "count": f.count}
            for f in self._faults
            if (f.until is None or f.until > now) and f.count != 0
        ]
        return JSONResponse({"faults": rows})

    async def _arm(self, request: Request) -> Response:
        """Arm a fault.

        Body: `path` (regular expression, default all), `method`, and one or more of `status` + `body` + `headers`,
        `hang` (seconds), `drop` (cut the connection), `after` (do the work, then lose the answer); lasts for
        `count` requests (default 1) or `seconds`.
        """
        given = await request.json()
        known = {"path", "method", "status", "body", "headers", "hang", "drop", "after", "count", "seconds"}
        if unknown := set(given) - known:
            return JSONResponse({"error": f"unknown keys {sorted(unknown)}; known are {sorted(known)}"}, 400)
        seconds = given.pop("seconds", None)
        until = None if seconds is None else time.monotonic() + float(seconds)
        count = given.pop("count", None if seconds is not None else 1)
        path = re.compile(given.pop("path", ""))
        self._faults.append(Fault(path=path, until=until, count=count, **given))
        return JSONResponse({"armed": len(self._faults)}, 201)

    async def _disarm(self, _request: Request) -> Response:
        self._faults.clear()
        return JSONResponse({})


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes) -> Receive:
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _cut(receive: Receive, send: Send) -> None:
    """Close the caller's connection without a byte.

    ASGI has no word for it, and an application that ends without a response makes uvicorn answer 500.
    """
    cycle = getattr(send, "__self__", None)
    if cycle is None:
        raise RuntimeError("only connections of uvicorn can be cut")
    cycle.transport.abort()
    # the server has to notice, or it would try to answer
    while (await receive())["type"] != "http.disconnect":
        pass


async def _swallow(_message: Message) -> None:
    return
