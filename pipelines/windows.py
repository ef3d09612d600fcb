"""Stretches of the day in which nothing is done, by the clock on a wall."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_MINUTE = timedelta(minutes=1)
_DAY = 24 * 60
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")


@dataclass(frozen=True, slots=True)
class DayWindow:
    """A stretch of each day, in minutes after midnight of a zone; one that ends first goes over midnight."""

    begins: int
    ends: int

    def holds(self, minute: int) -> bool:
        """Tell whether a minute of the day lies in it."""
        if self.begins < self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends


def window(text: str) -> DayWindow:
    """Read a window such as `22:00-06:00`; 24:00 is the end of a day. Raises ValueError."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError("write a window as 22:00-06:00")
    ends = int(found[3]) * 60 + int(found[4]) if found[3] else _DAY
    read = DayWindow(int(found[1]) * 60 + int(found[2]), ends)
    if read.begins == read.ends:
        raise ValueError("a window that ends when it begins is none: leave it out")
    return read


def always_closed(windows: Sequence[DayWindow]) -> bool:
    """Tell whether these windows leave no minute of the day."""
    return all(any(each.holds(minute) for each in windows) for minute in range(_DAY))


def opening(windows: Sequence[DayWindow], zone: tzinfo, moment: datetime) -> datetime:
    """Return `moment` (aware), or when the window ends that it lies in."""
    while any(each.holds(_minute(moment.astimezone(zone))) for each in windows):
        # minute by minute over the real time, so that a clock that is changed meanwhile is right as well
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    return moment


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
