from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.silence import Hours, Weekday, is_silent

WEEK = frozenset(tuple(Weekday)[:5])
HOURS = Hours(timedelta(hours=4), "Asia/Hong_Kong", time(9), time(18), WEEK)


def at(text: str, zone: str = "Asia/Hong_Kong") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("heard", "now", "silent"),
    [
        ("2026-11-02T09:00", "2026-11-02T13:00", False),
        ("2026-11-02T09:00", "2026-11-02T13:01", True),
        # an hour of Friday and three of Monday
        ("2026-10-30T17:00", "2026-11-02T11:59", False),
        ("2026-10-30T17:00", "2026-11-02T12:01", True),
        ("2026-10-31T10:00", "2026-11-01T23:00", False),
        ("2026-11-02T20:00", "2026-11-03T08:00", False),
        ("2020-01-01T00:00", "2026-11-02T03:00", True),
        ("2026-11-02T13:00", "2026-11-02T09:00", False),
    ],
)
def test_only_working_time_counts(heard: str, now: str, silent: bool) -> None:
    assert is_silent(HOURS, at(heard), at(now)) is silent


def test_the_hours_are_those_of_its_zone() -> None:
    evening_in_hong_kong = at("2026-11-02T19:00")
    assert not is_silent(HOURS, at("2026-11-02T16:00"), evening_in_hong_kong)
    london = Hours(timedelta(hours=2), "Europe/London", time(9), time(18), WEEK)
    assert is_silent(london, at("2026-11-02T16:00"), evening_in_hong_kong + timedelta(minutes=1))


def test_a_clock_that_is_put_forward_takes_an_hour_away() -> None:
    # on 2026-03-29 London's clocks go from 01:00 to 02:00
    night = Hours(timedelta(hours=3), "Europe/London", time(0), time(4), frozenset(Weekday))
    began, ended = at("2026-03-29T00:00", "Europe/London"), at("2026-03-29T04:00", "Europe/London")
    assert not is_silent(night, began, ended)
    assert is_silent(night, began - timedelta(days=1), ended - timedelta(days=1))
