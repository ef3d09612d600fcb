"""The account of the company's calls: how often each API was called in a month, and what was written when."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.clock import Clock

KEPT = 50_000
DEEPEST = 3


class Tally(msgspec.Struct):
    """Calls of one API in a month: all that came, those that were done, those that the month is charged for."""

    calls: int = 0
    done: int = 0
    paid: int = 0


class Written(msgspec.Struct, frozen=True):
    """One call that changed something: `ids` of what it made or changed, `monotonic` and `at` (Unix) in seconds."""

    n: int
    monotonic: float
    at: float
    app: str
    api: str
    ids: tuple[str, ...]


class Month(msgspec.Struct):
    """What a month is charged for: `paid` calls, and `pushes`, which are webhook messages as well; tallies by API."""

    paid: int = 0
    pushes: int = 0
    apis: defaultdict[str, Tally] = msgspec.field(default_factory=lambda: defaultdict(Tally))


class Account:
    """The months of China's calendar with tallies by API (method and path), and the last calls that wrote."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self.months: defaultdict[str, Month] = defaultdict(Month)
        self.written: deque[Written] = deque(maxlen=KEPT)
        self.count = 0

    @property
    def month(self) -> Month:
        """The month that runs."""
        year, number = self._clock.month()
        return self.months[f"{year}-{number:02}"]

    def arrived(self, api: str) -> None:
        """Count a call, whatever becomes of it."""
        self.month.apis[api].calls += 1

    def done(self, api: str) -> None:
        """Count a call that was done."""
        self.month.apis[api].done += 1

    def charge(self, api: str) -> None:
        """Charge the month for a call."""
        month = self.month
        month.apis[api].paid += 1
        month.paid += 1

    def wrote(self, app: str, api: str, at: float, ids: tuple[str, ...]) -> None:
        """Note a call of an application that came at Unix seconds `at` and changed something."""
        self.count += 1
        self.written.append(Written(self.count, self._clock.monotonic(), at, app, api, ids))


def ids_of(name: str, *told: Any) -> tuple[str, ...]:
    """Return what stands under `name` in the first of some JSON values that has it."""
    return next((found for one in told if (found := tuple(_named(name, one, DEEPEST)))), ())


def _named(name: str, value: Any, deep: int) -> Iterator[str]:
    if isinstance(value, dict) and name in value:
        own = value[name]
        yield from map(str, own if isinstance(own, list) else [own])
    elif isinstance(value, dict | list) and deep:
        for inside in value.values() if isinstance(value, dict) else value:
            yield from _named(name, inside, deep - 1)
