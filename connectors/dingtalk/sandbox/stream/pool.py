"""All connections of all applications, and their tickets.

Each push goes down one connection, chosen at random among those of the application that asked for its topic:
https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

import random
import uuid
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from connectors.dingtalk.sandbox.events.errands import Errands
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.connection import Connection, Phase, Ticket
from connectors.dingtalk.sandbox.stream.frames import Ack, Frame, FrameType, frame
from connectors.dingtalk.sandbox.stream.line import Line


class Pool:
    """The connections."""

    def __init__(self, state: State, errands: Errands) -> None:
        """Start without connections; pings and farewells are run as `errands`."""
        self._state = state
        self._errands = errands
        self._tickets: dict[str, Ticket] = {}
        self.line = Line(errands)
        self.connections: dict[str, Connection] = {}

    def ticket(self, ticket: Ticket) -> str:
        """Return the text of a new ticket."""
        text = str(uuid.uuid4())
        self._tickets[text] = ticket
        return text

    def redeem(self, text: str, now: float) -> Ticket | None:
        """Use up a ticket; None for one that is unknown, used or over."""
        ticket = self._tickets.pop(text, None)
        return ticket if ticket and ticket.until > now else None

    def of(self, client_id: str) -> list[Connection]:
        """Return the connections of an application that are up."""
        up = (one for one in self.connections.values() if one.phase is not Phase.GIVEN_UP)
        return [one for one in up if one.client_id == client_id]

    def choose(self, client_id: str, type_: FrameType, topic: str) -> Connection | None:
        """Return the connection for a push, or None without any."""
        able = [one for one in self.of(client_id) if one.takes(type_, topic)]
        return random.choice(able) if able else None  # noqa: S311 - the vendor's choice is random and no secret

    async def serve(self, ticket: Ticket, receive: Receive, send: Send) -> None:
        """Serve a connection whose ticket was good, until it ends."""
        await send({"type": "websocket.accept"})
        connection = Connection(ticket, self.line, receive, send)
        self.connections[connection.id] = connection
        if self._state.app_switches.stream_greets:
            for topic in ("CONNECTED", "REGISTERED"):
                await connection.push(frame(FrameType.SYSTEM, topic, {}))
        settings = self._state.settings
        beside = [self._errands.run(connection.keep_pinging(settings.stream_ping_s))]
        if settings.stream_life_s is not None:
            beside.append(self._errands.run(connection.expire(settings.stream_life_s, settings.stream_grace_s)))
        try:
            await connection.serve()
        finally:
            for errand in beside:
                errand.cancel()
            connection.phase = Phase.CLOSED
            self.connections.pop(connection.id, None)

    async def push(self, client_id: str, pushed: Frame) -> bool:
        """Send a frame without waiting for its answer; tell whether there was a connection for it."""
        connection = self.choose(client_id, pushed.type, pushed.topic)
        if connection is None:
            return False
        await connection.push(pushed)
        return True

    async def ask(self, client_id: str, pushed: Frame, seconds: float) -> Ack | None:
        """Send a frame and return its answer, or None without a connection or when none came in time."""
        connection = self.choose(client_id, pushed.type, pushed.topic)
        if connection is None:
            return None
        return await connection.ask(pushed, seconds)

    def end_all(self) -> None:
        """Hang up on everybody, forget the tickets and what was to happen to frames."""
        self._tickets.clear()
        self.line.faults.clear()
        for connection in list(self.connections.values()):
            connection.cut()


def ticket_of(scope: Scope) -> str:
    """Return the ticket in the address of a WebSocket."""
    query_string: bytes = scope.get("query_string", b"")
    query = parse_qs(query_string.decode("latin-1"))
    return query.get("ticket", [""])[0]
