"""Waiting for a commit without holding up the others: what comes in is acknowledged after it and never before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any

from worker.ledger.signals import Charge
from worker.writer import Entry, Writer

STORE_S = 10.0
"""Longer than a commit takes; a sender that is answered later has often given up already."""

Rows = Sequence[Mapping[str, Any]]


class Stored(Enum):
    """What became of something that was to be stored."""

    YES = "yes"
    NO = "no"
    """It could not be, or not in time: then it may still be, and its repetition is recognised."""
    FULL = "full"
    """Too much waits: nothing of it was kept."""


async def store(
    writer: Writer, rows: Rows = (), hints: Rows = (), signals: Rows = (), charges: Sequence[Charge] = ()
) -> Stored:
    """Store rows together, with what the signals use of a month, and return after their commit."""
    loop = asyncio.get_running_loop()
    written: asyncio.Future[Exception | None] = loop.create_future()

    def done(error: Exception | None) -> None:
        loop.call_soon_threadsafe(_resolve, written, error)

    if not writer.put(Entry(rows, done, hints, signals, charges)):
        return Stored.FULL
    try:
        async with asyncio.timeout(STORE_S):
            return Stored.NO if await written else Stored.YES
    except TimeoutError:
        return Stored.NO


def store_signals(writer: Writer, signals: Rows, charges: Sequence[Charge]) -> bool:
    """Store what an application said and return after the commit; False where it could not be, or not in time."""
    outcome: SimpleQueue[Exception | None] = SimpleQueue()
    if not writer.put(Entry((), outcome.put, (), signals, charges)):
        return False
    try:
        return outcome.get(timeout=STORE_S) is None
    except Empty:
        return False


def _resolve(future: asyncio.Future[Exception | None], error: Exception | None) -> None:
    if not future.done():
        future.set_result(error)
