"""What the limiter should do, in plain Python: a list of calls, counted one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.contract import Budget, Window
from pipelines.plan import Lane

SHARES = {Lane.APPROVAL: 0.1, Lane.URGENT: 0.1, Lane.NORMAL: 0.4, Lane.BULK: 0.1}
CLOCK_S = 1e-5
"""Two readings of one clock, one of them cut to microseconds."""


def most_in_any(arrivals: Sequence[float], seconds: float) -> int:
    """Count the arrivals of the fullest half-open window."""
    ordered = sorted(arrivals)
    return max((sum(start <= each < start + seconds for each in ordered) for start in ordered), default=0)


@dataclass
class PlainCall:
    """A call that was answered at some time within `answered`, or not yet."""

    lane: Lane
    answered: tuple[float, float] | None = None


class Oracle:
    """Knows when each request began and ended here, so it bounds what the server may have seen in between."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.calls: dict[str, PlainCall] = {}
        self.asked: set[Lane] = set()

    def bounds(self, lane: Lane, want: int, began: float, ended: float) -> tuple[int, int]:
        """Tell the fewest and the most calls that may be granted by a request of that time."""
        return (
            max(0, min(want, *(self._room(window, lane, began - CLOCK_S, 1) for window in self._windows()))),
            max(0, min(want, *(self._room(window, lane, ended + CLOCK_S, 0) for window in self._windows()))),
        )

    def _windows(self) -> list[Window]:
        slots = [Window(self.budget.slots, 0.0)] if self.budget.slots else []
        return [*self.budget.windows, *slots]

    def _room(self, window: Window, lane: Lane, now: float, edge: int) -> int:
        used = dict.fromkeys(Lane, 0)
        for call in self.calls.values():
            if call.answered is None or now < call.answered[edge] + window.seconds:
                used[call.lane] += 1
        unused = {each: max(0, int(window.limit * SHARES[each] + 1e-9) - used[each]) for each in Lane}
        first = sum(unused[each] for each in (Lane.APPROVAL, Lane.URGENT) if each is not lane)
        awake = sum(unused[each] for each in (Lane.NORMAL, Lane.BULK) if each is not lane and each in self.asked)
        left = window.limit - sum(used.values()) - first
        return max(left - awake, min(unused[lane], left))
