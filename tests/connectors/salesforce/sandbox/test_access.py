"""What one user may see and do and another may not."""

from __future__ import annotations

import pytest
from simple_salesforce.format import format_soql

from tests.connectors.salesforce.sandbox.served import Served

TESSA, ME = "tessa@harbour.example", "integration@harbour.example"
ACCESS = "SELECT RecordId FROM UserRecordAccess"
LEVELS = "HasReadAccess, HasEditAccess, HasDeleteAccess, HasTransferAccess, HasAllAccess, MaxAccessLevel"


def share(sf: Served, target: str, access: str, user: str = ME) -> None:
    sf.control("POST", "/share", {"user": user, "target": target, "access": access})


def test_a_record_that_is_not_shared_does_not_exist(sf: Served) -> None:
    deal = sf.deal(1041)
    share(sf, deal, "None")
    assert sf.names("") == [f"OPP-{n}" for n in range(1042, 1047)]
    assert sf.call("GET", f"/sobjects/Opportunity/{deal}").json()[0]["errorCode"] == "NOT_FOUND"
    assert sf.call("PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"}).status_code == 404
    read = {"ids": [deal], "fields": ["Name"]}
    assert sf.call("POST", "/composite/sobjects/Opportunity", json=read).json() == [None]


def test_a_parent_that_is_not_shared_is_null(sf: Served) -> None:
    share(sf, "Account", "None")
    row = sf.query("SELECT Name, Account.Name FROM Opportunity WHERE Deal_Number__c = 'OPP-1041'")["records"][0]
    assert row["Account"] is None


def test_what_one_may_only_read_refuses_changes(sf: Served) -> None:
    share(sf, "Opportunity", "Read")
    share(sf, sf.deal(1042), "Edit")
    path = "/sobjects/Opportunity"
    refused = sf.call("PATCH", f"{path}/{sf.deal(1041)}", json={"NextStep": "x"})
    assert refused.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert sf.call("GET", f"{path}/{sf.deal(1041)}").status_code == 200
    assert sf.call("PATCH", f"{path}/{sf.deal(1042)}", json={"NextStep": "x"}).status_code == 204
    assert sf.call("DELETE", f"{path}/{sf.deal(1042)}").status_code == 403
    sf.control("POST", "/admins", {"user": ME})
    assert sf.call("DELETE", f"{path}/{sf.deal(1041)}").status_code == 204


@pytest.mark.parametrize("status", [400, 403])
def test_the_status_of_insufficient_access(sf: Served, status: int) -> None:
    sf.control("POST", "/switches", {"insufficient_access_status": status})
    share(sf, "Opportunity", "Read")
    path = f"/sobjects/Opportunity/{sf.deal(1041)}"
    assert sf.call("PATCH", path, json={"NextStep": "x"}).status_code == status


def test_the_vendor_tells_who_may_do_what_with_a_record(sf: Served) -> None:
    user = sf.first("User", 2)
    share(sf, sf.deal(1041), "Edit", TESSA)
    share(sf, sf.deal(1042), "None", TESSA)
    asked = [sf.deal(1041), sf.deal(1042), sf.deal(1043), "0065g000000zzzz"]
    soql = format_soql(
        "SELECT RecordId, {:literal} FROM UserRecordAccess WHERE UserId = {} AND RecordId IN {}", LEVELS, user, asked
    )
    rows = {row["RecordId"]: row for row in sf.query(soql)["records"]}
    told = [rows[record] for record in asked[:3]]
    assert [row["MaxAccessLevel"] for row in told] == ["Edit", "None", "All"]
    assert [row["HasEditAccess"] for row in told] == [True, False, True]
    assert [row["HasTransferAccess"] for row in told] == [False, False, True]
    editable = sf.query(f"{soql} AND HasEditAccess = true")["records"]
    assert {row["RecordId"] for row in editable} == {asked[0], asked[2]}


@pytest.mark.parametrize(
    "where",
    [
        "",
        "WHERE UserId = '0055g0000000003AAA'",
        "WHERE RecordId = '0065g0000000001AAA'",
        "WHERE UserId = '0055g0000000003AAA' OR RecordId = '0065g0000000001AAA'",
        "WHERE UserId = '0055g0000000003AAA' AND RecordId IN ({})".format(
            ",".join(f"'0065g0000000{n:03d}'" for n in range(201))
        ),
    ],
)
def test_access_is_asked_for_one_user_and_few_records(sf: Served, where: str) -> None:
    answer = sf.query(f"{ACCESS} {where}")
    assert answer[0]["errorCode"] == "MALFORMED_QUERY"


def test_a_field_may_be_seen_and_not_written(sf: Served) -> None:
    sf.control("POST", "/hide", {"object": "Opportunity", "field": "Amount", "user": ME, "read_only": True})
    path = f"/sobjects/Opportunity/{sf.deal(1041)}"
    fields = {f["name"]: f for f in sf.call("GET", "/sobjects/Opportunity/describe").json()["fields"]}
    assert sf.call("GET", path).json()["Amount"] == 480000
    assert fields["Amount"]["updateable"] is False
    refused = sf.call("PATCH", path, json={"Amount": 1})
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    sf.control("POST", "/hide", {"object": "Opportunity", "field": "Amount", "user": ME, "hidden": False})
    assert sf.call("PATCH", path, json={"Amount": 1}).status_code == 204


def test_a_hidden_reference_hides_what_lies_behind_it(sf: Served) -> None:
    sf.control("POST", "/hide", {"object": "Opportunity", "field": "AccountId", "user": ME})
    assert sf.query("SELECT Account.Name FROM Opportunity")[0]["errorCode"] == "INVALID_FIELD"
    assert sf.query("SELECT (SELECT Id FROM Opportunities) FROM Account")[0]["errorCode"] == "INVALID_FIELD"
