"""Our own share of the org's calls of 24 hours, counted by ourselves: the vendor only tells of all callers together.

https://developer.salesforce.com/docs/platform/api-rest/guide/headers-api-usage.html
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from connectors.contract import Misconfigured, Services, Throttled

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
EVERY = 20
"""Calls after which the count is written down; what a killed process had not written is at most this."""
AGE = timedelta(minutes=1)


class Usage:
    """Counts the calls of this installation by the hour. All its workers add to one count, kept in the vault.

    An hour counts until it has left the vendor's 24 hours as a whole, so the count is never below the truth by the
    clock's minute. `percent` is the share of the org's allowance that is never exceeded.
    """

    def __init__(self, services: Services, key: str, scope: str, percent: int) -> None:
        self._services = services
        self._key = key
        self._scope = scope
        self._percent = percent
        self._lock = Lock()
        self._hours: dict[str, int] = {}
        self._fresh: dict[str, int] = {}
        self._allowed = 0
        self._written: datetime | None = None

    @property
    def mine(self) -> int:
        """Calls of the last 24 hours that were ours."""
        return sum(self._hours.values()) + sum(self._fresh.values())

    @property
    def limit(self) -> int:
        """Calls of 24 hours that may be ours; 0 while the allowance is not known."""
        return self._allowed * self._percent // 100

    def spend(self) -> None:
        """Count a call that is about to go out. Raises Throttled instead where it would exceed our share."""
        now = self._services.now()
        with self._lock:
            if self._written is None or now - self._written >= AGE or sum(self._fresh.values()) >= EVERY:
                self._write(now)
            if self._allowed and self.mine >= self.limit:
                raise self._spent(now)
            hour = _hour(now)
            self._fresh[hour] = self._fresh.get(hour, 0) + 1

    def observe(self, used: int, allowed: int) -> None:
        """Take what the vendor says of all callers, and tell the runner of us, of the others and of all."""
        with self._lock:
            self._allowed = allowed
            mine = self.mine
        observe = self._services.observe
        observe(self._key, used, allowed)
        observe(f"{self._key}:ours", mine, self.limit)
        observe(f"{self._key}:others", max(0, used - mine), allowed)

    def _write(self, now: datetime) -> None:
        """Add what is fresh to what all workers know."""
        known: dict[str, Any] = {}
        # Without a ledger there are no other workers to share the count with.
        with suppress(Misconfigured):
            known = json.loads(self._services.vault.load(self._key) or "{}")
        hours = dict(known.get("hours", self._hours))
        for hour, calls in self._fresh.items():
            hours[hour] = hours.get(hour, 0) + calls
        oldest = _hour(now - DAY)
        self._hours = {hour: calls for hour, calls in hours.items() if hour >= oldest}
        self._allowed = self._allowed or int(known.get("allowed", 0))
        self._fresh = {}
        self._written = now
        with suppress(Misconfigured):
            self._services.vault.store(self._key, json.dumps({"hours": self._hours, "allowed": self._allowed}))

    def _spent(self, now: datetime) -> Throttled:
        first = min([*self._hours, *self._fresh], default=_hour(now))
        until = datetime.fromisoformat(first) + DAY + HOUR
        return Throttled(
            f"The bridge has used its share ({self._percent} %) of the org's API calls of 24 hours: poll less often, "
            "or raise `share`.",
            after=max(until - now, AGE),
            scope=self._scope,
        )


def _hour(at: datetime) -> str:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0).isoformat()
