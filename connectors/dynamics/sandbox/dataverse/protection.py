"""Service protection: requests, work and concurrency of each user on each web server.

See https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

import anyio

from connectors.dynamics.sandbox.limits import Load, Ordered, Window
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.settings import Settings
from connectors.dynamics.sandbox.switches import Switches

LONGEST_WAIT_S = 300.0


class Exceeded(StrEnum):
    """Which limit is exceeded."""

    REQUESTS = "requests"
    EXECUTION = "execution"
    CONCURRENT = "concurrent"


CODES = {Exceeded.REQUESTS: "0x80072322", Exceeded.EXECUTION: "0x80072321", Exceeded.CONCURRENT: "0x80072326"}


@dataclass(slots=True)
class Meter:
    """What one user did on one server. `blocked_until` is in monotonic seconds, `wait` the next Retry-After."""

    requests: Window = field(default_factory=Window)
    execution: Window = field(default_factory=Window)
    running: int = 0
    blocked: Exceeded | None = None
    blocked_until: float = 0.0
    wait: float = 0.0


class Protection:
    """The meters of all users on all servers."""

    def __init__(self, settings: Settings, switches: Switches) -> None:
        self._settings = settings
        self._switches = switches
        self._meters: dict[tuple[str, int], Meter] = defaultdict(Meter)
        self._turns = count()
        self.ordered = Ordered()
        self.load = Load()

    def server(self, cookie: str) -> int:
        """Return the server that a cookie names; without one they take turns."""
        number = int(cookie, 16) % 1000 if cookie and all(c in "0123456789abcdef" for c in cookie) else -1
        return number if 0 <= number < self._settings.servers else next(self._turns) % self._settings.servers

    @asynccontextmanager
    async def spend(self, user_id: str, server: int, path: str) -> AsyncIterator[Meter]:
        """Count one request and its time. Raises `Refusal` 429 with `Retry-After` in whole seconds."""
        meter = self._meters[user_id, server]
        with self.load.call():
            self._admit(meter)
            meter.requests.add(1)
            meter.running += 1
            began = time.monotonic()
            try:
                await anyio.sleep(self.ordered.wait(path))
                yield meter
            finally:
                meter.running -= 1
                meter.execution.add(time.monotonic() - began)

    def headers(self, meter: Meter) -> dict[str, str]:
        """Return what is left, for debugging."""
        window = self._settings.window_seconds
        requests = self._settings.requests_max - meter.requests.used(window)
        seconds = self._settings.execution_max - meter.execution.used(window)
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(0, int(requests))),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(0.0, seconds):.2f}",
        }

    def clear(self) -> None:
        """Forget everything that was counted or ordered."""
        self._meters.clear()
        self.ordered.clear()

    def _admit(self, meter: Meter) -> None:
        ordered = self.ordered.refusal()
        if ordered:
            raise self._refuse(meter, Exceeded(ordered))
        if meter.running >= self._settings.concurrent_max:
            raise self._refuse(meter, Exceeded.CONCURRENT)
        if meter.blocked is not None and time.monotonic() < meter.blocked_until:
            raise self._refuse(meter, meter.blocked)
        meter.blocked = None
        window = self._settings.window_seconds
        if meter.requests.used(window) >= self._settings.requests_max:
            raise self._refuse(meter, Exceeded.REQUESTS)
        if meter.execution.used(window) >= self._settings.execution_max:
            raise self._refuse(meter, Exceeded.EXECUTION)
        meter.wait = 0.0

    def _refuse(self, meter: Meter, exceeded: Exceeded) -> Refusal:
        """Return the refusal; whoever goes on sending waits longer."""
        self.load.refused += 1
        # A-DYNAMICS-11: the pages say that the time grows, not by how much
        grown = meter.wait * 2 if self._switches.retry_after_grows else meter.wait
        meter.wait = min(max(grown, self._settings.retry_after), LONGEST_WAIT_S)
        if exceeded is not Exceeded.CONCURRENT:
            meter.blocked, meter.blocked_until = exceeded, time.monotonic() + meter.wait
        headers = {"Retry-After": str(math.ceil(meter.wait))}
        return Refusal(429, CODES[exceeded], self._message(exceeded), headers)

    def _message(self, exceeded: Exceeded) -> str:
        window = f"over time window of {self._settings.window_seconds:.0f} seconds."
        if exceeded is Exceeded.REQUESTS:
            return f"Number of requests exceeded the limit of {self._settings.requests_max} {window}"
        if exceeded is Exceeded.EXECUTION:
            milliseconds = f"{self._settings.execution_max * 1000:,.0f}"
            return (
                f"Combined execution time of incoming requests exceeded limit of {milliseconds} milliseconds {window} "
                "Decrease number of concurrent requests or reduce the duration of requests and try again later."
            )
        return f"Number of concurrent requests exceeded the limit of {self._settings.concurrent_max}."
