"""From recorded rows to records."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import HIDDEN, Choice, Malformed, Money, Record, Ref, Refused
from connectors.salesforce.layout import layout_of
from connectors.salesforce.records import id18, moment, record_of
from connectors.salesforce.settings import Kind
from tests.connectors.salesforce.parts import URL, payload

USER = "005Dn000001abcDIAQ"
FIELDS = (
    "Amount",
    "Probability",
    "TotalOpportunityQuantity",
    "StageName",
    "CloseDate",
    "IsWon",
    "LastActivityDate",
    "Next_Call__c",
    "Competitors__c",
    "FiscalYear",
    "Description",
    "AccountId",
    "OwnerId",
    "Owner.Name",
    "Owner.Email",
    "Account.Name",
    "Margin__c",
)


def recorded(query: str, *fields: str, describe: str = "opportunity", number: str = "Name", **changes: Any) -> Record:
    known = {each.capitalize(): payload(f"describe__{each}") for each in ("account", "user", "group")}
    kind = describe.partition("_")[0].capitalize()
    layout = layout_of(
        kind, Kind(fields=fields, number=number), {**known, kind: payload(f"describe__{describe}")}.__getitem__
    )
    (row,) = payload(query)["records"]
    return record_of(row | changes, layout, "crm", URL)


def test_a_row_becomes_a_record() -> None:
    record = recorded("query__opportunity", *FIELDS)
    assert record == Record(
        source="crm",
        kind="Opportunity",
        id="006Dn00000AbCdEIAV",
        version="2026-03-02T08:15:42.000+0000",
        stamp=datetime(2026, 3, 2, 8, 15, 42, tzinfo=UTC),
        occurred_at=datetime(2026, 3, 2, 8, 15, 40, tzinfo=UTC),
        number="Pump station 7",
        url=URL + "/lightning/r/Opportunity/006Dn00000AbCdEIAV/view",
        changed_by=Ref("User", USER, "Integration Example"),
        fields={
            "Amount": Decimal("12345678901234567.89"),
            "Probability": Decimal(25),
            "TotalOpportunityQuantity": Decimal("0.1"),
            "StageName": Choice("Negotiation", "Verhandlung"),
            "CloseDate": date(2026, 3, 31),
            "IsWon": False,
            "LastActivityDate": None,
            "Next_Call__c": datetime(2026, 3, 3, 1, 0, tzinfo=UTC),
            "Competitors__c": ("A", "B"),
            "FiscalYear": Decimal(2026),
            "Description": None,
            "AccountId": Ref("Account", "001Dn000009ZyXwIAK"),
            "OwnerId": Ref("User", USER, "Sales Example"),
            "Owner.Name": "Sales Example",
            "Owner.Email": "sales@example.com",
            "Account.Name": None,
            "Margin__c": HIDDEN,
        },
    )
    assert float not in {type(value) for value in record.fields.values()}


def test_several_currencies_make_money_each_with_its_own_code() -> None:
    fields = ("Amount", "Account.AnnualRevenue")
    record = recorded("query__opportunity_multicurrency", *fields, describe="opportunity_multicurrency")
    assert record.fields == {
        "Amount": Money(Decimal("1500000.5"), "HKD"),
        "Account.AnnualRevenue": Money(Decimal(5000000), "CNY"),
    }


def test_an_amount_without_a_code_is_never_given_one() -> None:
    record = recorded(
        "query__opportunity_multicurrency", "Amount", describe="opportunity_multicurrency", CurrencyIsoCode=None
    )
    assert record.fields["Amount"] == Decimal("1500000.5")


def test_a_deleted_record_keeps_its_number_and_nothing_else() -> None:
    record = recorded("query__deleted", *FIELDS)
    assert record.deleted
    assert record.fields == {}
    assert (record.number, record.url) == ("Pump station 7", "")
    assert record.stamp == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_link_to_several_objects_names_the_kind_that_the_id_tells() -> None:
    record = recorded("query__case", "OwnerId", "Owner.Name", "WhatId", describe="case", number="CaseNumber")
    assert record.fields["OwnerId"] == Ref("Group", "00GDn000002queuMAA", "Second line")
    assert record.fields["WhatId"] == Ref("Name", "001Dn000009ZyXwIAK")
    assert record.number == "00001042"


def test_a_value_that_the_list_no_longer_has_shows_itself() -> None:
    assert recorded("query__opportunity", "StageName", StageName="Gone").fields["StageName"] == Choice("Gone", "Gone")


@pytest.mark.parametrize(
    ("came", "shown"),
    [
        ("1.2500005E6", "1250000.50"),
        ("480000.0", "480000.00"),
        ("7", "7.00"),
        ("0.125", "0.125"),
        ("1E+30", f"{10**30}.00"),
    ],
)
def test_a_number_has_the_digits_of_its_field_and_none_is_rounded_away(came: str, shown: str) -> None:
    assert str(recorded("query__opportunity", "Amount", Amount=Decimal(came)).fields["Amount"]) == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Amount", "12"),
        ("Amount", True),
        ("Amount", 1.5),
        ("Amount", Decimal("1E999999")),
        ("IsWon", "true"),
        ("CloseDate", "31.03.2026"),
        ("CloseDate", 5),
        ("Next_Call__c", "2026-03-03T01:00:00"),
        ("StageName", 3),
        ("StageName", ["Negotiation"]),
        ("Description", {"a": 1}),
        ("OwnerId", "short"),
        ("Id", None),
        ("SystemModstamp", None),
        ("Owner", "not an object"),
    ],
)
def test_a_row_that_breaks_its_description_keeps_its_bytes(field: str, value: Any) -> None:
    with pytest.raises(Malformed) as caught:
        recorded("query__opportunity", *FIELDS, **{field: value})
    assert json.loads(caught.value.body)["Name"] == "Pump station 7"


def test_a_row_without_a_selected_field_is_malformed() -> None:
    with pytest.raises(Malformed):
        recorded("query__case", "Amount")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("005Dn000001abcD", "005Dn000001abcDIAQ"),
        ("000000000000000", "000000000000000AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
        ("abcdefghijklmno", "abcdefghijklmnoAAA"),
        ("Abcdeabcdeabcde", "AbcdeabcdeabcdeBAA"),
    ],
)
def test_ids_are_widened(short: str, long: str) -> None:
    assert id18(short) == long
    assert id18(long) == long


@pytest.mark.parametrize("value", ["", "006", None, 5, "006Dn00000AbCdE'--", "006Dn00000AbCd ", "٠06Dn00000AbCdE"])
def test_what_is_no_id_goes_into_no_query(value: object) -> None:
    with pytest.raises(Refused):
        id18(value)


@given(st.text("abcXYZ019", min_size=15, max_size=15), st.text("abcXYZ019", min_size=15, max_size=15))
def test_wide_ids_differ_without_regard_to_case_when_the_short_ones_differ(one: str, two: str) -> None:
    assert (id18(one).lower() == id18(two).lower()) == (one == two)


def test_times_are_read_as_utc_whatever_their_offset() -> None:
    assert moment("2026-03-02T16:15:42.000+0800") == datetime(2026, 3, 2, 8, 15, 42, tzinfo=UTC)
