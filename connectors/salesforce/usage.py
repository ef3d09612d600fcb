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
BATCH = 20
"""Calls that a worker takes from the share at a time; what it had not made when it was killed is lost to the share."""
SOON = timedelta(minutes=1)


class Usage:
    """The calls of this installation by the hour, one count for all its workers, kept in the vault.

    A worker takes calls from the share before it makes them, so the share is not exceeded, whoever is killed. An hour
    counts until it has left the vendor's 24 hours as a whole. `percent` is our share of the org's allowance.
    """

    def __init__(self, services: Services, key: str, scope: str, percent: int) -> None:
        self._services = services
        self._key = key
        self._scope = scope
        self._percent = percent
        self._lock = Lock()
        self._hours: dict[str, int] = {}
        self._left = 0
        self._taken_in = ""
        self._allowed = 0

    @property
    def mine(self) -> int:
        """Calls of the last 24 hours that were ours."""
        return sum(self._hours.values()) - self._left

    @property
    def limit(self) -> int:
        """Calls of 24 hours that may be ours; 0 while the allowance is not known."""
        return self._allowed * self._percent // 100

    def spend(self) -> None:
        """Count a call that is about to go out. Raises Throttled instead where it would exceed our share."""
        now = self._services.now()
        with self._lock:
            if not self._left or self._taken_in != _hour(now):
                self._take(now)
            self._left -= 1

    def observe(self, used: int, allowed: int) -> None:
        """Take what the vendor says of all callers, and tell the runner of us, of the others and of all."""
        with self._lock:
            self._allowed = allowed
            mine = self.mine
        observe = self._services.observe
        observe(self._key, used, allowed)
        observe(f"{self._key}:ours", mine, self.limit)
        observe(f"{self._key}:others", max(0, used - mine), allowed)

    def _take(self, now: datetime) -> None:
        """Take calls from the share that all workers know."""
        known: dict[str, Any] = {}
        # Without a ledger there are no other workers to share the count with.
        with suppress(Misconfigured):
            known = json.loads(self._services.vault.load(self._key) or "{}")
        oldest, hour = _hour(now - DAY), _hour(now)
        counted = known.get("hours", self._hours)
        self._hours = {each: calls for each, calls in counted.items() if each >= oldest}
        self._left, self._taken_in = 0, hour
        self._allowed = self._allowed or int(known.get("allowed", 0))
        batch = min(BATCH, self.limit - self.mine) if self._allowed else 1
        if batch <= 0:
            raise self._spent(now)
        self._hours[hour] = self._hours.get(hour, 0) + batch
        with suppress(Misconfigured):
            self._services.vault.store(self._key, json.dumps({"hours": self._hours, "allowed": self._allowed}))
        self._left = batch

    def _spent(self, now: datetime) -> Throttled:
        until = datetime.fromisoformat(min(self._hours, default=_hour(now))) + DAY + HOUR
        return Throttled(
            f"The bridge has used its share ({self._percent} %) of the org's API calls of 24 hours: poll less often, "
            "or raise `share`.",
            after=max(until - now, SOON),
            scope=self._scope,
        )


def _hour(at: datetime) -> str:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0).isoformat()
