"""What a person wants written, and whether it is there already."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connectors.contract import HIDDEN, Choice, Misconfigured, Money, Quantity, Ref, Value
from connectors.salesforce.values import body, differ, other_currency

HONG_KONG = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("12345678901234567.89"), b"12345678901234567.89"),
        (Money(Decimal("1E+3"), "HKD"), b"1E+3"),
        (Quantity(Decimal("2.50"), "kg"), b"2.50"),
        (Choice("Sold", "Verkauft"), b'"Sold"'),
        (Ref("User", "005Dn000001UsrAIAS"), b'"005Dn000001UsrAIAS"'),
        (date(2026, 3, 2), b'"2026-03-02"'),
        (datetime(2026, 3, 2, 17, 0, tzinfo=HONG_KONG), b'"2026-03-02T09:00:00.000Z"'),
        (("a", "b"), b'"a;b"'),
        (True, b"true"),
        ("\u4e0b\u5355", '"\u4e0b\u5355"'.encode()),
        (None, b"null"),
    ],
)
def test_values_keep_their_digits_codes_and_moments(value: Value, written: bytes) -> None:
    assert body({"Field__c": value}) == b'{"Field__c":' + written + b"}"


def test_what_nobody_can_see_cannot_be_written() -> None:
    with pytest.raises(Misconfigured):
        body({"Field__c": HIDDEN})


@pytest.mark.parametrize(
    ("wanted", "present"),
    [
        (Decimal(10), Decimal("10.00")),
        (Decimal(10), Money(Decimal("10.00"), "HKD")),
        ("Sold", Choice("Sold", "Verkauft")),
        ("005Dn000001UsrA", Ref("User", "005Dn000001UsrAIAS")),
        ("", None),
        (datetime(2026, 3, 2, 17, 0, tzinfo=HONG_KONG), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
    ],
)
def test_the_same_in_other_words_is_the_same(wanted: Value, present: Value) -> None:
    assert differ({"Field__c": wanted}, {"Field__c": present}) == []


@pytest.mark.parametrize("present", [None, HIDDEN, "Open", Decimal(1)])
def test_anything_else_differs(present: Value) -> None:
    assert differ({"Field__c": "Sold"}, {"Field__c": present}) == ["Field__c"]
    assert differ({"Field__c": "Sold"}, {}) == ["Field__c"]


def test_an_amount_in_another_currency_is_named() -> None:
    there: dict[str, Value] = {"Amount": Money(Decimal(1), "HKD"), "Cost": Decimal(1)}
    assert other_currency({"Amount": Money(Decimal(2), "CNY")}, there) == "Amount"
    assert other_currency({"Amount": Money(Decimal(2), "HKD"), "Cost": Money(Decimal(2), "CNY")}, there) == ""
