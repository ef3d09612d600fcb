"""A single call to a destination beside dispatch, within the quotas that the running processes share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.plan import Lane
from worker.channels import Channel
from worker.ledger import outbox
from worker.ledger.engine import Ledger, now
from worker.limiter import Limiter
from worker.quotas import Ask, Quotas, Room

LEASE_S = 30.0


@contextmanager
def single_call(ledger: Ledger, limiter: Limiter, channel: Channel, lane: Lane) -> Iterator[Room]:
    """Give room for one call, noted and settled at the end; a room without calls means that none may be made now.

    Raises what the ledger and Redis raise.
    """
    quotas = Quotas(limiter, LEASE_S, {channel.name: channel.budgets})
    with ledger.read() as connection:
        room = quotas.room(connection, Ask(channel.name, lane, 1, now()), {}, lambda _: False)
    try:
        yield room
    finally:
        if room.calls:
            with ledger.write() as connection:
                note = {"destination": channel.name, "called_at": ledger.now(connection)}
                outbox.note_calls(ledger, connection, [note])
            limiter.settle(room.calls)
