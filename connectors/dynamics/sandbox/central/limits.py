"""Calls of each user in a window, running and waiting.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/administration/operational-limits-online
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import anyio

from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.limits import Load, Ordered, Window
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.settings import Settings
from connectors.dynamics.sandbox.switches import Switches

LOOK_AGAIN_S = 0.01


class Trouble(StrEnum):
    """What can be ordered for the next calls."""

    REQUESTS = "requests"
    QUEUE = "queue"
    QUEUE_TIME = "queue_time"
    OPERATION = "operation"
    GATEWAY = "gateway"


@dataclass(slots=True)
class Meter:
    """What one user does."""

    requests: Window = field(default_factory=Window)
    running: int = 0
    waiting: int = 0


class Limits:
    """The meters of all users."""

    def __init__(self, settings: Settings, switches: Switches) -> None:
        self._settings = settings
        self._switches = switches
        self._meters: dict[str, Meter] = defaultdict(Meter)
        self.ordered = Ordered()
        self.load = Load()

    @asynccontextmanager
    async def spend(self, user_id: str, path: str) -> AsyncIterator[None]:
        """Count one call, wait for a place, work. Raises `Refusal` 408, 429, 503, 504."""
        meter = self._meters[user_id]
        with self.load.call():
            self._admit(meter)
            await self._place(meter)
            meter.running += 1
            try:
                await self._work(self.ordered.wait(path))
                yield
            finally:
                meter.running -= 1

    def clear(self) -> None:
        """Forget everything that was counted or ordered."""
        self._meters.clear()
        self.ordered.clear()

    def _admit(self, meter: Meter) -> None:
        ordered = self.ordered.refusal()
        if ordered:
            raise self._refusal(Trouble(ordered))
        if meter.requests.used(self._settings.central_window_seconds) >= self._settings.central_requests_max:
            raise self._refusal(Trouble.REQUESTS)
        meter.requests.add(1)

    async def _place(self, meter: Meter) -> None:
        if meter.running < self._settings.central_concurrent_max:
            return
        if meter.waiting >= self._settings.central_queue_max:
            raise self._refusal(Trouble.QUEUE)
        until = time.monotonic() + self._settings.central_queue_seconds
        meter.waiting += 1
        try:
            while meter.running >= self._settings.central_concurrent_max:
                if time.monotonic() >= until:
                    raise self._refusal(Trouble.QUEUE_TIME)
                await anyio.sleep(LOOK_AGAIN_S)
        finally:
            meter.waiting -= 1

    async def _work(self, seconds: float) -> None:
        operation, gateway = self._settings.central_operation_seconds, self._settings.central_gateway_seconds
        await anyio.sleep(min(seconds, operation, gateway))
        if seconds > min(operation, gateway):
            raise self._refusal(Trouble.OPERATION if operation <= gateway else Trouble.GATEWAY)

    def _refusal(self, trouble: Trouble) -> Refusal:
        self.load.refused += 1
        # A-DYNAMICS-21: the pages give the status alone
        status, code, message = _REFUSALS[trouble]
        headers: dict[str, str] = {}
        # A-DYNAMICS-17: a Retry-After is documented for 502 and 503 only
        if status == 503 or (status == 429 and self._switches.throttled_with_retry_after):
            headers["Retry-After"] = "10"
        return refuse(status, code, message, headers)


_REFUSALS = {
    Trouble.REQUESTS: (429, "Application_TooManyRequests", "Too many requests reached."),
    Trouble.QUEUE: (429, "Application_TooManyRequests", "Too many requests are waiting."),
    Trouble.QUEUE_TIME: (503, "ServiceUnavailable", "The request waited too long for its turn."),
    Trouble.OPERATION: (408, "RequestTimeout", "The operation took too long and was canceled."),
    Trouble.GATEWAY: (504, "GatewayTimeout", "The gateway did not get an answer in time."),
}
