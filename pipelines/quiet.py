"""When a recipient is left in peace: quiet hours, days off, and so many messages in a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipelines.silence import Weekday
from pipelines.windows import DayWindow, opening

if TYPE_CHECKING:
    from holidays import HolidayBase

_LONGEST_CLOSED_DAYS = 400
_DAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `most` messages in any `per`."""

    most: int
    per: timedelta

    def room(self, counted: Sequence[datetime], now: datetime) -> tuple[int, datetime]:
        """Return how many more messages may come now, and when the next one may.

        `counted` are the times (aware) at which those came that count; one that is on its way counts as coming now.
        """
        within = sorted(at for at in counted if at > now - self.per)
        left = self.most - len(within)
        return (left, now) if left > 0 else (0, within[-self.most] + self.per)


@dataclass(frozen=True, slots=True)
class Personal:
    """What each person of an application is spared: a budget over all groups and robots (None: none is set).

    `zones` are IANA names by the names of departments; a person is in the zone of the nearest one.
    """

    budget: Allowance | None = None
    zones: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A recipient's peace. `zone` is an IANA name.

    Facts wait during `hours`, and all day on what is no working day: one of `days`, and no public holiday of `calendar`
    (an ISO 3166 country such as HK; "": no day is). What is more than the `budget` shares the next messages; None: there is
    none. After a message about a record further facts about it wait for `gather`, and go as one.
    """

    zone: str
    hours: tuple[DayWindow, ...] = ()
    days: frozenset[Weekday] = frozenset(Weekday)
    calendar: str = ""
    budget: Allowance | None = None
    gather: timedelta = timedelta(0)

    def rests(self, moment: datetime) -> bool:
        """Tell whether `moment` (aware) lies in the quiet hours or on a day off."""
        local = moment.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        return any(each.holds(minute) for each in self.hours) or not self._works(local.date())

    def opens(self, moment: datetime) -> datetime:
        """Return `moment` (aware), or when the quiet hours or days off end that it lies in."""
        zone = ZoneInfo(self.zone)
        for _ in range(_LONGEST_CLOSED_DAYS):
            moment = opening(self.hours, zone, moment)
            day = moment.astimezone(zone).date()
            if self._works(day):
                break
            # in UTC, because a day may begin with a clock that is changed
            moment = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        return moment

    def _works(self, day: date) -> bool:
        if _DAYS[day.weekday()] in self.days:
            return not self.calendar or not is_holiday(self.calendar, day)
        return bool(self.calendar) and is_made_up(self.calendar, day)


def calendars() -> tuple[str, ...]:
    """Return the countries whose working days are known."""
    import holidays  # noqa: PLC0415 - see `_calendar`

    return tuple(sorted(holidays.list_supported_countries(include_aliases=False)))


def is_holiday(calendar: str, day: date) -> bool:
    """Tell whether a day is a public holiday of a country: https://holidays.readthedocs.io."""
    return day in _calendar(calendar)


def is_made_up(calendar: str, day: date) -> bool:
    """Tell whether people of a country work on this day of a weekend, to make up for a long holiday."""
    known = _calendar(calendar)
    return day not in known and day in known.weekend_workdays


@lru_cache(maxsize=16)
def _calendar(country: str) -> HolidayBase:
    import holidays  # noqa: PLC0415 - it takes 11 MiB, which only who names a calendar has to pay

    return holidays.country_holidays(country)
