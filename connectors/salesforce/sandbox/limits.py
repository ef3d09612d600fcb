"""The org's API quota: the daily count and the two refusals that share one code.

See https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-api.html
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

import anyio

from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.settings import Settings

DAY_S = 86_400.0


class Refusal(StrEnum):
    """Which limit is exceeded. A client must read the message: status and code are the same."""

    DAILY = "daily"
    CONCURRENT = "concurrent"


_MESSAGES = {
    Refusal.DAILY: "TotalRequests Limit exceeded.",
    Refusal.CONCURRENT: "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
}


@dataclass(slots=True)
class Throttle:
    """Refuse the next `count` calls (None: any number) until `until` (monotonic seconds; None: for ever)."""

    refusal: Refusal
    count: int | None
    until: float | None

    def strikes(self) -> bool:
        """Tell whether the present call is refused, and use up one count."""
        if self.until is not None and time.monotonic() >= self.until:
            return False
        if self.count is not None:
            if self.count <= 0:
                return False
            self.count -= 1
        return True


@dataclass(slots=True)
class Slowness:
    """Make the next `count` calls whose path matches take `seconds`."""

    path: re.Pattern[str]
    seconds: float
    count: int


class Quota:
    """Counts calls in a rolling window of 24 hours, and those that have been running for long."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: deque[float] = deque()
        self._throttles: list[Throttle] = []
        self._slow: list[Slowness] = []
        self._running: dict[int, float] = {}
        self._numbers = count()

    @asynccontextmanager
    async def spend(self, path: str) -> AsyncIterator[None]:
        """Count one call and hold its place while it runs.

        Raises `ApiError` 403 `REQUEST_LIMIT_EXCEEDED`; a refused call is not counted.
        """
        self._admit()
        self._calls.append(time.monotonic())
        number = next(self._numbers)
        self._running[number] = time.monotonic()
        try:
            await anyio.sleep(self._wait(path))
            yield
        finally:
            del self._running[number]

    def _admit(self) -> None:
        struck = next((t for t in self._throttles if t.strikes()), None)
        if struck is not None:
            raise _exceeded(struck.refusal)
        if self.used() >= self._settings.daily_max:
            raise _exceeded(Refusal.DAILY)
        since = time.monotonic() - self._settings.long_seconds
        if sum(began <= since for began in self._running.values()) >= self._settings.concurrent_max:
            raise _exceeded(Refusal.CONCURRENT)

    def _wait(self, path: str) -> float:
        for slow in self._slow:
            if slow.count > 0 and slow.path.search(path):
                slow.count -= 1
                return slow.seconds
        return 0.0

    def used(self) -> int:
        """Return the calls of the last 24 hours."""
        horizon = time.monotonic() - DAY_S
        while self._calls and self._calls[0] < horizon:
            self._calls.popleft()
        return len(self._calls)

    def throttle(self, throttle: Throttle) -> None:
        """Arm a refusal."""
        self._throttles.append(throttle)

    def slow(self, slowness: Slowness) -> None:
        """Make calls take their time."""
        self._slow.append(slowness)

    def clear(self) -> None:
        """Forget all calls and refusals, and be quick again."""
        self._calls.clear()
        self._throttles.clear()
        self._slow.clear()

    def header(self) -> str:
        """Return the value of `Sforce-Limit-Info`."""
        return f"api-usage={self.used()}/{self._settings.daily_max}"

    def report(self) -> dict[str, Any]:
        """Return the body of the limits resource."""
        most = self._settings.daily_max
        return {"DailyApiRequests": {"Max": most, "Remaining": max(0, most - self.used())}}


def _exceeded(refusal: Refusal) -> ApiError:
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", _MESSAGES[refusal])
