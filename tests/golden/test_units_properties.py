"""Whatever is shown can be read back: the same number, the same currency, the same unit, the same day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

from babel.numbers import parse_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from config.compile import kind
from config.declared import Declared
from config.model import KindEntry
from connectors.contract import Money, Quantity, Record
from connectors.contract.records import Value
from pipelines.plan import Destination
from tests.golden.test_crm import told

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NOTHING_ELSE = Declared({}, frozenset(), frozenset(), (), complete=False)
LOCALES = st.sampled_from(["en", "zh_Hant_HK", "zh_Hans_CN", "id", "ms", "th", "vi", "de", "fr", "es", "sv"])
ZONES = st.sampled_from(["Asia/Hong_Kong", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
CURRENCIES = st.sampled_from(
    ["HKD", "CNY", "USD", "EUR", "JPY", "KRW", "VND", "IDR", "TWD", "KWD", "BHD", "CLF", "XAU"]
)
PLAIN = st.decimals(-(10**25), 10**25, allow_nan=False, allow_infinity=False)
FIXED = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-(2**63), 2**63), st.integers(0, 12)
)
POWERS = st.builds(lambda digits, zeros: Decimal((0, (digits,), zeros)), st.integers(1, 9), st.integers(-18, 24))
NUMBERS = PLAIN | FIXED | POWERS
UNITS = st.sampled_from(["Each", "Case", "箱", "m²", "kg", "2-liter bottle", "Case (12)", "100 Each", "PCS", "BOX"])
EXACT = 100
"""Digits that reading back may use: more than any number here has."""


def value_shown(value: Value, type_: str, locale: str, zone: str = "Asia/Hong_Kong") -> str:
    """Show a field of this value to a group and cut off its label."""
    entry = KindEntry.model_validate({"fields": {"told": {"path": "it", "type": type_}}}, context=NOTHING_ELSE)
    record = Record("erp", "Order", "1", "1", NOW, {"it": value})
    line = told(record, kind("erp", "Order", entry).fields[0], Destination("group", zone, locale))
    assert line.startswith("told: ")
    return line.removeprefix("told: ")


def read_back(text: str, locale: str) -> Decimal:
    with localcontext() as context:
        context.prec = EXACT
        return parse_decimal(text, locale=locale, strict=True)


@settings(deadline=None, max_examples=200)
@given(amount=NUMBERS, currency=CURRENCIES, locale=LOCALES)
def test_an_amount_reads_back_with_its_currency(amount: Decimal, currency: str, locale: str) -> None:
    code, _, number = value_shown(Money(amount, currency), "money", locale).partition(" ")
    assert (code, read_back(number, locale)) == (currency, amount)


@settings(deadline=None, max_examples=200)
@given(count=NUMBERS, unit=UNITS, locale=LOCALES)
def test_a_quantity_reads_back_with_its_unit(count: Decimal, unit: str, locale: str) -> None:
    number, _, name = value_shown(Quantity(count, unit), "quantity", locale).partition(" ")
    assert (name, read_back(number, locale)) == (unit, count)


@settings(deadline=None)
@given(number=NUMBERS, locale=LOCALES)
def test_a_bare_number_reads_back(number: Decimal, locale: str) -> None:
    assert read_back(value_shown(number, "number", locale), locale) == number


@settings(deadline=None)
@given(day=st.dates(date(1900, 1, 1), date(2100, 12, 31)), locale=LOCALES, zone=ZONES)
def test_a_day_is_the_same_day_in_every_zone(day: date, locale: str, zone: str) -> None:
    assert value_shown(day, "date", locale, zone) == value_shown(day, "date", locale, "UTC")
