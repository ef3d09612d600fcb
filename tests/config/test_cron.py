from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st

from config.cron import parse

NEW_YORK = ZoneInfo("America/New_York")
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


def told(text: str, day: date, zone: ZoneInfo) -> list[str]:
    return [f"{moment.astimezone(zone):%H:%M %Z}" for moment in parse(text).moments(day, zone)]


def test_each_field_takes_lists_ranges_steps_and_names() -> None:
    cron = parse("5,10-12,*/30 8-19/4 1,15 JAN-mar,dec *")
    assert cron.minutes == (0, 5, 10, 11, 12, 30)
    assert (cron.hours, cron.days, cron.months) == ((8, 12, 16), (1, 15), (1, 2, 3, 12))
    assert cron.weekdays == (0, 1, 2, 3, 4, 5, 6)
    assert parse("0 0 * * fri-7").weekdays == (0, 5, 6)
    assert parse("50/5 0 * * *").minutes == (50, 55)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("* * * *", "write five fields: minute, hour, day of the month, month, day of the week"),
        ("60 * * * *", "'60' is no minute: it goes from 0 to 59"),
        ("0 0 0 * *", "'0' is no day of the month: it goes from 1 to 31"),
        ("0 0 * foo *", "'foo' is no month: it goes from 1 to 12"),
        ("0 0 * mon *", "'mon' is no month: it goes from 1 to 12"),
        ("a 0 * * *", "'a' is no minute: write 5, 1-5, */15 or 0,30"),
        ("*-5 0 * * *", "'*-5' is no minute: write 5, 1-5, */15 or 0,30"),
        ("*/0 0 * * *", "'*/0' steps by nothing: write */1 or more"),
        ("0 22-6 * * *", "'22-6' runs backwards: write two ranges, 22-23,0-6"),
        ("0 9 1-7 * mon", "give days of the month or days of the week, not both: cron would take either"),
        ("0 9 30,31 2 *", "no month of these has a day 30"),
    ],
)
def test_what_is_no_cron_is_refused_with_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        parse(text)


FIELD = st.one_of(
    st.just("*"),
    st.integers(1, 30).map(lambda step: f"*/{step}"),
    st.integers(0, 23).map(str),
    st.tuples(st.integers(0, 11), st.integers(11, 23)).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    st.tuples(st.integers(0, 5), st.integers(6, 23), st.integers(1, 5)).map(lambda it: f"{it[0]}-{it[1]}/{it[2]}"),
)


@given(st.lists(FIELD, min_size=1, max_size=3), st.lists(FIELD, min_size=1, max_size=3))
def test_fields_mean_what_they_mean_to_celery(minutes: list[str], hours: list[str]) -> None:
    minute, hour = ",".join(minutes), ",".join(hours)
    theirs = crontab(minute=minute, hour=hour)
    ours = parse(f"{minute} {hour} * * *")
    assert (set(ours.minutes), set(ours.hours)) == (theirs.minute, theirs.hour)


def test_a_time_that_the_clock_skips_comes_later_that_day() -> None:
    assert told("30 2 * * *", SPRING, NEW_YORK) == ["03:30 EDT"]
    assert told("0 1-4 * * *", SPRING, NEW_YORK) == ["01:00 EST", "03:00 EDT", "04:00 EDT"]


def test_a_time_that_comes_twice_is_taken_once() -> None:
    assert told("30 1 * * *", AUTUMN, NEW_YORK) == ["01:30 EDT"]
    assert told("30 0-2 * * *", AUTUMN, NEW_YORK) == ["00:30 EDT", "01:30 EDT", "02:30 EST"]


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_job_of_every_hour_goes_on_evenly_while_the_clock_changes(day: date) -> None:
    cron = parse("*/15 * * * *")
    at = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)
    for _ in range(4 * 26):
        following = cron.after(at, NEW_YORK)
        assert following - at == timedelta(minutes=15)
        at = following


def test_a_leap_day_comes_when_it_comes() -> None:
    assert parse("0 12 29 2 *").after(datetime(2026, 3, 1, tzinfo=UTC), UTC) == datetime(2028, 2, 29, 12, tzinfo=UTC)
