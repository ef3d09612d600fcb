"""One message of an operator's command into a destination, within the quota that the running processes share."""

from __future__ import annotations

import secrets
from datetime import timedelta

import redis

from connectors.contract import Delivers, Delivery, Draft, Outcome, Purpose
from pipelines.plan import Lane
from worker.ledger import months, outbox
from worker.ledger.engine import Ledger, now
from worker.ledger.months import Spent
from worker.limiter import Limiter
from worker.quotas import Ask, Quotas

LEASE_S = 30.0


def greet(channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once, whatever the quota is: for an installation that does not run yet."""
    ((part, _),) = channel.pack(draft)
    return channel.send(channel.freeze(part, secrets.token_hex(16)))


def greet_within(ledger: Ledger, limiter: Limiter, name: str, channel: Delivers, draft: Draft) -> Delivery:
    """Send a small draft once if the quota has room now, and note the call; `THROTTLED` when it has none."""
    quotas = Quotas(limiter, LEASE_S, {name: tuple(channel.budgets())})
    at = now()
    try:
        with ledger.read() as connection:
            room = quotas.room(connection, Ask(name, Lane.URGENT, 1, at), {}, lambda _: False)
    except redis.RedisError:
        return Delivery(Outcome.RETRY, reason="Redis did not answer, and without it the quota is not known: try again")
    if not room.calls:
        after = timedelta(microseconds=room.free_at - at)
        seconds = max(1, round(after.total_seconds()))
        return Delivery(Outcome.THROTTLED, reason=f"the quota has no room: try again in {seconds} s", after=after)
    delivery = greet(channel, draft)
    counted = delivery.outcome not in {Outcome.RETRY, Outcome.THROTTLED}
    with ledger.write() as connection:
        at = ledger.now(connection)
        outbox.note_calls(ledger, connection, [{"destination": name, "called_at": at}])
        calls = [Spent(key, month, Purpose.MESSAGE, at) for key, month in quotas.months(name).items() if counted]
        months.spend(ledger, connection, calls)
    limiter.settle(room.calls)
    return delivery
