from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.cron import parse
from config.schedule import Schedule, interval, next_due, spread, step
from pipelines.windows import DayWindow, always_closed, window

HONG_KONG, NEW_YORK, LORD_HOWE = (
    ZoneInfo(name) for name in ("Asia/Hong_Kong", "America/New_York", "Australia/Lord_Howe")
)
CRONS = ("*/15 8-19 * * mon-fri", "0 3 * * *", "30 2 * * sun", "* * * * *", "0 0 1 * *", "15,45 1-2 * * *")

MINUTE = st.integers(0, 1439)
WINDOW = st.tuples(MINUTE, MINUTE).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: DayWindow(*pair))
SCHEDULE = st.builds(
    Schedule,
    every=st.one_of(
        st.integers(1, 3 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds)),
        st.sampled_from(CRONS).map(parse),
    ),
    jitter=st.integers(0, 7200).map(lambda seconds: timedelta(seconds=seconds)),
    blackout=st.lists(WINDOW, max_size=2).filter(lambda windows: not always_closed(windows)).map(tuple),
    zone=st.sampled_from((UTC, HONG_KONG, NEW_YORK, LORD_HOWE)),
)
MOMENT = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
NAME = st.text("abcdef", min_size=1, max_size=5)


def dark(schedule: Schedule, moment: datetime) -> bool:
    local = moment.astimezone(schedule.zone)
    return any(each.holds(local.hour * 60 + local.minute) for each in schedule.blackout)


@given(SCHEDULE, NAME, MOMENT)
def test_the_next_turn_is_later_and_in_no_blackout(schedule: Schedule, name: str, after: datetime) -> None:
    due = next_due(schedule, name, after)
    assert due > after
    assert not dark(schedule, due)
    assert due.microsecond % 1000 == 0


@given(SCHEDULE, NAME, MOMENT, st.floats(0, 1))
def test_no_turn_is_left_out_and_none_comes_twice(schedule: Schedule, name: str, after: datetime, share: float) -> None:
    always_open = replace(schedule, blackout=())
    due = next_due(always_open, name, after)
    between = min(after + share * (due - after), due - timedelta(microseconds=1))
    assert next_due(always_open, name, between) == due


@given(SCHEDULE, MOMENT)
def test_a_blackout_ends_where_it_is_left(schedule: Schedule, moment: datetime) -> None:
    opens = schedule.opening(moment)
    assert not dark(schedule, opens)
    if dark(schedule, moment):
        assert dark(schedule, opens - timedelta(microseconds=1))
    else:
        assert opens == moment


@given(NAME, st.integers(1, 10**6))
def test_each_job_has_its_own_place_in_the_jitter(name: str, seconds: int) -> None:
    over = timedelta(seconds=seconds)
    assert timedelta(0) <= spread(name, over) < over
    assert spread(name, over) == spread(name, over)


def test_jobs_of_the_same_times_are_spread() -> None:
    schedule = Schedule(parse("0 9 * * *"), jitter=timedelta(minutes=10), zone=HONG_KONG)
    after = datetime(2026, 11, 22, tzinfo=UTC)
    dues = [next_due(schedule, f"poll crm {n}", after) for n in range(50)]
    nine = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert all(nine <= due < nine + timedelta(minutes=10) for due in dues)
    assert len(set(dues)) == 50
    plain = [next_due(interval(timedelta(minutes=1)), f"poll crm {n}", after) for n in range(50)]
    assert len({due.second for due in plain}) > 20


def test_a_daily_job_in_a_blackout_runs_when_that_ends() -> None:
    schedule = Schedule(parse("0 23 * * *"), blackout=(window("22:00-06:00"),), zone=HONG_KONG)
    due = next_due(schedule, "report", datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert due == datetime(2026, 11, 23, 6, tzinfo=HONG_KONG)
    assert next_due(schedule, "report", due) == datetime(2026, 11, 24, 6, tzinfo=HONG_KONG)


def test_a_blackout_keeps_its_times_while_the_clock_changes() -> None:
    night = Schedule(timedelta(minutes=10), blackout=(window("22:00-06:00"),), zone=NEW_YORK)
    for day in (datetime(2026, 3, 7), datetime(2026, 10, 31)):  # noqa: DTZ001 - a wall clock's
        evening = day.replace(hour=23, tzinfo=NEW_YORK)
        opens = next_due(night, "poll", evening).astimezone(NEW_YORK)
        assert (opens.day, opens.hour, opens.minute) == ((day + timedelta(days=1)).day, 6, 0)


def test_windows_are_read_strictly() -> None:
    assert window("22:00-06:00") == DayWindow(22 * 60, 6 * 60)
    assert window("00:00-24:00") == DayWindow(0, 1440)
    assert always_closed([window("00:00-24:00")])
    assert always_closed([window("06:00-18:00"), window("18:00-06:00")])
    assert not always_closed([window("06:00-18:00"), window("18:01-06:00")])
    for wrong in ("22-06", "24:00-06:00", "22:00-25:00", "22:60-06:00", "22:00 - 06:00"):
        with pytest.raises(ValueError, match="write a window as"):
            window(wrong)
    with pytest.raises(ValueError, match="ends when it begins"):
        window("06:00-06:00")


def test_a_step_is_the_shortest_way_between_turns() -> None:
    evening = datetime(2026, 11, 20, 11, 50, tzinfo=UTC)
    assert step(interval(timedelta(minutes=1)), evening) == timedelta(minutes=1)
    office = Schedule(parse("*/15 8-19 * * mon-fri"), zone=HONG_KONG)
    assert step(office, evening) == timedelta(minutes=15)
