"""Concurrency: one limit for the whole account, over REST, SOAP and RESTlets.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1500275531.html
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from connectors.netsuite.sandbox.settings import Settings


class LimitExceededError(Exception):
    """All places are taken. Each channel says so in its own way."""


@dataclass(slots=True)
class Slowness:
    """Requests whose path matches take so long, `count` times."""

    path: re.Pattern[str]
    seconds: float
    count: int


@dataclass(slots=True)
class Occupied:
    """Places that others hold, until a time in monotonic seconds (None: until they are given back)."""

    places: int
    until: float | None


class Governance:
    """Counts the requests that run."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._running: Counter[str] = Counter()
        self._occupied: list[Occupied] = []
        self._slow: list[Slowness] = []
        self.refused = 0
        self.highest = 0

    @asynccontextmanager
    async def place(self, integration: str, path: str) -> AsyncIterator[None]:
        """Hold a place while a request runs. Raises `LimitExceededError`."""
        if not self._free(integration):
            self.refused += 1
            raise LimitExceededError
        self._running[integration] += 1
        self.highest = max(self.highest, self._running.total())
        try:
            slow = next((one for one in self._slow if one.count > 0 and one.path.search(path)), None)
            if slow is not None:
                slow.count -= 1
                await asyncio.sleep(slow.seconds)
            yield
        finally:
            self._running[integration] -= 1

    def slow(self, slowness: Slowness) -> None:
        """Make requests take longer."""
        self._slow.append(slowness)

    def occupy(self, places: int, until: float | None) -> None:
        """Let others hold so many places."""
        self._occupied.append(Occupied(places, until))

    def clear(self) -> None:
        """Give back what others hold, and forget slowness."""
        self._occupied.clear()
        self._slow.clear()

    def count_anew(self) -> None:
        """Forget the refusals, and what ran before."""
        self.refused = 0
        self.highest = self._running.total()

    def limits(self) -> dict[str, int | str]:
        """Return what the governanceLimits operation tells.

        See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0625010817.html
        """
        settings = self._settings()
        own = settings.integration_concurrency
        told: dict[str, int | str] = {
            "accountConcurrencyLimit": settings.account_concurrency,
            "accountUnallocatedConcurrencyLimit": settings.account_concurrency - own,
        }
        if own:
            return told | {"integrationConcurrencyLimit": own, "integrationLimitType": "integrationSpecific"}
        return told | {"integrationLimitType": "accountLimit"}

    def _free(self, integration: str) -> bool:
        settings = self._settings()
        now = time.monotonic()
        self._occupied = [one for one in self._occupied if one.until is None or one.until > now]
        others = sum(one.places for one in self._occupied)
        if self._running.total() + others >= settings.account_concurrency:
            return False
        own = settings.integration_concurrency
        return not own or self._running[integration] < own
