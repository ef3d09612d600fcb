"""Opening a Stream connection: a ticket for the asking, then the WebSocket.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from connectors.dingtalk.sandbox.api.answers import NewRefusal, bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import rows, text
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.connection import Subscription, Ticket
from connectors.dingtalk.sandbox.stream.pool import Pool, ticket_of

PATH = "/connect"


class Gateway:
    """The call that gives tickets, and the address where they are used."""

    def __init__(self, state: State, pool: Pool) -> None:
        """Connect the applications of `state` to `pool`."""
        self._state = state
        self._pool = pool

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the call."""
        return [Endpoint("POST", "/v1.0/gateway/connections/open", self._open, open=True, xml=True)]

    def _open(self, call: Call) -> Mapping[str, Any]:
        app = self._state.apps.with_secret(text(call.given, "clientId"), text(call.given, "clientSecret"))
        if app is None:
            raise NewRefusal(401, "authFailed", "鉴权失败")
        wanted = tuple(Subscription(text(row, "type"), text(row, "topic")) for row in rows(call.given, "subscriptions"))
        if not wanted or any(not one.topic or (one.type == "EVENT" and one.topic != "*") for one in wanted):
            raise bad("invalidParameter", "subscriptions")
        if len(self._pool.of(app.client_id)) >= self._state.settings.most_connections:
            # A-DINGTALK-111: the number is an answer in a forum, what the fifty-first gets is not known
            raise NewRefusal(503, "ServiceUnavailable", "too many connections")
        ticket = Ticket(app.client_id, wanted, call.at + self._state.settings.ticket_life_s)
        address = call.base.replace("http", "ws", 1)
        return {"endpoint": f"{address}{PATH}", "ticket": self._pool.ticket(ticket)}

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket."""
        await receive()
        ticket = self._pool.redeem(ticket_of(scope), self._state.clock.now()) if scope["path"] == PATH else None
        if ticket is None:
            # A-DINGTALK-112: before the handshake is done this is HTTP 403
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._pool.serve(ticket, receive, send)
