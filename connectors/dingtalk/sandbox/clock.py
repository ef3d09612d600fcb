"""The twin's time: the machine's, which can be put forward so that a day's limit is tried in a moment."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


class Clock:
    """Runs with the machine's clock, `ahead` seconds before it."""

    def __init__(self) -> None:
        """Start with the machine's time."""
        self.ahead = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time() + self.ahead

    def milliseconds(self) -> int:
        """Return Unix milliseconds."""
        return round(self.now() * 1000)

    def monotonic(self) -> float:
        """Return seconds that only serve to measure."""
        return time.monotonic() + self.ahead

    def month(self) -> tuple[int, int]:
        """Return year and month in China, by which quotas are counted."""
        there = datetime.fromtimestamp(self.now(), UTC).astimezone(CHINA)
        return there.year, there.month

    def advance(self, seconds: float) -> None:
        """Put the clock forward; whoever sleeps until then wakes up."""
        self.ahead += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait until so much of the twin's time has passed."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                continue
