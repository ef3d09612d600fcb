"""The sender of events, a process of its own: `python -m tests.bench.generator '{"port": …}'` prints what it did.

Closed: so many connections, each sends its next event when the last was answered. Open: so many a second at random
moments, whatever the answers do.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field

from tests.bench.events import event, request
from tests.bench.wire import Client, connect

PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Load:
    """What to send. `rate` 0 is closed; with `records` the numbers are states of so many records, turn by turn."""

    port: int
    first: int
    seconds: float = 5.0
    connections: int = 32
    rate: float = 0.0
    count: int = 0
    """Events to send in all; 0: as many as fit into `seconds`."""
    records: int = 0


@dataclass(slots=True)
class Sent:
    """What was sent. Times are monotonic nanoseconds."""

    began: int
    acknowledged: int = 0
    told: int = 0
    refused: int = 0
    ended: int = 0
    waits_ms: list[float] = field(default_factory=list)
    at: dict[int, int] = field(default_factory=dict)
    """When each event was sent; open loads only."""
    late_ms: float = 0.0
    """The longest that an event of an open load was sent after its moment."""


class _Source:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._next = load.first
        self._ends = time.monotonic() + load.seconds

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> tuple[int, bytes]:
        load, number = self._load, self._next
        done = number - load.first >= load.count if load.count else time.monotonic() > self._ends
        if done:
            raise StopIteration
        self._next += 1
        return number, raw(load, number)


def raw(load: Load, number: int) -> bytes:
    """The request of one number. Of records' states every one is told."""
    if not load.records:
        return request(event(number))
    turn, index = divmod(number - load.first, load.records)
    return request(event(2 * number + 1, f"R{load.first + index}", turn + 1))


async def _closed(load: Load) -> Sent:
    sent = Sent(time.monotonic_ns())
    source = _Source(load)

    async def one() -> None:
        client = await connect(load.port)
        for number, request_ in source:
            while True:
                at = time.perf_counter()
                status = await client.ask(request_)
                if status == 200:
                    break
                sent.refused += 1
                await asyncio.sleep(PAUSE_S)
            sent.waits_ms.append((time.perf_counter() - at) * 1000)
            sent.acknowledged += 1
            sent.told += number % 2

    await asyncio.gather(*(one() for _ in range(load.connections)))
    sent.ended = time.monotonic_ns()
    return sent


async def _open(load: Load) -> Sent:
    idle = [await connect(load.port) for _ in range(load.connections)]
    sent = Sent(time.monotonic_ns())
    chance = random.Random(load.first)
    tasks: set[asyncio.Task[None]] = set()

    async def one(client: Client, number: int) -> None:
        status = await client.ask(raw(load, number))
        sent.acknowledged += status == 200
        sent.refused += status != 200
        sent.told += number % 2 if status == 200 else 0
        idle.append(client)

    due = time.monotonic()
    ends, number = due + load.seconds, load.first
    while due < ends:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        client = idle.pop() if idle else await connect(load.port)
        sent.at[number] = time.monotonic_ns()
        sent.late_ms = max(sent.late_ms, sent.at[number] / 1e6 - due * 1000)
        task = asyncio.create_task(one(client, number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += chance.expovariate(load.rate)
        number += 1
    await asyncio.gather(*tasks)
    sent.ended = time.monotonic_ns()
    return sent


def main() -> None:
    load = Load(**json.loads(sys.argv[1]))
    sent = asyncio.run(_open(load) if load.rate else _closed(load))
    sys.stdout.write(json.dumps(asdict(sent)) + "\n")


if __name__ == "__main__":
    main()
