"""One WebSocket of an application: what was pushed down it, and what the client answered."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from starlette.types import Receive, Send

from connectors.dingtalk.sandbox.stream.frames import Ack, Frame, FrameType, frame, read_ack
from connectors.dingtalk.sandbox.stream.line import Line


class Phase(StrEnum):
    """How far a connection is.

    Only an open one gets pushes; through a silent one nothing passes, and what is pushed into it until it is given up is
    lost.
    """

    OPEN = "open"
    RETIRING = "retiring"
    SILENT = "silent"
    GIVEN_UP = "given up"
    CLOSED = "closed"


class Subscription(msgspec.Struct, frozen=True):
    """What a client asked for."""

    type: str
    topic: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to connect once; `until` is Unix seconds."""

    client_id: str
    subscriptions: tuple[Subscription, ...]
    until: float


class Connection:
    """A connection with the frames that wait for an answer."""

    def __init__(self, ticket: Ticket, line: Line, receive: Receive, send: Send) -> None:
        """Wrap the two halves of an ASGI WebSocket that was accepted; `line` carries its frames."""
        self.id = uuid.uuid4().hex
        self.client_id = ticket.client_id
        self.subscriptions = ticket.subscriptions
        self.phase = Phase.OPEN
        self.since = time.time()
        self.pushed = 0
        self.acks = 0
        self.pongs = 0
        self._line = line
        self._receive = receive
        self._send = send
        self._waiting: dict[str, asyncio.Future[Ack | None]] = {}
        self._pings: dict[str, Mapping[str, Any]] = {}
        self._sending = asyncio.Lock()

    def takes(self, type_: FrameType, topic: str) -> bool:
        """Tell whether a push of this topic may come down here now."""
        wanted = any(one.type == type_ and one.topic in {topic, "*"} for one in self.subscriptions)
        # a silent socket looks open to the vendor too: what is pushed there is lost
        return self.phase in {Phase.OPEN, Phase.SILENT} and wanted

    async def push(self, pushed: Frame) -> None:
        """Send a frame; one that the connection cannot carry any more is lost."""
        if not self._dead:
            self.pushed += 1
            await self._line.carry(pushed, self._sent)

    @property
    def _dead(self) -> bool:
        return self.phase in {Phase.SILENT, Phase.GIVEN_UP, Phase.CLOSED}

    async def _sent(self, pushed: Frame) -> None:
        if self._dead:
            return
        # the client may be gone without the server having noticed
        with contextlib.suppress(OSError, RuntimeError):
            async with self._sending:
                await self._send({"type": "websocket.send", "text": pushed.text()})

    async def ask(self, pushed: Frame, seconds: float) -> Ack | None:
        """Send a frame and return its answer, or None when none came within so many seconds or the line broke."""
        waiting: asyncio.Future[Ack | None] = asyncio.get_running_loop().create_future()
        self._waiting[pushed.message_id] = waiting
        try:
            await self.push(pushed)
            return await asyncio.wait_for(waiting, seconds)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(pushed.message_id, None)

    async def serve(self) -> None:
        """Read answers until the client or the twin hangs up."""
        while self.phase is not Phase.CLOSED:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                break
            ack = read_ack(message.get("text") or "")
            if ack is not None:
                self._answered(ack)
        self._close()

    async def ping(self) -> None:
        """Send a ping of the protocol's own, whose answer is its data."""
        ping = frame(FrameType.SYSTEM, "ping", {"opaque": uuid.uuid4().hex})
        self._pings[ping.message_id] = ping.data
        await self.push(ping)

    async def keep_pinging(self, every: float) -> None:
        """Send a ping every so many seconds."""
        while self.phase is Phase.OPEN:
            await asyncio.sleep(every)
            await self.ping()

    async def expire(self, after: float, grace: float) -> None:
        """Retire after so many seconds, as the vendor's connections do from time to time."""
        await asyncio.sleep(after)
        await self.retire(grace)

    async def retire(self, grace: float) -> None:
        """Announce the end, push nothing more, and hang up after `grace` seconds."""
        await self.push(frame(FrameType.SYSTEM, "disconnect", {"reason": "connection is expired"}))
        if self.phase is Phase.OPEN:
            self.phase = Phase.RETIRING
        await asyncio.sleep(grace)
        if self.phase is Phase.RETIRING:
            with contextlib.suppress(OSError, RuntimeError):
                await self._send({"type": "websocket.close", "code": 1000})
            self._close()

    def silence(self) -> None:
        """Stop reading and writing without hanging up: the fault that only a watchdog finds."""
        self.phase = Phase.SILENT
        protocol = getattr(self._send, "__self__", None)
        if protocol is not None:
            # the server would answer and send pings of WebSocket's own
            protocol.stop_keepalive()
            protocol.read_paused = True
            protocol.transport.pause_reading()

    async def give_up(self, after: float) -> None:
        """Choose a silent connection no more after so many seconds: by then the vendor has noticed as well."""
        await asyncio.sleep(after)
        if self.phase is Phase.SILENT:
            self.phase = Phase.GIVEN_UP

    def cut(self) -> None:
        """Hang up without a word."""
        self._close()
        protocol = getattr(self._send, "__self__", None)
        if protocol is not None:
            protocol.transport.abort()

    def _answered(self, ack: Ack) -> None:
        ping = self._pings.pop(ack.message_id, None)
        self.pongs += ping is not None and ack.data == ping
        waiting = self._waiting.get(ack.message_id)
        if waiting is not None and not waiting.done():
            self.acks += 1
            waiting.set_result(ack)

    def _close(self) -> None:
        self.phase = Phase.CLOSED
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
