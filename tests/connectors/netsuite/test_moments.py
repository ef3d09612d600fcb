"""The account's clock: nothing is lost or shown out of order by a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.netsuite.moments import earliest_wall, moment, wall

ZONES = ("America/Los_Angeles", "Asia/Hong_Kong", "Europe/London", "Australia/Lord_Howe", "America/St_Johns", "UTC")
zones = st.sampled_from([ZoneInfo(name) for name in ZONES])
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
moments = st.integers(0, 10 * 366 * 86400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
spans = st.integers(0, 30 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@given(moments, spans, zones)
def test_a_time_is_read_as_it_was_or_an_hour_that_comes_twice_apart(
    at: datetime, later: timedelta, zone: ZoneInfo
) -> None:
    found = moment(wall(at, zone), zone, at + later)
    assert abs(found - at) in {timedelta(0), timedelta(minutes=30), timedelta(hours=1)}
    if found != at:
        assert wall(found, zone) == wall(at, zone)
        assert at < found <= at + later + timedelta(minutes=5) or found < at


@given(moments, zones)
def test_a_time_that_was_just_written_is_read_as_it_was(at: datetime, zone: ZoneInfo) -> None:
    assert moment(wall(at, zone), zone, at) == at


@given(moments, spans, spans, zones)
def test_of_two_states_the_later_never_looks_older(
    first: datetime, between: timedelta, wait: timedelta, zone: ZoneInfo
) -> None:
    """The first is read before the second is written."""
    read_first = first + min(wait, between)
    second = first + between
    seen_first = moment(wall(first, zone), zone, read_first)
    seen_second = moment(wall(second, zone), zone, second + wait)
    if between > timedelta(minutes=5):
        assert seen_second >= seen_first


@given(moments, spans, spans, zones)
def test_a_round_begins_before_all_that_happened_since(
    since: datetime, length: timedelta, within: timedelta, zone: ZoneInfo
) -> None:
    now = since + length
    happened = since + min(within, length)
    # two changes of the clock are months apart, so that one is in between at most
    assert earliest_wall(since, now, zone) <= wall(happened, zone)


@pytest.mark.parametrize("text", [None, "", "3/2/2026", "2026-03-02", "2026-03-02T00:40:00", "2026-13-01 00:00:00", 7])
def test_what_is_no_time_of_the_clock_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        moment(text, ZoneInfo("UTC"), datetime(2026, 3, 2, tzinfo=UTC))
