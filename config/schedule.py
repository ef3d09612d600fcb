"""When a job runs: at intervals or by cron, not in blackout windows, and not all jobs at the same moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from config.cron import Cron
from pipelines.windows import DayWindow, opening

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TURNS = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due. `jitter` is the stretch over which jobs of the same times are spread, each at its own place."""

    every: timedelta | Cron
    jitter: timedelta = timedelta(0)
    blackout: tuple[DayWindow, ...] = ()
    zone: tzinfo = UTC

    def opening(self, moment: datetime) -> datetime:
        """Return `moment` (aware), or when the blackout ends that it lies in."""
        return opening(self.blackout, self.zone, moment)


def interval(every: timedelta, jitter: timedelta | None = None) -> Schedule:
    """Return a schedule of equal steps. They promise no moment, so jobs are spread over a whole step by default."""
    return Schedule(every, every if jitter is None else jitter)


def next_due(schedule: Schedule, name: str, after: datetime) -> datetime:
    """Return the first moment later than `after` (aware) at which the job `name` is due, in UTC.

    Depends on the arguments alone: all schedulers agree, and however much was missed before `after` counts as nothing.
    What falls into a blackout is due when that ends.
    """
    offset = spread(name, schedule.jitter)
    if isinstance(schedule.every, Cron):
        due = schedule.every.after(after - offset, schedule.zone) + offset
    else:
        steps = (after - offset - _EPOCH) // schedule.every + 1
        due = _EPOCH + steps * schedule.every + offset
    opens = schedule.opening(due)
    if opens == due:
        return due
    # not all jobs at once when the window ends, unless the stretch that is open is that short
    return opens + offset if schedule.opening(opens + offset) == opens + offset else opens


def step(schedule: Schedule, moment: datetime) -> timedelta:
    """Return how far apart turns lie; of cron the shortest of the next ones after `moment` (aware)."""
    if not isinstance(schedule.every, Cron):
        return schedule.every
    turns = [moment]
    while len(turns) < _TURNS:
        turns.append(schedule.every.after(turns[-1], schedule.zone))
    return min(later - earlier for earlier, later in pairwise(turns[1:]))


def spread(name: str, over: timedelta) -> timedelta:
    """Return the place of a job in the stretch `over`: the same on all machines, whole milliseconds."""
    share = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) / 2**48
    return timedelta(milliseconds=int(share * (over / timedelta(milliseconds=1))))
