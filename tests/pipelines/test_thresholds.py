from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from connectors.contract import Money, Quantity, Scalar
from pipelines.plan import Compare, Threshold
from pipelines.thresholds import passes
from pipelines.verdict import Reason
from tests.pipelines.strategies import decimals

LIMIT = Decimal("12345678901234568.00")


def limit(compare: Compare, bound: Decimal | Money | Quantity) -> Threshold:
    return Threshold("big", "amount", compare, bound)


def sides(value: Scalar, bound: Decimal | Money | Quantity) -> list[bool | Reason]:
    return [passes(limit(compare, bound), value) for compare in Compare]


@pytest.mark.parametrize(
    ("amount", "at_least", "above", "at_most", "below"),
    [
        ("12345678901234567.89", False, False, True, True),
        ("12345678901234568", True, False, True, False),
        ("12345678901234568.01", True, True, False, False),
        ("-12345678901234568", False, False, True, True),
    ],
)
def test_numbers_that_are_one_binary_float_are_told_apart(
    amount: str, at_least: bool, above: bool, at_most: bool, below: bool
) -> None:
    assert float(amount) in {float(LIMIT), -float(LIMIT)}
    expected = [at_least, above, at_most, below]
    value = Decimal(amount)
    assert sides(value, LIMIT) == expected
    assert sides(Money(value, "HKD"), Money(LIMIT, "HKD")) == expected
    assert sides(Quantity(value, "EA"), Quantity(LIMIT, "EA")) == expected


def test_an_empty_value_is_on_neither_side() -> None:
    assert sides(None, LIMIT) == sides(None, Money(LIMIT, "HKD")) == [False] * 4


def test_another_currency_or_unit_holds_even_when_the_numbers_are_equal() -> None:
    assert set(sides(Money(LIMIT, "USD"), Money(LIMIT, "HKD"))) == {Reason.OTHER_CURRENCY}
    assert set(sides(Quantity(LIMIT, "BOX"), Quantity(LIMIT, "EA"))) == {Reason.OTHER_UNIT}
    other = Quantity(LIMIT, "BOX", Quantity(LIMIT, "PAL"))
    assert set(sides(other, Quantity(LIMIT, "EA"))) == {Reason.OTHER_UNIT}


@pytest.mark.parametrize("bound", [Quantity(Decimal(2), "Case"), Quantity(Decimal(24), "Each")])
def test_a_quantity_is_compared_in_its_unit_or_in_its_base_unit(bound: Quantity) -> None:
    of = Quantity(Decimal(2), "Case", Quantity(Decimal(24), "Each"))
    assert sides(of, bound) == sides(Quantity(bound.value, "EA"), Quantity(bound.value, "EA"))


@pytest.mark.parametrize("value", [LIMIT, Quantity(LIMIT, "HKD"), "12345678901234568", True])
def test_what_is_no_money_is_not_compared_with_money(value: Scalar) -> None:
    assert set(sides(value, Money(LIMIT, "HKD"))) == {Reason.NOT_COMPARABLE}


def test_what_has_a_currency_is_not_compared_with_a_bare_number() -> None:
    assert set(sides(Money(LIMIT, "HKD"), LIMIT)) == {Reason.NOT_COMPARABLE}


@given(decimals, decimals)
def test_each_value_is_on_exactly_one_side(value: Decimal, bound: Decimal) -> None:
    at_least, above, at_most, below = sides(value, bound)
    assert at_least is not below
    assert above is not at_most
    assert (at_least and at_most) is (value == bound)
