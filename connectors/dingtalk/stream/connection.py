"""One socket: its frames are handed in and answered, and it is watched, because a dead one can stand for hours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from connectors.contract import Ear, Gap, Loss, Received
from connectors.dingtalk.plain import NotPlain
from connectors.dingtalk.stream import frames
from connectors.dingtalk.stream.frames import Frame, Kind

MOST_WAITING: Mapping[Kind, int] = {Kind.EVENT: 200, Kind.CALLBACK: 2_000}
"""How many frames may wait for the ledger at once; an event comes again, a press or a word does not."""
WORDS_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between the tries to store words, which DingTalk says once. A press is not tried again: whoever sees that it
failed may by then have pressed something else. A-DINGTALK-302"""


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of a connection in seconds.

    The vendor names none of them. https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
    """

    open_within: float = 10.0
    ping_every: float = 15.0
    pong_within: float = 10.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    calm: float = 30.0
    """A connection that stood this long ends the growing of the pauses."""
    grace: float = 15.0
    """How long a replaced connection is still read; DingTalk closes it after ten seconds of silence."""
    ghost: float = 60.0
    """How long DingTalk may go on talking to a connection that ended without a goodbye. A-DINGTALK-305"""


class Connection:
    """An open socket. `serve` reads it until it ends; `over` returns as soon as it is no longer to be relied on."""

    def __init__(self, socket: ClientConnection, ear: Ear, pace: Pace, now: Callable[[], datetime]) -> None:
        self._socket = socket
        self._ear = ear
        self._pace = pace
        self._now = now
        self._sure = now()
        self._over: asyncio.Future[Loss] = asyncio.get_running_loop().create_future()
        self._waiting: set[asyncio.Task[None]] = set()
        self._kinds = dict.fromkeys(Kind, 0)

    @property
    def sure_until(self) -> datetime:
        """Until when everything that was said is known to have been heard, aware UTC."""
        return self._sure

    @property
    def ghost(self) -> float:
        """For how many seconds DingTalk may still take an ended connection for a living one."""
        farewell = self._over.done() and self._over.result() is Loss.REPLACED
        return 0.0 if farewell or self._socket.protocol.close_rcvd is not None else self._pace.ghost

    async def over(self) -> Loss:
        """Wait until the socket ends or DingTalk announces that it will end it."""
        return await asyncio.shield(self._over)

    async def serve(self) -> None:
        """Read until the socket ends. What was handed in is waited for, though its answer may find no socket."""
        watch = asyncio.create_task(self._watch())
        try:
            async for raw in self._socket:
                self._sure = self._now()
                self._hear(raw)
        except ConnectionClosed:
            pass
        finally:
            watch.cancel()
            if self._socket.protocol.close_rcvd is not None:
                # the end was said in order, so everything before it was heard
                self._sure = self._now()
            self._end(Loss.CUT)
            while self._waiting:
                await asyncio.wait(self._waiting)

    async def close(self) -> None:
        """Say goodbye; what was handed in is still stored."""
        await self._socket.close()

    def abort(self) -> None:
        """End the socket without a goodbye."""
        self._socket.transport.abort()

    async def retire(self) -> None:
        """Go on reading until DingTalk closes the socket, or close it after the grace."""
        try:
            async with asyncio.timeout(self._pace.grace):
                await self._socket.wait_closed()
        except TimeoutError:
            await self.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pace.ping_every)
            try:
                async with asyncio.timeout(self._pace.pong_within):  # A-DINGTALK-301
                    await (await self._socket.ping())
            except ConnectionClosed:
                return
            except TimeoutError:
                self._end(Loss.SILENT)
                # a closing handshake would wait for the one who does not answer
                self.abort()
                return
            self._sure = self._now()

    def _end(self, loss: Loss) -> None:
        if not self._over.done():
            self._over.set_result(loss)

    def _hear(self, raw: str | bytes) -> None:
        try:
            frame = frames.read(raw)
        except NotPlain as fault:
            self._spawn(Kind.SYSTEM, self._put_aside(fault))
            return
        if frame.kind is Kind.SYSTEM:
            self._obey(frame)
        elif self._kinds[frame.kind] < MOST_WAITING[frame.kind]:
            self._spawn(frame.kind, self._hand_in(frame))
        else:
            self._spawn(Kind.SYSTEM, self._decline(frame))

    def _obey(self, frame: Frame) -> None:
        """Answer the gateway itself; whatever else it says of the connection needs no answer."""
        if frame.topic == "ping":
            self._spawn(Kind.SYSTEM, self._say(frames.acknowledgement(frame, frames.OK, frame.data)))
        elif frame.topic == "disconnect":
            self._end(Loss.REPLACED)  # A-DINGTALK-303

    def _spawn(self, kind: Kind, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._kinds[kind] += 1
        self._waiting.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._kinds[kind] -= 1
            self._waiting.discard(task)

        task.add_done_callback(done)

    async def _hand_in(self, frame: Frame) -> None:
        received = frames.received(frame, self._now())
        if not await self._stored(received):
            await self._decline(frame)
            return
        if received.refusal is not None and frame.kind is Kind.CALLBACK:
            await self._say(frames.acknowledgement(frame, received.reply.status, {"response": None}))
            return
        shown: Mapping[str, str] = {}
        for press in received.presses:
            shown = await self._ear.shown(press)
        await self._say(frames.taken(frame, shown))

    async def _stored(self, received: Received) -> bool:
        if await self._ear.take(received):
            return True
        for pause in WORDS_PAUSES if received.words else ():
            await asyncio.sleep(pause)
            if await self._ear.take(received):
                return True
        return False

    async def _decline(self, frame: Frame) -> None:
        if frame.kind is Kind.CALLBACK:
            now = self._now()
            self._ear.missed(Gap(now, now, Loss.UNSTORED))
        await self._say(frames.untaken(frame))

    async def _put_aside(self, fault: NotPlain) -> None:
        await self._ear.take(frames.unreadable(str(fault)))

    async def _say(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            # an event comes again, and is recognised by its id
            return
