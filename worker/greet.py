"""A single call to a destination beside dispatch, within the quota that the running processes share."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

import redis

from connectors.contract import Budget, Delivers, Delivery, Draft, Outcome
from pipelines.plan import Lane
from worker.ledger import outbox
from worker.ledger.engine import Ledger, now
from worker.limiter import Limiter
from worker.quotas import Ask, Quotas, Room

LEASE_S = 30.0


def greet(channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once, whatever the quota is: for an installation that does not run yet."""
    ((part, _),) = channel.pack(draft)
    return channel.send(channel.freeze(part, secrets.token_hex(16)))


def greet_within(ledger: Ledger, limiter: Limiter, name: str, channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once if the quota has room now, and note the call; `THROTTLED` when it has none."""
    try:
        found = room(ledger, limiter, name, channel.budgets(), Lane.URGENT)
    except redis.RedisError:
        return Delivery(Outcome.RETRY, reason="Redis did not answer, and without it the quota is not known: try again")
    if not found.calls:
        after = timedelta(microseconds=found.free_at - now())
        seconds = max(1, round(after.total_seconds()))
        return Delivery(Outcome.THROTTLED, reason=f"the quota has no room: try again in {seconds} s", after=after)
    try:
        return greet(channel, draft)
    finally:
        note_call(ledger, name)
        limiter.settle(found.calls)


def room(ledger: Ledger, limiter: Limiter, name: str, budgets: Sequence[Budget], lane: Lane) -> Room:
    """Ask for one call to a destination now; a quota whose state was lost counts from what the ledger knows."""
    with ledger.read() as connection:
        return Quotas(limiter, LEASE_S, {name: budgets}).room(
            connection, Ask(name, lane, 1, now()), {}, lambda _: False
        )


def note_call(ledger: Ledger, name: str) -> None:
    """Write that a destination was called just now."""
    with ledger.write() as connection:
        outbox.note_calls(ledger, connection, [{"destination": name, "called_at": ledger.now(connection)}])
