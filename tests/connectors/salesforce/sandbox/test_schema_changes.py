"""An administrator changes fields while clients read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.salesforce.sandbox.served import Served

SOQL = "SELECT Deal_Number__c, Amount, Discount__c FROM Opportunity ORDER BY Id"


def alter(sf: Served, field: str, **how: Any) -> None:
    sf.control("POST", "/schema", {"object": "Opportunity", "field": field, **how})


def described(sf: Served) -> dict[str, Any]:
    return {f["name"]: f for f in sf.call("GET", "/sobjects/Opportunity/describe").json()["fields"]}


def test_a_removed_field_is_gone_for_everybody(sf: Served) -> None:
    alter(sf, "Discount__c", remove=True)
    assert sf.query(SOQL)[0]["errorCode"] == "INVALID_FIELD"
    assert "Discount__c" not in described(sf)
    assert "Discount__c" not in sf.call("GET", f"/sobjects/Opportunity/{sf.deal(1042)}").json()
    assert sf.call("PATCH", f"/sobjects/Opportunity/{sf.deal(1042)}", json={"Discount__c": 1}).status_code == 400


def test_a_renamed_field_keeps_its_values(sf: Served) -> None:
    alter(sf, "Discount__c", name="Rebate__c")
    row = sf.query("SELECT Rebate__c FROM Opportunity WHERE Deal_Number__c = 'OPP-1042'")["records"][0]
    assert row["Rebate__c"] == 7.5
    assert sf.query(SOQL)[0]["errorCode"] == "INVALID_FIELD"


@pytest.mark.parametrize(("field", "kind", "value"), [("Amount", "string", "480000.00"), ("NextStep", "double", None)])
def test_a_retyped_field_converts_its_values_or_empties_them(
    sf: Served, field: str, kind: str, value: str | None
) -> None:
    alter(sf, field, type=kind)
    assert described(sf)[field]["type"] == kind
    assert sf.call("GET", f"/sobjects/Opportunity/{sf.deal(1041)}").json()[field] == value


def test_a_date_that_becomes_text_stays_readable(sf: Served) -> None:
    path = f"/sobjects/Opportunity/{sf.deal(1041)}"
    before = sf.call("GET", path).json()["CloseDate"]
    alter(sf, "CloseDate", type="string")
    assert sf.call("GET", path).json()["CloseDate"] == before


@pytest.mark.parametrize("answer", ["refused", "left_out", "as_queried"])
@pytest.mark.parametrize(
    "change",
    [
        ("/schema", {"object": "Opportunity", "field": "Discount__c", "remove": True}),
        ("/schema", {"object": "Opportunity", "field": "Discount__c", "name": "Rebate__c"}),
        ("/schema", {"object": "Opportunity", "field": "Discount__c", "type": "string"}),
        ("/hide", {"object": "Opportunity", "field": "Discount__c", "user": "integration@harbour.example"}),
    ],
)
def test_a_field_changes_between_two_pages(sf: Served, change: tuple[str, Any], answer: str) -> None:
    sf.control("POST", "/switches", {"changed_while_paging": answer})
    sf.control("POST", "/settings", {"page_size": 1})
    page = sf.query(SOQL)
    sf.control("POST", *change)
    second = sf.call("GET", page["nextRecordsUrl"])
    if answer == "refused":
        assert (second.status_code, second.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
        return
    (row,) = second.json()["records"]
    assert row["Deal_Number__c"] == "OPP-1042"
    assert row.get("Discount__c") == (7.5 if answer == "as_queried" else None)
    assert ("Discount__c" in row) is (answer == "as_queried")


def test_other_fields_go_on_being_paged(sf: Served) -> None:
    sf.control("POST", "/settings", {"page_size": 1})
    page = sf.query("SELECT Deal_Number__c, Account.Name FROM Opportunity ORDER BY Id")
    alter(sf, "Discount__c", remove=True)
    (row,) = sf.call("GET", page["nextRecordsUrl"]).json()["records"]
    assert row["Account"]["Name"] == "Lotus Foods"


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Opportunity", "field": "Id", "remove": True},
        {"object": "Opportunity", "field": "Colour", "remove": True},
        {"object": "Opportunity", "field": "Amount", "name": "NextStep"},
        {"object": "Opportunity", "field": "Amount", "type": "reference"},
        {"object": "Opportunity", "field": "Amount", "type": "roman"},
    ],
)
def test_what_cannot_be_changed_is_refused(sf: Served, body: Any) -> None:
    assert sf.http.post(f"{sf.base}/__sandbox/schema", json=body, timeout=10).status_code == 400
