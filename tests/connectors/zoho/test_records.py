from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import HIDDEN, Choice, Money, Ref, Value
from connectors.zoho.layout import Layout, layout_of
from connectors.zoho.records import Origin, moment, readout
from connectors.zoho.settings import Kind
from tests.connectors.zoho.vendor import payload

ORIGIN = Origin("crm", "https://crm.zoho.com")


def fields(module: str) -> dict[str, Any]:
    names = {"Deals": "fields__deals", "Accounts": "fields__accounts"}
    return {each["api_name"]: each for each in payload(names[module])["fields"]}


def layout(*paths: str) -> Layout:
    return layout_of("Deals", Kind(fields=paths, number="Deal_Name"), fields)


def read(path: str, raw: Any, **beside: Any) -> Value:
    row = {"id": "1", "Modified_Time": "2026-03-02T16:40:00+08:00", path: raw} | beside
    return readout(row, layout(path), ORIGIN, {}).record.fields[path]


@pytest.mark.parametrize(
    ("path", "raw", "value"),
    [
        ("Amount", Decimal("1250000.5"), Money(Decimal("1250000.50"), "HKD")),
        ("Amount", 0, Money(Decimal("0.00"), "HKD")),
        ("Probability", 25, Decimal(25)),
        ("Age_in_Days", Decimal("3.50"), Decimal("3.5")),
        ("Age_in_Days", "12.5", Decimal("12.5")),
        ("Stage", "Negotiation", Choice("Negotiation", "Negotiation/Review")),
        ("Stage", "Negotiation/Review", Choice("Negotiation", "Negotiation/Review")),
        ("Stage", "Added since", Choice("Added since", "Added since")),
        ("Closing_Date", "2026-04-30", date(2026, 4, 30)),
        ("Last_Activity_Time", "2026-03-01T00:30:00+08:00", datetime(2026, 2, 28, 16, 30, tzinfo=UTC)),
        ("Account_Name", {"name": "Peak", "id": "512009"}, Ref("Accounts", "512009", "Peak")),
        ("Account_Name", {"id": "512009"}, Ref("Accounts", "512009", "")),
        ("Owner", {"id": "235013", "name": "Ka Wing"}, Ref("users", "235013", "Ka Wing")),
        ("Regions", ["North", "South"], ("North", "South")),
        ("Regions", [], ()),
        ("Approvers", [{"id": "7", "Approvers": {"name": "Mei Chan", "id": "8"}}], ("Mei Chan",)),
        ("Urgent", False, False),
        ("Serial", "123456789012345678", "123456789012345678"),
        ("Deal_Name", "名 & <b>", "名 & <b>"),
        ("Amount", None, None),
    ],
)
def test_a_value_arrives_as_its_field_is_described(path: str, raw: Any, value: Value) -> None:
    found = read(path, raw, Currency="HKD")
    assert found == value
    assert type(found) is type(value)
    if isinstance(found, Money) and isinstance(value, Money):
        assert str(found.amount) == str(value.amount)


def test_two_calls_forms_of_a_number_are_one() -> None:
    assert str(read("Age_in_Days", Decimal("1.5E3"))) == str(read("Age_in_Days", 1500)) == "1500"


def test_an_amount_of_an_org_with_one_currency_stays_bare() -> None:
    assert read("Amount", 5) == Decimal("5.00")


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("Amount", True),
        ("Amount", "five"),
        ("Amount", [1]),
        ("Closing_Date", "30/04/2026"),
        ("Closing_Date", 17),
        ("Last_Activity_Time", "2026-03-01T00:30:00"),
        ("Account_Name", "Peak"),
        ("Account_Name", {"id": "x'y"}),
        ("Urgent", "yes"),
        ("Regions", "North"),
        ("Deal_Name", {"a": 1}),
    ],
)
def test_a_value_that_does_not_fit_is_left_out_and_named(path: str, raw: Any) -> None:
    row = {"id": "1", "Modified_Time": "2026-03-02T16:40:00+08:00", path: raw, "Probability": 3}
    found = readout(row, layout(path, "Probability"), ORIGIN, {})
    assert found.unreadable == (path,)
    assert path not in found.record.fields
    assert found.record.fields["Probability"] == Decimal(3)


def test_a_field_that_is_missing_in_the_row_was_not_read() -> None:
    row = {"id": "1", "Modified_Time": "2026-03-02T16:40:00+08:00"}
    assert readout(row, layout("Stage"), ORIGIN, {}).record.fields == {}


def test_what_our_user_may_not_see_is_hidden() -> None:
    row = {"id": "1", "Modified_Time": "2026-03-02T16:40:00+08:00"}
    found = readout(row, layout("Margin", "No_Such_Field", "No_Such.Thing", "Account_Name.Secret"), ORIGIN, {})
    assert dict(found.record.fields) == dict.fromkeys(
        ("Margin", "No_Such_Field", "No_Such.Thing", "Account_Name.Secret"), HIDDEN
    )


def test_a_field_behind_a_lookup_is_typed_by_its_own_module() -> None:
    path = "Account_Name.Industry"
    assert read(path, "Trade") == Choice("Trade", "Trade & Logistics")
    assert read(path, None) is None
    row = {"id": "1", "Modified_Time": "2026-03-02T16:40:00+08:00", "Account_Name": {"id": "5", "Industry": "Trade"}}
    assert readout(row, layout(path), ORIGIN, {}).record.fields[path] == Choice("Trade", "Trade & Logistics")
    assert read("Owner.last_name", "Lo") == "Lo"


def test_a_type_without_a_single_value_is_not_asked_for() -> None:
    found = layout("Contract", "Stage")
    assert found.unread == ("Contract",)
    assert "Contract" not in found.select


def test_the_record_says_who_when_and_where() -> None:
    row = payload("list__deal")["data"][0]
    found = readout(row, layout("Stage"), ORIGIN, {}).record
    assert found.number == "Harbour cranes"
    assert found.url == "https://crm.zoho.com/crm/tab/Potentials/554023000000527001"
    assert found.changed_by == Ref("users", "554023000000235011", "Mei Chan")
    assert found.stamp == found.occurred_at == datetime(2026, 3, 2, 8, 40, tzinfo=UTC)
    assert readout(row, layout("Stage"), Origin("crm", "", ""), {}).record.url == ""
    assert readout(row, layout("Stage"), Origin("crm", "https://x", "Mine"), {}).record.url.startswith(
        "https://x/crm/tab/Mine/"
    )


@pytest.mark.parametrize("text", ["2026-03-02", "2026-03-02T16:40:00", "soon", "", None, 5])
def test_a_time_without_offset_is_none(text: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        moment(text)
