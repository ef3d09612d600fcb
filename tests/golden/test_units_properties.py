"""Whatever is shown can be read back: the same number, the same currency, the same unit, the same day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from fractions import Fraction

from babel.numbers import parse_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from config.compile import kind
from config.declared import Declared
from config.model import KindEntry
from connectors.contract import Money, Quantity, Record
from connectors.contract.records import Value
from pipelines.plan import Compare, Destination, Threshold
from pipelines.thresholds import passes
from pipelines.units import COUNTS, MEASURES, named
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
TABLE = {unit.code for unit in (*MEASURES, *COUNTS)}
CODES = st.sampled_from(sorted(TABLE))
EXACT = 100
"""Digits that reading back may use: more than any number here has."""


def value_shown(value: Value, type_: str, locale: str, zone: str = "Asia/Hong_Kong") -> str:
    """Show a field of this value to a group and cut off its label."""
    line = line_shown({"it": value}, {"type": type_}, locale, zone)
    assert line.startswith("told: ")
    return line.removeprefix("told: ")


def line_shown(fields: Mapping[str, Value], entry: Mapping[str, str], locale: str, zone: str = "Asia/Hong_Kong") -> str:
    """Show a field that is mapped so to a group, or why it is held."""
    mapped = KindEntry.model_validate({"fields": {"told": {"path": "it", **entry}}}, context=NOTHING_ELSE)
    record = Record("erp", "Order", "1", "1", NOW, fields)
    return told(record, kind("erp", "Order", mapped).fields[0], Destination("group", zone, locale))


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


@settings(deadline=None, max_examples=300)
@given(count=NUMBERS, unit=UNITS | CODES | st.text(max_size=6), locale=LOCALES)
def test_a_unit_beside_the_number_is_shown_as_it_came_or_by_its_own_name_or_holds(
    count: Decimal, unit: str, locale: str
) -> None:
    line = line_shown({"it": count, "u": unit}, {"type": "quantity", "unit_path": "u"}, locale)
    if line.startswith("held: "):
        assert line == ("held: unknown_unit" if unit.strip() else "held: no_unit")
        return
    number, _, name = line.removeprefix("told: ").partition(" ")
    assert read_back(number, locale) == count
    assert name == named(unit.strip(), count, {}, locale)
    assert name == unit.strip() or unit.strip() in TABLE


@settings(deadline=None, max_examples=200)
@given(count=NUMBERS, bound=NUMBERS, unit=st.sampled_from([("KGM", "kg"), ("PCS", "PCS"), ("箱", "箱")]))
def test_a_limit_is_compared_to_the_last_digit(count: Decimal, bound: Decimal, unit: tuple[str, str]) -> None:
    came, written = unit
    sides = {
        compare: passes(Threshold("t", "f", compare, Quantity(bound, written)), Quantity(count, came))
        for compare in Compare
    }
    one, other = Fraction(count), Fraction(bound)
    assert sides == {
        Compare.AT_LEAST: one >= other,
        Compare.ABOVE: one > other,
        Compare.AT_MOST: one <= other,
        Compare.BELOW: one < other,
    }


@settings(deadline=None)
@given(number=NUMBERS, locale=LOCALES)
def test_a_bare_number_reads_back(number: Decimal, locale: str) -> None:
    assert read_back(value_shown(number, "number", locale), locale) == number


@settings(deadline=None)
@given(day=st.dates(date(1900, 1, 1), date(2100, 12, 31)), locale=LOCALES, zone=ZONES)
def test_a_day_is_the_same_day_in_every_zone(day: date, locale: str, zone: str) -> None:
    assert value_shown(day, "date", locale, zone) == value_shown(day, "date", locale, "UTC")
