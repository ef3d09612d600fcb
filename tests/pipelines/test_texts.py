from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import HIDDEN, Choice, Money, Quantity, Ref, Scalar
from pipelines.texts import EMPTY, moment, number, text
from tests.pipelines.strategies import decimals

LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN", "id")
ZONE = "Asia/Hong_Kong"
NARROW = "\u202f"
"""A narrow no-break space, which English puts before AM and PM."""


@given(decimals, st.sampled_from(LOCALES))
def test_every_digit_of_a_number_is_shown(value: Decimal, locale: str) -> None:
    group, point = (".", ",") if locale == "id" else (",", ".")
    shown = number(value, locale)
    assert Decimal(shown.replace(group, "").replace(point, ".")) == value
    decimals_shown = len(shown.partition(point)[2])
    assert decimals_shown == max(-int(value.as_tuple().exponent), 0)


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "HKD -1,234,567.89"),
        ("zh_Hant_HK", "HKD -1,234,567.89"),
        ("zh_Hans_CN", "HKD -1,234,567.89"),
        ("id", "HKD -1.234.567,89"),
        ("fr", f"HKD -1{NARROW}234{NARROW}567,89"),
        ("ar", "HKD -1,234,567.89"),
    ],
)
def test_money_prints_its_code_and_the_decimals_of_its_currency(locale: str, shown: str) -> None:
    assert text(Money(Decimal("-1234567.89"), "HKD"), ZONE, locale) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("310000.0", "HKD", "HKD 310,000.00"),
        ("12", "JPY", "JPY 12"),
        ("12.0", "JPY", "JPY 12"),
        ("0.12345", "HKD", "HKD 0.12345"),
        ("1E+3", "HKD", "HKD 1,000.00"),
        ("100", "KWD", "KWD 100.000"),
    ],
)
def test_zeros_are_added_and_taken_away_and_no_other_digit(amount: str, currency: str, shown: str) -> None:
    assert text(Money(Decimal(amount), currency), ZONE, "en") == shown


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("currency", ["CNY", "JPY"])
def test_two_currencies_with_one_sign_are_told_apart(locale: str, currency: str) -> None:
    assert text(Money(Decimal("5.00"), currency), ZONE, locale).startswith(f"{currency} 5")


@pytest.mark.parametrize(
    ("locale", "day", "instant"),
    [
        ("en", "Mar 1, 2026", f"Mar 2, 2026 7:59{NARROW}AM"),
        ("zh_Hant_HK", "2026年3月1日", "2026年3月2日 上午7:59"),
        ("zh_Hans_CN", "2026年3月1日", "2026年3月2日 07:59"),
        ("id", "1 Mar 2026", "2 Mar 2026 07.59"),
    ],
)
def test_a_moment_is_told_in_the_readers_zone_and_a_day_is_not_shifted(locale: str, day: str, instant: str) -> None:
    assert text(date(2026, 3, 1), ZONE, locale) == day
    assert text(datetime(2026, 3, 1, 23, 59, tzinfo=UTC), ZONE, locale) == instant


def test_readers_in_two_zones_read_the_same_moment_by_their_own_clocks() -> None:
    at = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
    assert moment(at, "Asia/Hong_Kong", "zh_Hans_CN") == "2026年10月1日 10:00"
    assert moment(at, "Europe/London", "zh_Hans_CN") == "2026年10月1日 03:00"
    assert moment(at, "America/New_York", "zh_Hans_CN") == "2026年9月30日 22:00"


@pytest.mark.parametrize(
    ("at", "zone", "shown"),
    [
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "Asia/Hong_Kong", "9999年12月31日 23:59"),
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York", "1年1月1日 00:00"),
    ],
)
def test_a_moment_that_means_never_can_be_told(at: datetime, zone: str, shown: str) -> None:
    assert moment(at, zone, "zh_Hans_CN") == shown


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(("Asia/Hong_Kong", "America/New_York", "UTC")))
def test_every_moment_can_be_told(at: datetime, zone: str) -> None:
    assert moment(at, zone, "en").endswith((f"{NARROW}AM", f"{NARROW}PM"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("有限", "有限"),
        (True, "✓"),
        (False, "✗"),
        (Decimal(0), "0"),
        (Quantity(Decimal("1200.50"), "EA"), "1,200.50 EA"),
        (Quantity(Decimal(100), "Case", Quantity(Decimal(1200), "Each")), "100 Case (= 1,200 Each)"),
        (Quantity(Decimal(5), "Each", Quantity(Decimal(5), "Each")), "5 Each"),
        (Choice("W", "Won"), "Won"),
        (Choice("W", ""), "W"),
        (Ref("User", "5", "陳"), "陳"),
        (Ref("User", "5"), "5"),
        (("b", "a"), "b, a"),
    ],
)
def test_a_value_is_shown_as_people_read_it(value: Scalar, shown: str) -> None:
    assert text(value, ZONE, "en") == shown


@pytest.mark.parametrize("value", [None, "", (), HIDDEN, Choice("", ""), Ref("User", "")])
def test_what_is_empty_is_a_dash(value: Scalar) -> None:
    assert text(value, ZONE, "en") == EMPTY


@given(st.timedeltas(timedelta(0), timedelta(days=800)))
def test_the_same_instant_reads_the_same_whatever_offset_it_came_with(later: timedelta) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + later
    elsewhere = at.astimezone(datetime.strptime("+05:53", "%z").tzinfo)
    assert moment(at, ZONE, "en") == moment(elsewhere, ZONE, "en")
