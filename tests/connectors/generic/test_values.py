"""Whether a record shows what was set, whatever form its sender gives to values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.contract import Choice, Money, Quantity, Ref, Scalar, Value
from connectors.generic.values import differing, holds

PRICE = Money(Decimal("1280.50"), "HKD")
DOZEN = Quantity(Decimal(12), "pc")
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "present"),
    [
        (Decimal("1280.50"), {"x": Decimal("1280.5")}),
        (Decimal("1280.50"), {"x": "1280.5"}),
        (PRICE, {"x.amount": Decimal("1280.5"), "x.currency": "HKD"}),
        (PRICE, {"x.amount": "1280.50", "x.currency": "HKD"}),
        (DOZEN, {"x.value": Decimal(12), "x.unit": "pc"}),
        (AT, {"x": "2026-11-22T17:30:00+08:00"}),
        (date(2026, 11, 22), {"x": "2026-11-22"}),
        (Choice("a", "A label"), {"x": "a"}),
        (Ref("user", "u-1", "Somebody"), {"x": "u-1"}),
        (("a", "b"), {"x": ("a", "b")}),
        (None, {"x": None}),
        ("", {"x": None}),
        (None, {"x": ""}),
        (True, {"x": True}),
    ],
)
def test_the_same_in_another_form_is_the_same(value: Scalar, present: Mapping[str, Value]) -> None:
    assert holds({"x": value}, present)
    assert differing({"x": value}, present) == []


@pytest.mark.parametrize(
    ("value", "present"),
    [
        (Decimal(1), {"x": "one"}),
        (Decimal(1), {"x": None}),
        (PRICE, {"x.amount": Decimal("1280.5"), "x.currency": "CNY"}),
        (PRICE, {"x.amount": Decimal("1280.5")}),
        (PRICE, {"x": Decimal(1280)}),
        (DOZEN, {"x": Decimal(144)}),
        (AT, {"x": "2026-11-22T09:30:00"}),
        (AT, {"x": "2026-11-22T17:30:01+08:00"}),
        ("007", {"x": "7"}),
        ("a", {"x": None}),
        (None, {"x": "a"}),
    ],
)
def test_what_differs_is_named(value: Scalar, present: Mapping[str, Value]) -> None:
    assert not holds({"x": value}, present)
    assert differing({"x": value}, present) == ["x"]


@pytest.mark.parametrize(
    ("value", "present"),
    [("a", {}), (PRICE, {}), (PRICE, {"x": Decimal("1280.50")}), (DOZEN, {"x": Decimal(12)})],
)
def test_what_is_not_shown_is_not_known(value: Scalar, present: Mapping[str, Value]) -> None:
    assert not holds({"x": value}, present)
    assert differing({"x": value}, present) == []


def test_nothing_is_never_there_already() -> None:
    assert not holds({}, {"x": "any"})
