"""What both surfaces share of their limits: calls in a sliding window and at once, what somebody ordered."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Window:
    """Amounts of work (calls, or seconds) in the last `seconds`."""

    entries: deque[tuple[float, float]] = field(default_factory=deque)
    total: float = 0.0

    def add(self, amount: float) -> None:
        """Note an amount now."""
        self.entries.append((time.monotonic(), amount))
        self.total += amount

    def used(self, seconds: float) -> float:
        """Return the sum of the last `seconds`."""
        horizon = time.monotonic() - seconds
        while self.entries and self.entries[0][0] < horizon:
            self.total -= self.entries.popleft()[1]
        return self.total if self.entries else 0.0


@dataclass(slots=True)
class Throttle:
    """Refuse the next `count` calls (None: any number) until `until` (monotonic seconds; None: for ever)."""

    kind: str
    count: int | None
    until: float | None

    def strikes(self) -> bool:
        """Tell whether the present call is refused, and use up one count."""
        if self.until is not None and time.monotonic() >= self.until:
            return False
        if self.count is not None:
            if self.count <= 0:
                return False
            self.count -= 1
        return True


@dataclass(slots=True)
class Slowness:
    """Make the next `count` calls whose path matches take `seconds`."""

    path: re.Pattern[str]
    seconds: float
    count: int


@dataclass(slots=True)
class Ordered:
    """Refusals and slowness that were ordered."""

    throttles: list[Throttle] = field(default_factory=list)
    slow: list[Slowness] = field(default_factory=list)

    def refusal(self) -> str:
        """Return the kind of the refusal that strikes now, empty when none does."""
        return next((t.kind for t in self.throttles if t.strikes()), "")

    def wait(self, path: str) -> float:
        """Return how long the present call takes."""
        for one in self.slow:
            if one.count > 0 and one.path.search(path):
                one.count -= 1
                return one.seconds
        return 0.0

    def clear(self) -> None:
        """Forget all of them."""
        self.throttles.clear()
        self.slow.clear()


@dataclass(slots=True)
class Load:
    """How many calls there were, how many are under way now and were at most at once, how many a limit refused."""

    calls: int = 0
    now: int = 0
    highest: int = 0
    refused: int = 0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count a call from its arrival to its answer."""
        self.calls += 1
        self.now += 1
        self.highest = max(self.highest, self.now)
        try:
            yield
        finally:
            self.now -= 1

    def clear(self) -> None:
        """Begin to count anew; what is under way stays."""
        self.calls, self.highest, self.refused = 0, self.now, 0
