"""Silence of a source, measured in working time: a weekend is no silence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_DAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours in which a source is expected to send something at least every `after` of working time.

    `zone` is an IANA name; a working day lasts from `begin` to `end` by the clock on its wall.
    """

    after: timedelta
    zone: str
    begin: time
    end: time
    days: frozenset[Weekday]


def is_silent(hours: Hours, heard_at: datetime, now: datetime) -> bool:
    """Tell whether more than `after` of working time has passed since `heard_at`. Both are aware."""
    zone = ZoneInfo(hours.zone)
    day = heard_at.astimezone(zone).date()
    last = now.astimezone(zone).date()
    worked = timedelta(0)
    while day <= last:
        if _DAYS[day.weekday()] in hours.days:
            # in UTC, because Python subtracts two times of one zone as if its clock were never put forward
            begin = max(datetime.combine(day, hours.begin, zone).astimezone(UTC), heard_at)
            end = min(datetime.combine(day, hours.end, zone).astimezone(UTC), now)
            worked += max(end - begin, timedelta(0))
            if worked > hours.after:
                return True
        day += timedelta(days=1)
    return False
