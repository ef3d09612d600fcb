"""When a recipient is left in peace, in real zones, over changed clocks and by real calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quiet import Allowance, Quiet, calendars, is_holiday
from pipelines.silence import Weekday
from pipelines.windows import DayWindow, window

NIGHT = (window("20:00-08:00"),)
EVERY_DAY = frozenset(Weekday)
OFFICE = EVERY_DAY - {Weekday.SAT, Weekday.SUN}


def at(text: str, zone: str = "Asia/Hong_Kong") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-20 19:59", "2026-11-20 19:59"),
        ("2026-11-20 20:00", "2026-11-23 08:00"),  # a Friday evening
        ("2026-11-22 12:00", "2026-11-23 08:00"),  # a Sunday
        ("2026-12-24 21:00", "2026-12-28 08:00"),  # Christmas, the day after it, a Sunday
        ("2026-02-16 21:00", "2026-02-20 08:00"),  # the first three days of the Lunar New Year
    ],
)
def test_it_opens_on_the_next_working_morning_of_hong_kong(moment: str, opens: str) -> None:
    quiet = Quiet("Asia/Hong_Kong", NIGHT, OFFICE, "HK")
    assert quiet.opens(at(moment)) == at(opens)


def test_a_weekend_that_is_worked_in_is_no_day_off() -> None:
    # the State Council made this Sunday a working day for the National Day of 2025
    sunday = at("2025-09-28 10:00", "Asia/Shanghai")
    assert Quiet("Asia/Shanghai", NIGHT, OFFICE, "CN").opens(sunday) == sunday
    assert Quiet("Asia/Shanghai", NIGHT, OFFICE, "HK").opens(sunday) > sunday


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        # clocks are put forward from 02:00 to 03:00, and back from 03:00 to 02:00
        ("2026-03-28T22:30:00+01:00", "2026-03-29T06:00:00+02:00"),
        ("2026-10-24T22:30:00+02:00", "2026-10-25T06:00:00+01:00"),
    ],
)
def test_the_night_in_which_clocks_are_changed_ends_by_the_clock_on_the_wall(moment: str, opens: str) -> None:
    quiet = Quiet("Europe/Berlin", (window("22:00-06:00"),))
    assert quiet.opens(datetime.fromisoformat(moment)) == datetime.fromisoformat(opens)


def test_a_window_that_ends_in_the_hour_that_is_skipped_ends_when_that_begins() -> None:
    quiet = Quiet("Europe/Berlin", (window("22:00-02:30"),))
    assert quiet.opens(datetime.fromisoformat("2026-03-29T01:30:00+01:00")) == datetime.fromisoformat(
        "2026-03-29T03:00:00+02:00"
    )


@given(
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone
    zone=st.sampled_from(
        ["Asia/Hong_Kong", "Asia/Jakarta", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
    ),
    calendar=st.sampled_from(["", "HK", "CN", "ID", "SG"]),
)
def test_what_opens_is_open_and_never_before(moment: datetime, zone: str, calendar: str) -> None:
    quiet = Quiet(zone, NIGHT, OFFICE if calendar else EVERY_DAY, calendar)
    opens = quiet.opens(moment)
    local = opens.astimezone(ZoneInfo(zone))
    assert opens >= moment
    assert 8 <= local.hour < 20
    assert not calendar or not is_holiday(calendar, local.date())
    assert quiet.opens(opens) == opens


def test_the_calendars_of_the_region_are_known() -> None:
    assert {"HK", "CN", "ID", "SG"} <= set(calendars())
    assert is_holiday("ID", date(2026, 8, 17))
    assert is_holiday("SG", date(2026, 8, 9))
    assert not is_holiday("ID", date(2026, 8, 18))


def test_a_budget_has_room_until_it_is_used_and_again_when_the_first_has_aged() -> None:
    three = Allowance(3, timedelta(hours=1))
    now = at("2026-11-20 12:00", "UTC")
    came = [now - timedelta(minutes=minutes) for minutes in (90, 50, 30, 10)]
    assert three.room(came[:3], now) == (1, now)
    assert three.room(came, now) == (0, now + timedelta(minutes=10))
    assert three.room([*came, now], now) == (0, now + timedelta(minutes=30))


@given(st.lists(st.integers(0, 7200), max_size=40), st.integers(1, 5))
def test_whoever_waits_for_room_never_overruns_the_budget(gaps: list[int], most: int) -> None:
    budget = Allowance(most, timedelta(hours=1))
    now, came = datetime(2026, 1, 1, tzinfo=UTC), list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        _, free_at = budget.room(came, now)
        now = max(now, free_at)
        assert budget.room(came, now)[0]
        came.append(now)
    for one in came:
        assert sum(one - budget.per < other <= one for other in came) <= most


@pytest.mark.parametrize(
    ("zone", "window_", "moment", "opens"),
    [
        # Berlin puts its clocks forward from 02:00 to 03:00: a window that begins in the hour that is skipped begins after it
        ("Europe/Berlin", "02:30-06:00", "2026-03-29T01:59:00+01:00", "2026-03-29T01:59:00+01:00"),
        ("Europe/Berlin", "02:30-06:00", "2026-03-29T03:00:00+02:00", "2026-03-29T06:00:00+02:00"),
        # one that lies in that hour as a whole is none on that day
        ("Europe/Berlin", "02:10-02:50", "2026-03-29T01:59:00+01:00", "2026-03-29T01:59:00+01:00"),
        ("Europe/Berlin", "02:10-02:50", "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:00+02:00"),
        # and back from 03:00 to 02:00: one that ends in the hour that comes twice ends twice
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T02:10:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00"),
        # and one that begins in it begins twice
        ("Europe/Berlin", "02:30-06:00", "2026-10-25T02:40:00+02:00", "2026-10-25T02:00:00+01:00"),
        ("Europe/Berlin", "02:30-06:00", "2026-10-25T02:40:00+01:00", "2026-10-25T06:00:00+01:00"),
        # Sydney does the same in the other half of the year
        ("Australia/Sydney", "20:00-02:30", "2026-10-04T01:30:00+10:00", "2026-10-04T03:00:00+11:00"),
        ("Australia/Sydney", "02:30-08:00", "2026-10-04T03:00:00+11:00", "2026-10-04T08:00:00+11:00"),
        ("Australia/Sydney", "20:00-02:30", "2026-04-05T02:10:00+11:00", "2026-04-05T02:30:00+11:00"),
        ("Australia/Sydney", "20:00-02:30", "2026-04-05T02:10:00+10:00", "2026-04-05T02:30:00+10:00"),
    ],
)
def test_a_window_follows_the_clock_on_the_wall_through_a_change(
    zone: str, window_: str, moment: str, opens: str
) -> None:
    quiet = Quiet(zone, (window(window_),))
    assert quiet.opens(datetime.fromisoformat(moment)) == datetime.fromisoformat(opens)


@given(
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone
    zone=st.sampled_from(["Asia/Jakarta", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe"]),
    begins=st.integers(0, 1439),
    ends=st.integers(0, 1439),
)
def test_what_rests_opens_later_and_what_does_not_is_open(moment: datetime, zone: str, begins: int, ends: int) -> None:
    quiet = Quiet(zone, (DayWindow(begins, ends),) if begins != ends else ())
    opens = quiet.opens(moment)
    assert quiet.rests(moment) == (opens > moment)
    assert not quiet.rests(opens)
    if opens > moment:
        assert quiet.rests(opens - timedelta(seconds=1))
