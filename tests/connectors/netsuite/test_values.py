"""Numbers and units: no digit is lost and none is invented."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Quantity
from connectors.netsuite.settings import LineUnits
from connectors.netsuite.values import Unit, facing, number, quantity

counts = st.decimals(Decimal("-1e12"), Decimal("1e12"), places=5)
rates = st.decimals(Decimal("0.00001"), Decimal("1e6"), places=5)


@given(st.decimals(Decimal("-1e20"), Decimal("1e20"), places=8))
def test_a_number_keeps_every_digit(size: Decimal) -> None:
    assert number(f"{size:f}") == size
    assert f"{number(f'{size:f}'):f}" == f"{size:f}"


@pytest.mark.parametrize(
    ("text", "size"), [(".5", "0.5"), ("-.5", "-0.5"), ("1E-7", "0.0000001"), ("7.", "7"), (7, "7")]
)
def test_the_vendors_ways_of_writing_a_number(text: object, size: str) -> None:
    assert number(text) == Decimal(size)


@pytest.mark.parametrize("text", ["", "1,000", "5%", "NaN", "Infinity", "1e999", "٣", " 1", True, None, "."])
def test_what_is_no_number_is_refused(text: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        number(text)


@given(counts, rates)
def test_a_quantity_survives_the_way_through_the_base_unit(count: Decimal, rate: Decimal) -> None:
    unit = Unit("Case", rate, "Each")
    stored = count * rate
    assert quantity(stored, unit, LineUnits.BASE) == Quantity(count, "Case", Quantity(stored, "Each"))


@given(counts, rates)
def test_both_units_say_the_same_amount(count: Decimal, rate: Decimal) -> None:
    found = quantity(count, Unit("Case", rate, "Each"), LineUnits.OWN)
    assert found == Quantity(count, "Case", Quantity(count * rate, "Each"))


@pytest.mark.parametrize("rate", [Decimal(12), Decimal(7), Decimal("0.3")])
def test_what_cannot_be_converted_without_a_rest_stays_in_the_base_unit(rate: Decimal) -> None:
    assert quantity(Decimal(100), Unit("Dozen", rate, "Each"), LineUnits.BASE) == Quantity(Decimal(100), "Each")
    assert quantity(Decimal(100), Unit("Dozen", rate, ""), LineUnits.BASE) == Decimal(100)


@given(counts, rates, st.sampled_from([LineUnits.BASE, LineUnits.OWN]))
def test_a_quantity_has_no_empty_digits(count: Decimal, rate: Decimal, units: LineUnits) -> None:
    found = quantity(count, Unit("Case", rate, "Each"), units)
    assert isinstance(found, Quantity)
    for each in (found, found.base or found):
        assert not (f"{each.value:f}".endswith(("0", ".")) and "." in f"{each.value:f}")


def test_the_base_unit_is_not_told_twice() -> None:
    assert quantity(Decimal(5), Unit("Each", Decimal(1), "Each"), LineUnits.BASE) == Quantity(Decimal(5), "Each")


@pytest.mark.parametrize(
    ("row", "unit"),
    [
        ({"unit_name": "Case", "unit_rate": "12", "base_name": "Each"}, Unit("Case", Decimal(12), "Each")),
        ({"unit_name": "Case"}, None),
        ({}, None),
    ],
)
def test_a_unit_is_the_vendors_or_none(row: dict[str, str], unit: Unit | None) -> None:
    assert Unit.of(row) == unit


def test_a_unit_without_a_factor_is_refused() -> None:
    with pytest.raises(ValueError, match="factor"):
        Unit.of({"unit_name": "Case", "unit_rate": "0"})


@pytest.mark.parametrize(
    ("amounts", "sign"),
    [([], 1), ([0], 1), ([5, 7], 1), ([-5, -7], -1), ([-10, 2], -1), ([10, -2], 1), ([-5, 5], -1), ([5, -5], 1)],
)
def test_lines_count_upwards(amounts: list[int], sign: int) -> None:
    assert facing(map(Decimal, amounts)) == sign
