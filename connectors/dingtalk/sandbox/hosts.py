"""All the vendor's hosts on one address: paths of the old and the new one, Stream, and the chat page beside them."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.dingtalk.sandbox.api.endpoint import Request
from connectors.dingtalk.sandbox.api.gate import Gate, Reply
from connectors.dingtalk.sandbox.api.router import PATH as ROUTER_PATH
from connectors.dingtalk.sandbox.api.router import Router
from connectors.dingtalk.sandbox.robots.replies import PATH as SESSION_PATH
from connectors.dingtalk.sandbox.robots.replies import Replies
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.gateway import Gateway
from connectors.dingtalk.sandbox.webhook import Call, Webhook


class Hosts:
    """The vendor as an ASGI application without a framework: load runs use `/robot/send` as their sink."""

    def __init__(self, state: State, gate: Gate, gateway: Gateway, pages: ASGIApp) -> None:
        """Serve webhooks, sessions, the API behind `gate`, Stream, and `pages` for `/` and `/chat/`."""
        self._state = state
        self._webhook = Webhook(state)
        self._replies = Replies(state)
        self._gate = gate
        self._router = Router(gate)
        self._gateway = gateway
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            await self._gateway.connect(scope, receive, send)
            return
        path: str = scope.get("path", "")
        is_page = path == "/" or (path.startswith("/chat/") and not self._gate.knows(path))
        if scope["type"] != "http" or is_page:
            await self._pages(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        reply = self._webhook_reply(scope, body) if path == "/robot/send" else self._api_reply(scope, body)
        headers = [(b"content-type", reply.content_type.encode()), (b"content-length", str(len(reply.body)).encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _webhook_reply(self, scope: Scope, body: bytes) -> Reply:
        content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        call = Call(
            method=scope["method"],
            query=scope["query_string"],
            content_type=content_type.decode("latin-1"),
            body=body,
            ip=_ip(scope),
            now=self._state.clock.monotonic(),
            at=self._state.clock.now(),
        )
        answer = self._webhook.answer(call)
        return Reply(200, answer.body, answer.content_type)

    def _api_reply(self, scope: Scope, body: bytes) -> Reply:
        if self._state.address.blocked(self._state.clock.monotonic(), self._state.settings.address_limit):
            self._state.outcomes["address_blocked"] += 1
            return Reply(200, *self._state.address.answer())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(
            scope["method"], scope["path"], scope["query_string"], headers, body, _ip(scope), scope["scheme"]
        )
        if request.path == SESSION_PATH:
            return self._replies.answer(request)
        return self._router.answer(request) if request.path == ROUTER_PATH else self._gate.answer(request)


def _ip(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "127.0.0.1"
