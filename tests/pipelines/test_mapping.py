from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from connectors.contract import HIDDEN, Choice, Money, Quantity, Ref, Scalar, Value
from pipelines.mapping import Mapped, map_record
from pipelines.plan import FieldType
from pipelines.verdict import Reason
from tests.pipelines.make import deal, field, record
from tests.pipelines.strategies import values

T = FieldType
NONSENSE = ["100 units", "1,000", "HKD 5", "1_000", "１２", " 12 ", "0x10", "½", "", "-", ".", "one", "12.3.4", "1e"]
NOT_NUMBERS = ["NaN", "sNaN", "Infinity", "-inf", *map(Decimal, ("NaN", "sNaN", "Infinity", "-Infinity"))]
NOT_WRITABLE = ["1e400", "1e999999999", Decimal("1e400"), Decimal("1e999999999"), Decimal("0e-999999999")]


def mapped(source: dict[str, Value], type_: FieldType, **more: Any) -> Mapped:
    return map_record(deal(field("x", type_, **more)), record(source))


def read(source: dict[str, Value], type_: FieldType, **more: Any) -> Value:
    found = mapped(source, type_, **more)
    assert found.problems == {}
    return found.fields["x"]


def trouble(source: dict[str, Value], type_: FieldType, **more: Any) -> Reason:
    found = mapped(source, type_, **more)
    assert found.fields == {}
    return found.problems["x"]


@pytest.mark.parametrize(
    ("type_", "value", "becomes"),
    [
        (T.TEXT, "有限", "有限"),
        (T.TEXT, Choice("W", "Won"), "Won"),
        (T.TEXT, Choice("W", ""), "W"),
        (T.TEXT, Ref("User", "5", ""), "5"),
        (T.TEXT, Decimal("1.50"), "1.50"),
        (T.BOOL, False, False),
        (T.NUMBER, Decimal("1.50"), Decimal("1.50")),
        (T.NUMBER, "-12.50", Decimal("-12.50")),
        (T.NUMBER, "1.5E+3", Decimal("1.5E+3")),
        (T.CHOICE, Choice("W", "Won"), Choice("W", "Won")),
        (T.CHOICE, "Won", Choice("Won", "Won")),
        (T.REF, Ref("User", "5", "Li"), Ref("User", "5", "Li")),
        (T.REF, "5", Ref("", "5", "5")),
        (T.DATE, date(2026, 3, 1), date(2026, 3, 1)),
        (T.DATE, "2026-03-01", date(2026, 3, 1)),
        (T.DATETIME, "2026-03-01T09:00:00+08:00", datetime(2026, 3, 1, 1, tzinfo=UTC)),
        (T.LIST, ("b", "a"), ("b", "a")),
        (T.LIST, (), ()),
        *((type_, None, None) for type_ in FieldType),
    ],
)
def test_a_value_of_its_type_is_read_as_it_is(type_: FieldType, value: Value, becomes: Scalar) -> None:
    assert read({"x": value}, type_) == becomes


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (T.TEXT, True),
        (T.TEXT, Money(Decimal(1), "HKD")),
        (T.TEXT, ("a",)),
        (T.TEXT, date(2026, 3, 1)),
        (T.BOOL, "true"),
        (T.BOOL, Decimal(1)),
        (T.BOOL, Choice("true", "Yes")),
        (T.NUMBER, True),
        (T.NUMBER, Money(Decimal(1), "HKD")),
        (T.NUMBER, Quantity(Decimal(1), "EA")),
        (T.NUMBER, Choice("1", "1")),
        (T.MONEY, Quantity(Decimal(1), "HKD")),
        (T.QUANTITY, Money(Decimal(1), "EA")),
        (T.CHOICE, True),
        (T.CHOICE, Ref("User", "5")),
        (T.REF, Choice("5", "Li")),
        (T.DATE, datetime(2026, 3, 1, tzinfo=UTC)),
        (T.DATE, "2026-03-01T00:00:00Z"),
        (T.DATE, "01/03/2026"),
        (T.DATE, "2026-02-30"),
        (T.DATETIME, date(2026, 3, 1)),
        (T.DATETIME, "2026-03-01"),
        (T.DATETIME, "2026-03-01T09:00:00"),
        (T.DATETIME, "soon"),
        (T.LIST, "a,b"),
        (T.LIST, ({"a": "b"},)),
    ],
)
def test_a_value_of_another_type_is_never_bent_into_it(type_: FieldType, value: Value) -> None:
    assert trouble({"x": value}, type_, currency="", unit="") is Reason.WRONG_TYPE


@pytest.mark.parametrize("value", [*NONSENSE, *NOT_NUMBERS, *NOT_WRITABLE])
@pytest.mark.parametrize("type_", [T.NUMBER, T.MONEY, T.QUANTITY])
def test_no_number_is_guessed_from_what_is_none(value: Value, type_: FieldType) -> None:
    constants: dict[FieldType, dict[str, str]] = {T.MONEY: {"currency": "HKD"}, T.QUANTITY: {"unit": "EA"}}
    assert trouble({"x": value}, type_, **constants.get(type_, {})) is Reason.WRONG_TYPE


@pytest.mark.parametrize("value", [each for each in (*NOT_NUMBERS, *NOT_WRITABLE) if isinstance(each, Decimal)])
def test_a_vendors_own_money_and_quantity_hold_a_number_too(value: Decimal) -> None:
    assert trouble({"x": Money(value, "HKD")}, T.MONEY) is Reason.WRONG_TYPE
    assert trouble({"x": Quantity(value, "EA")}, T.QUANTITY) is Reason.WRONG_TYPE


@pytest.mark.parametrize("currency", [Choice("HKD", "Hong Kong dollar"), "HKD", " HKD "])
def test_the_currency_stands_beside_the_amount(currency: Value) -> None:
    assert read({"x": Decimal("1.50"), "c": currency}, T.MONEY, currency_path="c") == Money(Decimal("1.50"), "HKD")


@pytest.mark.parametrize("source", [{}, {"c": None}, {"c": ""}, {"c": " "}, {"c": Decimal(344)}, {"c": ("HKD",)}])
def test_an_amount_without_its_currency_is_held(source: dict[str, Value]) -> None:
    assert trouble({"x": Decimal(1), **source}, T.MONEY, currency_path="c") is Reason.NO_CURRENCY


def test_an_amount_of_which_nobody_says_the_currency_is_held() -> None:
    assert trouble({"x": Decimal(1)}, T.MONEY) is Reason.NO_CURRENCY


@pytest.mark.parametrize("currency", ["¥", "$", "hkd", "HK$", "HKDD", "", " ", "港幣元", "ＨＫＤ"])
def test_a_sign_that_two_currencies_share_is_no_currency(currency: str) -> None:
    assert trouble({"x": Decimal(1), "c": currency}, T.MONEY, currency_path="c") is Reason.NO_CURRENCY
    assert trouble({"x": Money(Decimal(1), currency)}, T.MONEY) is Reason.NO_CURRENCY


def test_the_constant_currency_is_for_bare_amounts_and_never_overrules_the_source() -> None:
    assert read({"x": Decimal(1)}, T.MONEY, currency="HKD") == Money(Decimal(1), "HKD")
    assert read({"x": Money(Decimal(1), "USD")}, T.MONEY, currency="HKD") == Money(Decimal(1), "USD")
    assert read({"x": Quantity(Decimal(1), "BOX")}, T.QUANTITY, unit="EA") == Quantity(Decimal(1), "BOX")


@pytest.mark.parametrize("unit", [Choice("EA", "each"), "EA"])
def test_the_unit_stands_beside_the_number(unit: Value) -> None:
    assert read({"x": Decimal(100), "u": unit}, T.QUANTITY, unit_path="u") == Quantity(Decimal(100), "EA")


def test_a_number_without_unit_is_no_quantity() -> None:
    assert trouble({"x": Decimal(100)}, T.QUANTITY) is Reason.NO_UNIT
    assert trouble({"x": Decimal(100), "u": None}, T.QUANTITY, unit_path="u") is Reason.NO_UNIT
    assert trouble({"x": Quantity(Decimal(100), "")}, T.QUANTITY) is Reason.NO_UNIT
    assert trouble({"x": Quantity(Decimal(100), " ")}, T.QUANTITY) is Reason.NO_UNIT
    assert trouble({"x": Quantity(Decimal(1), "Case", Quantity(Decimal(12), ""))}, T.QUANTITY) is Reason.NO_UNIT


@pytest.mark.parametrize(("type_", "path"), [(T.MONEY, "currency_path"), (T.QUANTITY, "unit_path")])
def test_a_currency_or_unit_that_we_may_not_read_is_named_as_such(type_: FieldType, path: str) -> None:
    assert trouble({"x": Decimal(1), "c": HIDDEN}, type_, **{path: "c"}) is Reason.FIELD_HIDDEN


@pytest.mark.parametrize("type_", FieldType)
def test_a_hidden_field_is_not_an_empty_one(type_: FieldType) -> None:
    assert trouble({"x": HIDDEN}, type_) is Reason.FIELD_HIDDEN


def test_a_field_that_was_not_read_is_neither_empty_nor_in_trouble() -> None:
    assert mapped({}, T.TEXT) == Mapped({}, {})


def test_a_required_field_that_is_missing_or_empty_is_trouble() -> None:
    assert mapped({}, T.TEXT, required=True).problems == {"x": Reason.REQUIRED_MISSING}
    assert mapped({"x": None}, T.TEXT, required=True).problems == {"x": Reason.REQUIRED_MISSING}


def test_a_deleted_record_need_not_hold_what_is_required() -> None:
    kind = deal(field("x", required=True))
    assert map_record(kind, record({}, deleted=True)) == Mapped({}, {})


def test_a_day_is_never_shifted_and_a_moment_keeps_its_offset() -> None:
    west = timezone(timedelta(hours=-11))
    assert read({"x": date(2026, 3, 1)}, T.DATE) == date(2026, 3, 1)
    moment = read({"x": datetime(2026, 3, 1, 23, 59, tzinfo=west)}, T.DATETIME)
    assert isinstance(moment, datetime)
    assert moment.isoformat() == "2026-03-01T23:59:00-11:00"


def test_the_path_may_differ_from_the_name() -> None:
    assert read({"Amount__c": Decimal(1)}, T.NUMBER, path="Amount__c") == Decimal(1)


@given(values)
def test_every_value_is_read_or_in_trouble_and_never_both(value: Value) -> None:
    kind = deal(*(field(type_, type_, path="x", currency="HKD", unit="EA") for type_ in FieldType))
    found = map_record(kind, record({"x": value}))
    assert found.fields.keys() | found.problems.keys() == set(FieldType)
    assert not found.fields.keys() & found.problems.keys()
