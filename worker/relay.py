"""The relay: `POST /hooks/SOURCE`, acknowledged after the commit and never before.

Plain ASGI, because this is the one path that a flood comes in by: the body is limited while it is read, the
signature is checked on the raw bytes, and nothing but the insert happens before the reply.
"""

from __future__ import annotations

import asyncio
import hmac
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.contract import Hears, Press, RawRequest, Received, Receives, Refusal, Reply
from connectors.settings_types import is_loopback
from worker.ledger import arrivals, hints, signals
from worker.ledger.engine import now
from worker.ledger.seal import Sealer
from worker.storing import Stored, store
from worker.subscriptions import HOOKS
from worker.writer import Writer

log = structlog.get_logger()

UNWRITTEN = Reply(503, b"the event could not be stored; send it again\n", headers={"retry-after": "5"})
READ_S = 10.0
READY_S = 2.0
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class TooLarge(Exception):
    """The body is over the source's limit."""


async def nothing(_press: Press) -> Mapping[str, str]:
    """Show nothing to who pressed: the card stays as it is."""
    return {}


@dataclass(frozen=True, slots=True)
class Relay:
    """The relay's application: receivers by the name of their source or application, the writer behind them."""

    receivers: Mapping[str, Receives]
    writer: Writer
    sealer: Sealer
    overloaded: Callable[[], bool]
    ready: Callable[[], bool]
    metrics: Callable[[], bytes] | None = None
    metrics_token: str = ""
    shown: Callable[[Press], Awaitable[Mapping[str, str]]] = nothing
    """What somebody who pressed a button is shown at once."""
    unstored: Callable[[str], None] = lambda _: None
    """Told by name whose push could not be stored."""
    draining: threading.Event = field(default_factory=threading.Event)
    """Set when the process was told to stop: what comes now is to go elsewhere."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(scope, receive)
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        path: str = scope["path"]
        own = await self._about_itself(path, scope)
        if own is not None:
            return own
        source = path.removeprefix(HOOKS)
        receiver = self.receivers.get(source) if path.startswith(HOOKS) else None
        if receiver is None:
            return _reply(Reply(404, b"nobody receives here; the path is /hooks/NAME\n"))
        if scope["method"] != "POST":
            return _reply(Reply(405, b"send a POST\n", headers={"allow": "POST"}))
        if self.draining.is_set():
            reply = receiver.refuse(Refusal.OVERLOADED)
            return _reply(replace(reply, headers={**reply.headers, "connection": "close"}))
        return _reply(await self._take(source, receiver, Request(scope, receive)))

    async def _about_itself(self, path: str, scope: Scope) -> ASGIApp | None:
        if path == "/healthz":
            return JSONResponse({"ok": True})
        if path == "/readyz":
            ready = await self._is_ready()
            return JSONResponse({"ready": ready}, 200 if ready else 503)
        if path == "/metrics" and self.metrics is not None:
            return await self._metrics(self.metrics, Request(scope))
        return None

    async def _metrics(self, render: Callable[[], bytes], request: Request) -> ASGIApp:
        if not self._may_scrape(request):
            return _reply(Reply(403, b"metrics are for this machine, or for who has DINGBRIDGE_METRICS_TOKEN\n"))
        try:
            text = await asyncio.to_thread(render)
        except SQLAlchemyError:
            return _reply(Reply(503, b"the ledger does not answer\n"))
        return Response(text, media_type=METRICS_TYPE)

    def _may_scrape(self, request: Request) -> bool:
        if self.metrics_token:
            given = request.headers.get("authorization", "").encode()
            return hmac.compare_digest(given, f"Bearer {self.metrics_token}".encode())
        # a proxy on this machine speaks for the whole world
        forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
        return request.client is not None and is_loopback(request.client.host) and not forwarded

    async def _is_ready(self) -> bool:
        if self.draining.is_set():
            return False
        try:
            return await asyncio.wait_for(asyncio.to_thread(self.ready), READY_S)
        except TimeoutError:
            return False

    async def _take(self, source: str, receiver: Receives, request: Request) -> Reply:
        # what people say does not wait behind the records that are undecided
        if self.overloaded() and not isinstance(receiver, Hears):
            return self._refuse(source, receiver, Refusal.OVERLOADED)
        try:
            async with asyncio.timeout(READ_S):
                body = await _body(request, receiver.max_body)
        except TooLarge:
            return self._refuse(source, receiver, Refusal.TOO_LARGE)
        except TimeoutError:
            return Reply(408, b"the body did not arrive in time\n", headers={"connection": "close"})
        except ClientDisconnect:
            return Reply(400, b"the body did not arrive\n")
        raw = RawRequest(
            method="POST",
            headers=dict(request.headers),
            query=request.scope["query_string"].decode("latin-1"),
            body=body,
            received_at=datetime.now(UTC),
        )
        received = receiver.receive(raw)
        if received.refusal is not None:
            self.writer.refuse(source, received.refusal)
            log.info("push refused", source=source, refusal=received.refusal, reason=received.reason)
            return received.reply
        return await self._store(source, receiver, received)

    async def _store(self, name: str, receiver: Receives, received: Received) -> Reply:
        at = now()
        rows = [
            arrivals.row(record, received_at=at, pushed=True, baseline=False, sealer=self.sealer)
            for record in received.records
        ]
        hinted = [hints.row(name, hint, at) for hint in received.hints]
        said = signals.rows(name, received, at, self.sealer)
        match await store(self.writer, rows, hinted, said, signals.charges(name, receiver, received, at)):
            case Stored.YES:
                return await self._answered(receiver, received)
            case Stored.FULL:
                self.unstored(name)
                return self._refuse(name, receiver, Refusal.OVERLOADED)
            case Stored.NO:
                self.unstored(name)
                return UNWRITTEN

    async def _answered(self, receiver: Receives, received: Received) -> Reply:
        """Return the reply to what is stored; who pressed a button is shown what the ledger knows of it."""
        for press in received.presses:
            if isinstance(receiver, Hears):
                received = receiver.answered(received, await self.shown(press))
        return received.reply

    def _refuse(self, source: str, receiver: Receives, refusal: Refusal) -> Reply:
        self.writer.refuse(source, refusal)
        return receiver.refuse(refusal)


async def _body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def _reply(reply: Reply) -> ASGIApp:
    return Response(reply.body, reply.status, {"content-type": reply.content_type, **reply.headers})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
