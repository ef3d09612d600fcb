"""The five fields of cron: minute, hour, day of the month, month, day of the week.

Lists, ranges, steps and English names, as in https://man7.org/linux/man-pages/man5/crontab.5.html; what that page
leaves to surprise is refused: days of the month together with days of the week, and ranges that run backwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(\*|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:/([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: Mapping[str, int]


_FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The values that each field allows, in order. `weekdays` counts from Sunday as 0."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def moments(self, day: date, zone: tzinfo) -> list[datetime]:
        """Return the moments of a day of `zone`, in UTC and in order.

        A time that the clock skips comes as much later as the clock was put forward, so that a daily job runs that
        day as well. Of a time that comes twice only the first counts, unless every hour is meant: then an hour that
        comes twice is two hours.
        """
        if day.month not in self.months or day.day not in self.days or day.isoweekday() % 7 not in self.weekdays:
            return []
        folds = (0, 1) if self.hours == tuple(range(24)) else (0,)
        wall = (
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold)
            for hour in self.hours
            for minute in self.minutes
            for fold in folds
        )
        return sorted({moment.astimezone(UTC) for moment in wall})

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return the first moment later than `moment` (aware), in UTC."""
        day = moment.astimezone(zone).date() - timedelta(days=1)  # what a clock change moved may lie in the next day
        while True:
            for found in self.moments(day, zone):
                if found > moment:
                    return found
            day += timedelta(days=1)


def parse(text: str) -> Cron:
    """Read five fields. Raises ValueError with a sentence that says what to write."""
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError("write five fields: minute, hour, day of the month, month, day of the week")
    minutes, hours, days, months, weekdays = (_values(field, part) for field, part in zip(_FIELDS, parts, strict=True))
    if parts[2] != "*" and parts[4] != "*":
        raise ValueError("give days of the month or days of the week, not both: cron would take either")
    if not any(_LONGEST[month - 1] >= days[0] for month in months):
        raise ValueError(f"no month of these has a day {days[0]}")
    return Cron(minutes, hours, days, months, tuple(sorted({day % 7 for day in weekdays})))


def _values(field: _Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({value for part in text.split(",") for value in _part(field, part)}))


def _part(field: _Field, text: str) -> Iterator[int]:
    found = _PART.fullmatch(text)
    if found is None or (found[1] == "*" and found[2]):
        raise ValueError(f"'{text}' is no {field.name}: write 5, 1-5, */15 or 0,30")
    step = int(found[3] or 1)
    if not step:
        raise ValueError(f"'{text}' steps by nothing: write */1 or more")
    if found[1] == "*":
        return iter(range(field.least, field.most + 1, step))
    first = _value(field, found[1])
    # cron reads 5/15 as from 5 on
    last = _value(field, found[2]) if found[2] else field.most if found[3] else first
    if last < first:
        raise ValueError(f"'{text}' runs backwards: write two ranges, {first}-{field.most},{field.least}-{last}")
    return iter(range(first, last + 1, step))


def _value(field: _Field, text: str) -> int:
    value = field.names.get(text, int(text) if text.isdigit() else -1)
    if not field.least <= value <= field.most:
        raise ValueError(f"'{text}' is no {field.name}: it goes from {field.least} to {field.most}")
    return value
