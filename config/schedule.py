"""When a job runs: at intervals or by cron, not in blackout windows, and not all jobs at the same moment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from config.cron import Cron

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_DAY = 24 * 60
_TURNS = 5
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")


@dataclass(frozen=True, slots=True)
class Blackout:
    """A stretch of each day, in minutes after midnight of the schedule's zone; one that ends first goes over midnight."""

    begins: int
    ends: int

    def holds(self, minute: int) -> bool:
        """Tell whether a minute of the day lies in it."""
        if self.begins < self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due. `jitter` is the stretch over which jobs of the same times are spread, each at its own place."""

    every: timedelta | Cron
    jitter: timedelta = timedelta(0)
    blackout: tuple[Blackout, ...] = ()
    zone: tzinfo = UTC


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
    opens = opening(schedule, due)
    if opens == due:
        return due
    # not all jobs at once when the window ends, unless the stretch that is open is that short
    return opens + offset if opening(schedule, opens + offset) == opens + offset else opens


def step(schedule: Schedule, moment: datetime) -> timedelta:
    """Return how far apart turns lie; of cron the shortest of the next ones after `moment` (aware)."""
    if not isinstance(schedule.every, Cron):
        return schedule.every
    turns = [moment]
    while len(turns) < _TURNS:
        turns.append(schedule.every.after(turns[-1], schedule.zone))
    return min(later - earlier for earlier, later in pairwise(turns[1:]))


def opening(schedule: Schedule, moment: datetime) -> datetime:
    """Return `moment` (aware), or when the blackout ends that it lies in; UTC."""
    while any(window.holds(_minute(moment.astimezone(schedule.zone))) for window in schedule.blackout):
        # minute by minute over the real time, so that a clock that is changed meanwhile is right as well
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    return moment


def spread(name: str, over: timedelta) -> timedelta:
    """Return the place of a job in the stretch `over`: the same on all machines, whole milliseconds."""
    share = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) / 2**48
    return timedelta(milliseconds=int(share * (over / timedelta(milliseconds=1))))


def blackout(text: str) -> Blackout:
    """Read a window such as `22:00-06:00`; 24:00 is the end of a day. Raises ValueError."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError("write a window as 22:00-06:00")
    ends = int(found[3]) * 60 + int(found[4]) if found[3] else _DAY
    window = Blackout(int(found[1]) * 60 + int(found[2]), ends)
    if window.begins == window.ends:
        raise ValueError("a window that ends when it begins is none: leave it out")
    return window


def always_closed(windows: Sequence[Blackout]) -> bool:
    """Tell whether these windows leave no minute of the day."""
    return all(any(window.holds(minute) for window in windows) for minute in range(_DAY))


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
