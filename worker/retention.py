"""The nightly job that lets go of what has had its time, without keeping anybody waiting for a write."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from worker.lease import Lease, Overtaken
from worker.ledger import answers, expiry, hints, mutes, peace, signals
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.expiry import WINDOW, Limits, Window

log = structlog.get_logger()

JOB = "retention"
LEAST_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Expired:
    """How many arrivals and messages lost their payload, and how many arrivals went with all that was made of them."""

    stripped: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Retention:
    """Lets go of payloads and trail after their time. `pause` waits so many seconds and answers True when to stop."""

    ledger: Ledger
    payloads: timedelta
    trail: timedelta
    pause: Callable[[float], bool]

    def run(self, at: int) -> Expired:
        """Forget what has had its time by `at` (microseconds since the epoch); nothing when another worker does it."""
        lease = Lease.of(self.ledger, JOB, JOB)
        limits = Limits(at - _micros(self.payloads), at - _micros(self.trail))
        try:
            arrivals = self._each(lease, limits, expiry.arrivals, expiry.forget_arrivals)
            messages = self._each(lease, limits, expiry.messages, expiry.forget_messages)
        except Overtaken:
            log.info("another worker forgets what has had its time")
            return Expired()
        self._forget_signals(limits)
        while self.ledger.shrink() and not self.pause(LEAST_PAUSE_S):
            continue
        with self.ledger.write() as connection:
            hints.forget(connection, limits.payloads)
            answers.forget(connection, limits.payloads)
            mutes.forget(connection, limits.payloads)
            peace.forget(connection, limits.payloads)
        lease.end(None)
        done = Expired(arrivals.stripped + messages.stripped, arrivals.dropped)
        log.info("what has had its time was forgotten", stripped=done.stripped, dropped=done.dropped)
        return done

    def _each(
        self,
        lease: Lease,
        limits: Limits,
        look: Callable[[Connection, int, Limits], Window],
        forget: Callable[[Connection, Window], None],
    ) -> Expired:
        after: int | None = 0
        stripped = dropped = 0
        while after is not None:
            with self.ledger.read() as connection:
                window = look(connection, after, limits)
            if window:
                began = time.monotonic()
                self._write(lease, window, forget)
                stripped, dropped = stripped + len(window.strip), dropped + len(window.drop)
                # at most half of the time a writer may find the ledger taken
                if self.pause(max(LEAST_PAUSE_S, time.monotonic() - began)):
                    break
            after = window.next
        return Expired(stripped, dropped)

    def _forget_signals(self, limits: Limits) -> None:
        going = True
        while going:
            with self.ledger.write() as connection:
                going = signals.forget(connection, limits.payloads, WINDOW)
            going = going and not self.pause(LEAST_PAUSE_S)

    def _write(self, lease: Lease, window: Window, forget: Callable[[Connection, Window], None]) -> None:
        with self.ledger.write() as connection:
            if not lease.take(connection):
                raise Overtaken
            forget(connection, window)


def _micros(span: timedelta) -> int:
    return int(span.total_seconds() * MICROSECONDS)
