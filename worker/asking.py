"""Asking a source within its quotas."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import redis
import structlog

from connectors.contract import Budget, ConnectorError, Retryable, Throttled
from pipelines.plan import Lane
from worker.fault import whereabouts
from worker.ledger import cursors
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.limiter import Grant, Limiter, Reason

LEASE_S = 300.0
"""A page with its token takes less, by the longest read timeout of any source; the lease is renewed with each."""

LOOK_AGAIN_S = 1.0

log = structlog.get_logger()

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Source:
    """A source that is asked: its client, the quotas of a call, and what its vendor said of them since the last one."""

    name: str
    client: object
    budgets: tuple[Budget, ...]
    observed: dict[str, tuple[int, int]]

    def take_observed(self) -> dict[str, tuple[int, int]]:
        """Return what was observed since the last call; several kinds may be read at once."""
        taken = {}
        while self.observed:
            name, use = self.observed.popitem()
            taken[name] = use
        return taken


Sources = Mapping[str, Source]
"""The sources that are asked, by name."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Calls within the quotas of a lane, which wait for room at most `patience_s`."""

    ledger: Ledger
    limiter: Limiter
    lane: Lane
    patience_s: float = 0.0

    def __call__(self, source: Source, call: Callable[[], Answer]) -> Answer:
        """Do one call; raises `Retryable` where the quota has no room."""
        if not source.budgets:
            return call()
        until = time.monotonic() + self.patience_s
        grant = self._acquire(source)
        while not grant.calls and time.monotonic() < until:
            time.sleep(min(grant.wait_s or LOOK_AGAIN_S, LOOK_AGAIN_S))
            grant = self._acquire(source)
        if not grant.calls:
            # a slot frees with any answer, whenever that is; a window or a block ends when it ends
            known = grant.reason is not Reason.SLOTS and grant.wait_s is not None
            raise Retryable(
                "this source's quota of calls is used up or in use; it is read again when there is room",
                after=timedelta(seconds=grant.wait_s or 0) if known else None,
            )
        try:
            return call()
        finally:
            self.limiter.settle(grant.calls)

    def heed(self, error: Exception) -> None:
        """Stop the other calls that use a quota which the vendor said is used up."""
        if not isinstance(error, Throttled) or error.after is None:
            return
        try:
            self.limiter.block(error.scope, error.after.total_seconds())
        except redis.RedisError as away:
            log.warning("cannot reach Redis; each kind finds out by itself", error=str(away))

    def _acquire(self, source: Source) -> Grant:
        grant = self.limiter.acquire(source.budgets, self.lane, 1, lease_s=LEASE_S)
        while grant.reason is Reason.LOST:
            self._revive(source, grant.budget)
            grant = self.limiter.acquire(source.budgets, self.lane, 1, lease_s=LEASE_S)
        return grant

    def _revive(self, source: Source, key: str) -> None:
        """Tell the limiter, which lost this quota's state, when the ledger last saw a call."""
        budget = next(b for b in source.budgets if b.key == key)
        with self.ledger.read() as connection:
            called_at = cursors.last_polled(connection, source.name)
        self.limiter.revive(budget, None if called_at is None else (now() - called_at) / MICROSECONDS)


def after(error: Exception) -> timedelta | None:
    """Return how long the source asked to be left alone, if it did."""
    return error.after if isinstance(error, Retryable) else None


def said(error: Exception) -> tuple[str, str]:
    """Return an error as a sentence for the operator and its detail, without anything that a field may have held."""
    if isinstance(error, ConnectorError):
        return str(error), error.detail
    if isinstance(error, redis.RedisError):
        return "Redis did not answer, and without it no quota is known; trying again with the next turn", ""
    return f"a fault in dingbridge or its connector: {whereabouts(error)}", ""
