"""A gateway typed from the vendor's page: real HTTP for the ticket, real WebSockets for the frames.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

_MUTE = logging.Logger("mute")  # noqa: LOG001 - what the gateway itself writes is not the question
_MUTE.disabled = True

CLIENT_ID, CLIENT_SECRET = "dingstream000001", "a-secret-that-nobody-may-see"


@dataclass
class Gateway:
    """What was registered, who is connected, and what they answered."""

    url: str = ""
    endpoint: str = ""
    registrations: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refusals: list[tuple[int, bytes]] = field(default_factory=list)
    connections: list[ServerConnection] = field(default_factory=list)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tickets: dict[str, bool] = field(default_factory=dict)

    def ticket(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.headers.append(headers)
        self.registrations.append(json.loads(body))
        if self.refusals:
            return self.refusals.pop(0)
        said = self.registrations[-1]
        if (said["clientId"], said["clientSecret"]) != (CLIENT_ID, CLIENT_SECRET):
            return 401, b'{"code":"authFailed","message":"client secret mismatch","requestid":"R"}'
        number = f"7724109a/{len(self.tickets)}+ea="
        self.tickets[number] = True
        return 200, json.dumps({"endpoint": self.endpoint, "ticket": number}).encode()

    async def connected(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        parts = urlsplit(socket.request.path)
        number = parse_qs(parts.query)["ticket"][0]
        if parts.path != "/connect" or not self.tickets.pop(number, False):
            await socket.close(1008, "ticket")
            return
        self.connections.append(socket)
        try:
            async for raw in socket:
                answer = json.loads(raw)
                self.answers.setdefault(answer["headers"].get("messageId", ""), []).append(answer)
        except ConnectionClosed:
            return

    @property
    def live(self) -> list[ServerConnection]:
        return [each for each in self.connections if each.protocol.close_sent is None and each.state == 1]

    async def say(
        self, kind: str, headers: dict[str, Any], data: Any, *, to: ServerConnection | None = None, key: str = "headers"
    ) -> None:
        headers = {"contentType": "application/json", "time": "1690362102194", **headers}
        text = data if isinstance(data, str) else json.dumps(data)
        frame = {"specVersion": "1.0", "type": kind, key: headers, "data": text}
        await (to or self.live[-1]).send(json.dumps(frame))

    async def event(self, number: str, *, to: ServerConnection | None = None, message: str = "") -> None:
        headers = {
            "topic": "*",
            "messageId": message or f"m-{number}",
            "eventType": "user_add_org",
            "eventId": number,
            "eventCorpId": "dingcorp0000",
            "eventBornTime": "1683533823336",
        }
        await self.say("EVENT", headers, {"timeStamp": "1685501863357", "userId": ["015227"]}, to=to)

    async def words(self, number: str, text: str = " /why SO-1042") -> None:
        data = {
            "conversationId": "cidAsXSBLnA==",
            "chatbotCorpId": "dingcorp0000",
            "msgId": number,
            "senderNick": "Ada",
            "senderStaffId": "16650",
            "sessionWebhookExpiredTime": 1690367502152,
            "createAt": 1690362101894,
            "senderCorpId": "dingcorp0000",
            "conversationType": "2",
            "senderId": "$:LWCP_v1:$jqTgIfhRX9Q==",
            "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=76da36b4",
            "text": {"content": text},
            "robotCode": "dingr3xc0b",
            "msgtype": "text",
        }
        await self.say("CALLBACK", {"topic": "/v1.0/im/bot/messages/get", "messageId": f"f-{number}"}, data)

    async def press(self, number: str, card: str = "card-1", by: str = "manager4220") -> None:
        content = json.dumps({"cardPrivateData": {"actionIds": ["1"], "params": {"action": "accept"}}})
        data = {
            "type": "actionCallback",
            "outTrackId": card,
            "corpId": "dingcorp0000",
            "userId": by,
            "content": content,
        }
        await self.say("CALLBACK", {"topic": "/v1.0/card/instances/callback", "messageId": number}, data)

    async def part(self, socket: ServerConnection) -> None:
        """Announce the end of a connection; it is closed later, as the page has it."""
        await self.say("SYSTEM", {"topic": "disconnect"}, {"reason": "connection is expired"}, to=socket)

    def answer(self, message: str) -> dict[str, Any]:
        return self.answers[message][-1]


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer = gateway.ticket({key.lower(): value for key, value in self.headers.items()}, body)
            self.send_response(status if self.path == "/v1.0/gateway/connections/open" else 404)
            self.send_header("content-type", "application/json;charset=utf-8")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    held = Gateway()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(held))
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server: Server = await serve(held.connected, "127.0.0.1", 0, ping_interval=None, close_timeout=1, logger=_MUTE)
    held.url = f"http://127.0.0.1:{http.server_address[1]}"
    held.endpoint = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/connect"
    try:
        yield held
    finally:
        for each in held.connections:
            each.transport.abort()
        server.close()
        await server.wait_closed()
        await asyncio.to_thread(http.shutdown)
        http.server_close()
        thread.join()


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is set by another thread or another loop's callback
            await asyncio.sleep(0.01)
