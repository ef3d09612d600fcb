"""kill -9 of worker, relay and broker at random instants, with what the ledger said at each of them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import redis

from tests.processes.installation import Installation, until

LEAST_RETRIES = 20
GAP_S = {"worker": (1.5, 6.0), "relay": (0.4, 2.5), "broker": (0.4, 2.5)}
"""How long a victim is left alone before its kill; a worker longer, so that it has begun to send again."""
DOWN_S = {"worker": 0.4, "relay": 0.4, "broker": 3.0}
"""The longest pause before the start. A client of the broker sits out about one second: here it is longer or shorter."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: `in_flight` holds the sends whose answer the ledger did not know."""

    what: str
    at_s: float
    retries_waiting: int
    in_flight: frozenset[tuple[str, int]]


@dataclass(slots=True)
class Killer:
    """Kills and starts again; the seed decides whom and when."""

    parts: Installation
    seed: int
    kills: list[Kill] = field(default_factory=list)

    def run(self, each: int) -> Iterator[float]:
        """Kill each of the three `each` times; yields the seconds since the start before every kill."""
        chance = random.Random(self.seed)
        victims = [victim for _ in range(each) for victim in _round(chance)]
        books, began = self.parts.books, time.monotonic()
        for victim in victims:
            time.sleep(chance.uniform(*GAP_S[victim]))
            yield time.monotonic() - began
            until(lambda: books.retries_waiting() >= LEAST_RETRIES, "20 retries wait", 30)
            waiting = books.retries_waiting()
            at = time.monotonic() - began
            self._kill(victim)
            self.kills.append(Kill(victim, round(at, 2), waiting, frozenset(books.in_flight())))
            time.sleep(chance.uniform(0.0, DOWN_S[victim]))
            self._start(victim)

    def wipe(self) -> None:
        """Empty the living broker."""
        with redis.Redis.from_url(self.parts.broker.url) as client:
            client.flushall()

    def _kill(self, victim: str) -> None:
        match victim:
            case "worker":
                self.parts.worker.kill()
            case "relay":
                self.parts.relay.kill()
            case "broker":
                self.parts.kill_broker()

    def _start(self, victim: str) -> None:
        match victim:
            case "worker":
                self.parts.worker.start()
            case "relay":
                self.parts.relay.start()
            case "broker":
                self.parts.start_broker()

    def counted(self) -> dict[str, int]:
        return dict(Counter(kill.what for kill in self.kills))

    def in_flight(self) -> Counter[str]:
        """How many sends of each message were in flight when the worker was killed, each of them once."""
        sends = {send for kill in self.kills if kill.what == "worker" for send in kill.in_flight}
        return Counter(key for key, _ in sends)


def _round(chance: random.Random) -> list[str]:
    """The three in an order in which the broker follows the worker.

    What a killed worker was granted counts until its leases end: that would keep the next one from sending, and its
    kill from finding anything on its way, if the broker did not forget it in between.
    """
    victims = ["worker", "broker"]
    victims.insert(chance.randrange(3), "relay")
    return victims
