"""The organisation's credits and the calls under way: what makes 429.

See https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from connectors.zoho.sandbox.errors import ApiError
from connectors.zoho.sandbox.settings import Settings
from connectors.zoho.sandbox.switches import Switches

DAY_S = 86_400.0


@dataclass(slots=True)
class Throttle:
    """Refuse the next `count` calls (None: any number) until `until` (monotonic seconds; None: for ever)."""

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


class Credits:
    """Counts credits in a rolling window of 24 hours, and calls under way."""

    def __init__(self, settings: Settings, switches: Callable[[], Switches]) -> None:
        self._settings = settings
        self._switches = switches
        self._spent: deque[tuple[float, int]] = deque()
        self._used = 0
        self._calls = 0
        self._costly = 0
        self._throttles: list[Throttle] = []

    @property
    def used(self) -> int:
        """The credits of the last 24 hours."""
        horizon = time.monotonic() - DAY_S
        while self._spent and self._spent[0][0] < horizon:
            self._used -= self._spent.popleft()[1]
        return self._used

    @property
    def remaining(self) -> int:
        """What is left of the day's credits."""
        return max(0, self._settings.credits - self.used)

    @property
    def header(self) -> dict[str, str]:
        """The header of answers: it comes when half of the credits are used, and not before."""
        told = self.used * 2 >= self._settings.credits
        return {"X-API-CREDITS-REMAINING": str(self.remaining)} if told else {}

    @asynccontextmanager
    async def call(self, cost: int) -> AsyncIterator[None]:
        """Hold a place for one call. Raises `ApiError` 429, the same for each of the limits."""
        # A-ZOHO-72: which calls are under the sub-concurrency is only partly listed
        costly = cost > 1 and self._switches().sub_concurrency == "costly"
        if any(throttle.strikes() for throttle in self._throttles) or self._full(costly) or self.remaining < cost:
            raise ApiError(429, "TOO_MANY_REQUESTS", "Too many requests fired in short span of time.")
        self._calls += 1
        self._costly += costly
        try:
            yield
        finally:
            self._calls -= 1
            self._costly -= costly

    def spend(self, cost: int) -> None:
        """Count the credits of one call."""
        self._spent.append((time.monotonic(), cost))
        self._used += cost

    def throttle(self, throttle: Throttle) -> None:
        """Arm a refusal."""
        self._throttles.append(throttle)

    def clear(self) -> None:
        """Forget all credits and refusals."""
        self._spent.clear()
        self._used = 0
        self._throttles.clear()

    def _full(self, costly: bool) -> bool:
        return self._calls >= self._settings.concurrency or (costly and self._costly >= self._settings.sub_concurrency)
