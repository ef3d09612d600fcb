"""The vendor's "too much at once", which has one meaning on every channel and tells no time to wait."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.contract import Throttled

LEAST = timedelta(seconds=2)
MOST = timedelta(minutes=1)


class Pressure:
    """How long an account has been refusing calls, and so how long to stop. One for all channels of a source.

    Retries begin after a delay that grows and differs between programs:
    https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1509974866.html
    """

    def __init__(self, scope: str, now: Callable[[], datetime]) -> None:
        self._scope = scope
        self._now = now
        self._since: datetime | None = None
        # One for each episode: it parts programs, not the channels of one.
        self._spread = 1.0

    def rises(self, detail: str) -> Throttled:
        """Return the error for a call that was refused now."""
        now = self._now()
        if self._since is None:
            self._since = now
            self._spread = 1 + random.random() / 2  # noqa: S311 - it keeps no secret
        after = max(LEAST, min(now - self._since, MOST))
        return Throttled(
            "NetSuite refuses calls: too many are under way at once in the account.",
            after=after * self._spread,
            scope=self._scope,
            detail=detail,
        )

    def eases(self) -> None:
        """A call was taken."""
        self._since = None
