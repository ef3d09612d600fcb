"""The vendor's old host as an ASGI application, with the chat page beside it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.dingtalk.sandbox import refusals
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.webhook import Answer, Call, Webhook


class Oapi:
    """`/robot/send` without a framework (load runs use it as their sink), `pages` for `/` and `/chat/`."""

    def __init__(self, state: State, pages: ASGIApp) -> None:
        """Serve the robots of `state` and the chat pages."""
        self._state = state
        self._webhook = Webhook(state)
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or path == "/" or path.startswith("/chat/"):
            await self._pages(scope, receive, send)
            return
        answer = await self._robot_send(scope, receive) if path == "/robot/send" else self._unknown_path()
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _robot_send(self, scope: Scope, receive: Receive) -> Answer:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        client = scope.get("client")
        call = Call(
            method=scope["method"],
            query=scope["query_string"],
            content_type=content_type.decode("latin-1"),
            body=body,
            ip=client[0] if client else "127.0.0.1",
        )
        return self._webhook.answer(call)

    def _unknown_path(self) -> Answer:
        # A-DINGTALK-19: the code is documented, its HTTP status is not; this host answers 200 to everything
        return Answer(refusals.body_of(refusals.NO_SUCH_PATH, self._state.switches))
