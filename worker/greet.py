"""A single call to a destination beside dispatch, within the quota that the running processes share."""

from __future__ import annotations

import secrets
from datetime import timedelta

import redis

from connectors.contract import Budget, Delivers, Delivery, Draft, Outcome
from pipelines.plan import Lane
from worker.ledger import outbox
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.limiter import Grant, Limiter, Reason

LEASE_S = 30.0


def greet(channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once, whatever the quota is: for an installation that does not run yet."""
    ((part, _),) = channel.pack(draft)
    return channel.send(channel.freeze(part, secrets.token_hex(16)))


def greet_within(ledger: Ledger, limiter: Limiter, name: str, channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once if the quota has room now, and note the call; `THROTTLED` when it has none."""
    try:
        grant = room(ledger, limiter, name, channel.budget(), Lane.URGENT)
    except redis.RedisError:
        return Delivery(Outcome.RETRY, reason="Redis did not answer, and without it the quota is not known: try again")
    if not grant.calls:
        after = timedelta(seconds=grant.wait_s or 0)
        seconds = max(1, round(after.total_seconds()))
        return Delivery(Outcome.THROTTLED, reason=f"the quota has no room: try again in {seconds} s", after=after)
    try:
        return greet(channel, draft)
    finally:
        note_call(ledger, name)
        limiter.settle(grant.calls)


def room(ledger: Ledger, limiter: Limiter, name: str, budget: Budget, lane: Lane) -> Grant:
    """Ask for one call to a destination now; a quota whose state was lost counts from what the ledger knows."""
    grant = limiter.acquire([budget], lane, 1, lease_s=LEASE_S)
    if grant.reason is Reason.LOST:
        _revive(ledger, limiter, name, budget)
        grant = limiter.acquire([budget], lane, 1, lease_s=LEASE_S)
    return grant


def note_call(ledger: Ledger, name: str) -> None:
    """Write that a destination was called just now."""
    with ledger.write() as connection:
        outbox.note_calls(ledger, connection, [{"destination": name, "called_at": ledger.now(connection)}])


def _revive(ledger: Ledger, limiter: Limiter, name: str, budget: Budget) -> None:
    with ledger.read() as connection:
        called_at, blocked_until = outbox.last_called(connection, name)
    at = now()
    limiter.block(budget.key, (blocked_until - at) / MICROSECONDS)
    limiter.revive(budget, None if called_at is None else (at - called_at) / MICROSECONDS)
