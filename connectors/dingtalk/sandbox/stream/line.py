"""The line between the twin and its Stream clients, on which single frames come late, twice or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeAlias

import msgspec

from connectors.dingtalk.sandbox.events.errands import Errands
from connectors.dingtalk.sandbox.stream.frames import Frame, FrameType

Send: TypeAlias = Callable[[Frame], Awaitable[None]]


class FrameFault(msgspec.Struct, forbid_unknown_fields=True):
    """What happens to the next `count` frames: `delay` holds each back for `seconds`, `drop` loses it, `double` sends it twice.

    It strikes frames of one `type` and `topic` (of an event its own type), without a type all but SYSTEM frames.
    """

    what: Literal["delay", "drop", "double"]
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    type: FrameType | None = None
    topic: str = ""

    def strikes(self, pushed: Frame) -> bool:
        """Tell whether this frame is hit, and use up one count."""
        meant = pushed.type is not FrameType.SYSTEM if self.type is None else pushed.type is self.type
        if not meant or not self.count or (self.topic and self.topic != pushed.about):
            return False
        self.count -= 1
        return True


class Line:
    """Carries frames to their clients; seconds are the machine's, as sockets keep them."""

    def __init__(self, errands: Errands) -> None:
        """Start without faults; late frames are sent as `errands`."""
        self._errands = errands
        self.faults: list[FrameFault] = []

    async def carry(self, pushed: Frame, send: Send) -> None:
        """Send a frame as the first fault that strikes it would have it; others overtake a late one."""
        fault = next((one for one in self.faults if one.strikes(pushed)), None)
        self.faults = [one for one in self.faults if one.count]
        if fault is None:
            await send(pushed)
        elif fault.what == "delay":
            self._errands.run(self._later(pushed, send, fault.seconds))
        elif fault.what == "double":
            await send(pushed)
            await send(pushed)

    async def _later(self, pushed: Frame, send: Send, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await send(pushed)
