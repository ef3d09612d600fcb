"""A server that drains: told to stop, it says so to new requests for a moment, and ends those under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FrameType

import uvicorn


class DrainingServer(uvicorn.Server):
    """Calls `drain` when it is told to stop, and stops `seconds` later; told twice, it stops at once."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], None], seconds: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._seconds = seconds
        self._told = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain, or stop."""
        told, self._told = self._told, True
        self._drain()
        if told or not self._seconds:
            super().handle_exit(sig, frame)
            return
        stop = threading.Timer(self._seconds, super().handle_exit, (sig, frame))
        stop.daemon = True
        stop.start()
