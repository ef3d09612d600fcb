"""A small message beside dispatch: a greeting, a code, a test."""

from __future__ import annotations

import secrets
from datetime import timedelta

import redis

from connectors.contract import Delivers, Delivery, Draft, Outcome
from pipelines.plan import Lane
from worker.calling import single_call
from worker.channels import Channel
from worker.ledger.engine import Ledger, now
from worker.limiter import Limiter


def greet(channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once, whatever the quota is: for an installation that does not run yet."""
    ((part, _),) = channel.pack(draft)
    return channel.send(channel.freeze(part, secrets.token_hex(16)))


def greet_within(ledger: Ledger, limiter: Limiter, name: str, client: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once if the quota has room now, and note the call; `THROTTLED` when it has none."""
    channel = Channel(name, client, tuple(client.budgets()))
    at = now()
    try:
        with single_call(ledger, limiter, channel, Lane.URGENT) as room:
            if room.calls:
                return greet(client, draft)
    except redis.RedisError:
        return Delivery(Outcome.RETRY, reason="Redis did not answer, and without it the quota is not known: try again")
    after = timedelta(microseconds=room.free_at - at)
    seconds = max(1, round(after.total_seconds()))
    return Delivery(Outcome.THROTTLED, reason=f"the quota has no room: try again in {seconds} s", after=after)
