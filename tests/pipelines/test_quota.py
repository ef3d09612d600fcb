"""What is left of a month for a lane, which step is reached, and what is said of its end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Month
from pipelines.plan import Lane
from pipelines.quota import ends, left, outlook, step

CHINA = ZoneInfo("Asia/Shanghai")
ZONE = "Asia/Shanghai"
MONTH = Month(5_000, ZONE)
TODAY = date(2026, 11, 10)
TENTH = datetime(2026, 11, 10, 12, 0, tzinfo=CHINA)


def days(*counts: int, until: date = TODAY) -> dict[date, int]:
    """The calls of the last days, today's last."""
    return {until - timedelta(days=len(counts) - 1 - n): count for n, count in enumerate(counts)}


def test_the_last_twentieth_is_left_to_approvals_and_urgent_messages() -> None:
    assert [left(5_000, 4_749, lane) for lane in Lane] == [251, 251, 1, 1]
    assert [left(5_000, 4_750, lane) for lane in Lane] == [250, 250, 0, 0]
    assert [left(5_000, 5_003, lane) for lane in Lane] == [0, 0, 0, 0]


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_no_lane_goes_beyond_the_allowance(limit: int, used: int) -> None:
    assert all(0 <= left(limit, used, lane) <= max(0, limit - used) for lane in Lane)


def test_each_step_is_reached_at_its_share() -> None:
    assert [step(5_000, used) for used in (2_499, 2_500, 3_999, 4_000, 4_749, 4_750, 9_000)] == [
        0,
        50,
        50,
        80,
        80,
        95,
        95,
    ]


def test_the_end_follows_from_the_last_days() -> None:
    # 100 a day for six days and a half
    rate = days(100, 100, 100, 100, 100, 100, 50)
    assert ends(rate, 1_050, TENTH) == TENTH + timedelta(days=10.5)
    assert ends(rate, 0, TENTH) == TENTH
    assert ends({}, 5_000, TENTH) is None


def test_a_few_calls_of_the_first_minutes_are_no_rate() -> None:
    morning = datetime(2026, 11, 10, 0, 1, tzinfo=CHINA)
    assert ends(days(50), 4_950, morning) == morning + timedelta(days=99)


@pytest.mark.parametrize(
    ("used", "rate", "said"),
    [
        (2_800, days(200, 200, 200, 200, 200, 200, 100), "at this rate the allowance ends on Nov 21, 2026"),
        (700, days(100, 100, 100, 100, 100, 100, 50), "at this rate the allowance lasts until the month ends"),
        (0, {}, "at this rate the allowance lasts until the month ends"),
        (5_000, days(5_000), "the allowance is used up, and messages wait until Dec 1, 2026"),
        (5_004, days(5_004), "the allowance is used up, and messages wait until Dec 1, 2026"),
    ],
)
def test_what_is_said_of_the_end(used: int, rate: dict[date, int], said: str) -> None:
    assert outlook(MONTH, used, rate, TENTH.astimezone(UTC)).said(ZONE, "en") == said


def test_the_day_is_one_of_the_months_zone() -> None:
    # 20:00 of the 10th in London is the 11th in China, and what is used up then is used up on the 11th
    late = datetime(2026, 11, 10, 20, 0, tzinfo=UTC)
    assert (
        outlook(MONTH, 4_999, days(5_000, until=date(2026, 11, 11)), late)
        .said(ZONE, "en")
        .endswith("ends on Nov 11, 2026")
    )
