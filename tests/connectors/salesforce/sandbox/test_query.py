"""SOQL: what it selects, how it orders, pages and complains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.salesforce.sandbox.served import Served

BULK_STAMP = "2026-03-01T08:00:00Z"
BULK = "SELECT Id FROM Opportunity WHERE Name LIKE 'Bulk%'"


def fill(sf: Served, count: int, **more: Any) -> list[str]:
    records = [{"Name": f"Bulk {i}", "StageName": "Prospecting", "CloseDate": "2026-06-30"} for i in range(count)]
    ids: list[str] = sf.control("POST", "/records/Opportunity", {"records": records, "stamp": BULK_STAMP, **more})[
        "ids"
    ]
    return ids


def test_a_row_has_attributes_its_columns_and_its_parents(sf: Served) -> None:
    answer = sf.query(
        "select id, NAME, Amount, CloseDate, SystemModstamp, Owner.Name, Owner.Manager.Name, Account.Name, NextStep "
        "from Opportunity where Deal_Number__c = 'opp-1042'"
    )
    row = answer["records"][0]
    url = f"/services/data/v59.0/sobjects/Opportunity/{sf.deal(1042)}"
    assert answer["totalSize"] == 1
    assert answer["done"] is True
    assert "nextRecordsUrl" not in answer
    assert list(row) == [
        "attributes",
        "Id",
        "Name",
        "Amount",
        "CloseDate",
        "SystemModstamp",
        "Owner",
        "Account",
        "NextStep",
    ]
    assert row["attributes"] == {"type": "Opportunity", "url": url}
    assert row["Amount"] == 1250000.5
    assert row["Owner"]["Manager"] == {
        "attributes": {"type": "User", "url": "/services/data/v59.0/sobjects/User/0055g0000000002AAA"},
        "Name": "Wilmot Kestrel",
    }
    assert row["Account"]["Name"] == "Lotus Foods"
    assert row["SystemModstamp"].endswith(".000+0000")
    assert row["NextStep"] is None


def test_a_missing_parent_is_null(sf: Served) -> None:
    sf.control("POST", "/records/Contact", {"values": {"LastName": "Alone"}})
    row = sf.query("SELECT Name, Account.Owner.Name FROM Contact WHERE AccountId = null")["records"][0]
    assert row["Account"] is None


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("WHERE Amount > 100000 AND IsClosed = FALSE", {1041, 1042}),
        (
            "WHERE (StageName = 'closed won' OR StageName = 'Prospecting') AND Account.Name != 'Lotus Foods'",
            {1044, 1045},
        ),
        ("WHERE (NOT StageName LIKE 'Closed%') AND Amount != null", {1041, 1042, 1043}),
        ("WHERE NOT (IsWon = true OR Amount = null)", {1041, 1042, 1043, 1046}),
        ("WHERE StageName IN ('Closed Lost', 'Qualification')", {1043, 1046}),
        ("WHERE StageName NOT IN ('Closed Lost', 'Qualification', 'Prospecting', 'Closed Won')", {1041, 1042}),
        ("WHERE Amount <> 480000 AND Amount <= 1250000.50", {1042, 1043, 1046}),
        ("WHERE Amount < 0 OR Amount = NULL", {1045}),
        ("WHERE Amount IN (96000, 38000.0, NULL)", {1043, 1045, 1046}),
        ("WHERE CloseDate IN (2001-01-01, NEXT_N_DAYS:11)", {1041}),
        ("WHERE Owner.Username = 'WILMOT@harbour.example'", {1045}),
        ("WHERE Name LIKE '_arbour%'", {1041, 1045}),
        ("WHERE Name LIKE '%\\_%'", set()),
        ("WHERE NextStep = ''", {1042, 1043, 1044, 1045, 1046}),
        ("WHERE CloseDate > TODAY AND CloseDate <= NEXT_N_DAYS:12", {1041, 1042}),
        ("WHERE CreatedDate = LAST_N_DAYS:30 AND CreatedDate < TODAY", {1041, 1042, 1043, 1044, 1045, 1046}),
        ("WHERE CreatedDate = TODAY", set()),
        ("WHERE SystemModstamp >= 2020-01-01T08:00:00+08:00 AND CloseDate > 2020-01-31 AND IsWon = true", {1044}),
    ],
)
def test_conditions(sf: Served, where: str, numbers: set[int]) -> None:
    assert set(sf.names(where)) == {f"OPP-{n}" for n in numbers}


def test_an_id_is_found_in_15_characters_too(sf: Served) -> None:
    assert sf.names(f"WHERE Id = '{sf.deal(1043)[:15]}'") == ["OPP-1043"]


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("Amount", [1045, 1046, 1043, 1041, 1042, 1044]),
        ("Amount DESC", [1045, 1044, 1042, 1041, 1043, 1046]),
        ("Amount ASC NULLS LAST", [1046, 1043, 1041, 1042, 1044, 1045]),
        ("Amount DESC NULLS LAST", [1044, 1042, 1041, 1043, 1046, 1045]),
        ("Account.Name DESC, Name ASC LIMIT 3", [1042, 1046, 1043]),
        ("Id LIMIT 2 OFFSET 3", [1044, 1045]),
    ],
)
def test_order_limit_and_offset(sf: Served, order: str, numbers: list[int]) -> None:
    assert sf.names(f"ORDER BY {order}") == [f"OPP-{n}" for n in numbers]


def test_count_has_no_records(sf: Served) -> None:
    answer = sf.query("SELECT COUNT() FROM Opportunity WHERE IsClosed = true")
    assert answer == {"totalSize": 2, "done": True, "records": []}


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id Opportunity", "MALFORMED_QUERY", "unexpected token: 'Opportunity'"),
        ("SELECT Id FROM Opportunity WHERE IsWon = true AND Amount = 1 OR Amount = 2", "MALFORMED_QUERY", "'OR'"),
        (
            "SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01T00:00:00",
            "MALFORMED_QUERY",
            "unexpected token",
        ),
        ("SELECT Id FROM Opportunity WHERE CloseDate > 2026-13-01", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id, id FROM Opportunity", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("", "MALFORMED_QUERY", "A query string has to be specified"),
        (
            "SELECT Id, Colour__c FROM Opportunity",
            "INVALID_FIELD",
            "No such column 'Colour__c' on entity 'Opportunity'",
        ),
        ("SELECT Owner.Colour FROM Opportunity", "INVALID_FIELD", "No such column 'Colour' on entity 'User'"),
        ("SELECT Boss.Name FROM Opportunity", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id FROM Opportunity WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Opportunity ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD", "must be of type double"),
        (
            "SELECT Id FROM Opportunity WHERE CloseDate = 2026-01-01T00:00:00Z",
            "INVALID_FIELD",
            "must be of type date and",
        ),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        (
            "SELECT Id FROM Opportunity WHERE AccountId = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: abc",
        ),
        ("SELECT Id FROM Deal__c", "INVALID_TYPE", "sObject type 'Deal__c' is not supported"),
        ("SELECT Id FROM Opportunity OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
    ],
)
def test_a_wrong_query_is_told_with_its_place(sf: Served, soql: str, code: str, message: str) -> None:
    response = sf.call("GET", "/query/", params={"q": soql})
    error = response.json()[0]
    assert response.status_code == 400
    assert error["errorCode"] == code
    assert message in error["message"]
    assert not soql or "ERROR at Row:1:Column:" in error["message"]


@pytest.mark.parametrize(
    "soql", ["SELECT StageName FROM Opportunity GROUP BY StageName", "SELECT toLabel(StageName) FROM Opportunity"]
)
def test_soql_that_only_the_vendor_knows_is_never_answered_wrongly(sf: Served, soql: str) -> None:
    response = sf.call("GET", "/query", params={"q": soql})
    assert response.status_code == 501
    assert response.json()[0]["errorCode"] == "SANDBOX_UNSUPPORTED"


def test_5000_rows_of_one_stamp_are_paged_without_loss(sf: Served) -> None:
    made = set(fill(sf, 5000))
    page = sf.query(f"{BULK} AND SystemModstamp = {BULK_STAMP} ORDER BY SystemModstamp, Id")
    seen: list[str] = []
    sizes: list[int] = []
    while True:
        seen += [r["Id"] for r in page["records"]]
        sizes.append(len(page["records"]))
        if page["done"]:
            break
        page = sf.call("GET", page["nextRecordsUrl"]).json()
    assert sizes == [2000, 2000, 1000]
    assert len(seen) == 5000
    assert set(seen) == made


def test_a_keyset_steps_through_ties(sf: Served) -> None:
    made = sorted(fill(sf, 500))
    seen: list[str] = []
    beyond = f"SystemModstamp >= {BULK_STAMP}"
    while rows := sf.query(f"{BULK} AND ({beyond}) ORDER BY SystemModstamp, Id LIMIT 200")["records"]:
        seen += [r["Id"] for r in rows]
        beyond = f"(SystemModstamp = {BULK_STAMP} AND Id > '{seen[-1]}') OR SystemModstamp > {BULK_STAMP}"
    assert seen == made


@pytest.mark.parametrize(("wish", "size"), [("batchSize=250", 250), ("batchSize=10", 200), ("batchSize=9000", 600)])
def test_the_batch_size_is_a_wish(sf: Served, wish: str, size: int) -> None:
    fill(sf, 600)
    page = sf.query(BULK, headers={"Sforce-Query-Options": wish})
    assert len(page["records"]) == size
    assert page["totalSize"] == 600


def test_a_cursor_keeps_what_the_query_saw(sf: Served) -> None:
    sf.control("POST", "/settings", {"page_size": 4})
    page = sf.query("SELECT Id, NextStep FROM Opportunity ORDER BY Id")
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1046)}", {"values": {"NextStep": "too late"}})
    rest = sf.call("GET", page["nextRecordsUrl"]).json()
    assert [r["NextStep"] for r in rest["records"]] == [None, None]


def test_a_locator_expires_and_is_its_owners(sf: Served) -> None:
    sf.control("POST", "/settings", {"page_size": 4, "locator_seconds": 1000})
    locator = sf.query("SELECT Id FROM Opportunity")["nextRecordsUrl"]
    assert sf.call("GET", locator).status_code == 200
    sf.control("POST", "/settings", {"locator_seconds": 0})
    response = sf.call("GET", locator)
    assert response.status_code == 400
    assert response.json() == [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]


def test_only_query_all_shows_the_deleted(sf: Served) -> None:
    gone = sf.deal(1046)
    before = datetime.now(UTC) - timedelta(seconds=2)
    assert sf.call("DELETE", f"/sobjects/Opportunity/{gone}").status_code == 204
    soql = "SELECT Id, IsDeleted, SystemModstamp FROM Opportunity WHERE IsDeleted = true"
    assert sf.query(soql)["records"] == []
    row = sf.query(soql, resource="queryAll")["records"][0]
    assert row["Id"] == gone
    assert row["IsDeleted"] is True
    assert datetime.fromisoformat(row["SystemModstamp"]) >= before


def test_a_hidden_field_does_not_exist_for_its_user(sf: Served) -> None:
    assert sf.query("SELECT Discount__c FROM Opportunity")["totalSize"] == 6
    sf.control(
        "POST", "/hide", {"object": "Opportunity", "field": "Discount__c", "user": "integration@harbour.example"}
    )
    error = sf.query("SELECT Discount__c FROM Opportunity WHERE Name != null")[0]
    described = sf.call("GET", "/sobjects/Opportunity/describe").json()["fields"]
    row = sf.call("GET", f"/sobjects/Opportunity/{sf.deal(1042)}").json()
    write = sf.call("PATCH", f"/sobjects/Opportunity/{sf.deal(1042)}", json={"Discount__c": 5}).json()[0]
    assert error["errorCode"] == "INVALID_FIELD"
    assert "No such column 'Discount__c' on entity 'Opportunity'" in error["message"]
    assert "Discount__c" not in {f["name"] for f in described}
    assert "Discount__c" not in row
    assert write["errorCode"] == "INVALID_FIELD"
    assert sf.query("SELECT Id FROM Opportunity WHERE Discount__c > 1")[0]["errorCode"] == "INVALID_FIELD"


def test_children_come_with_their_parents(sf: Served) -> None:
    soql = (
        "SELECT Name, (SELECT Name, Quantity, SortOrder FROM OpportunityLineItems WHERE Quantity > 1 "
        "ORDER BY SortOrder DESC LIMIT 1), (SELECT Id FROM Quotes) FROM Opportunity ORDER BY Id LIMIT 3"
    )
    first, second, third = sf.query(soql)["records"]
    assert first["OpportunityLineItems"]["records"] == [
        {
            "attributes": {
                "type": "OpportunityLineItem",
                "url": f"/services/data/v59.0/sobjects/OpportunityLineItem/{sf.first('OpportunityLineItem', 1)}",
            },
            "Name": "Gateway",
            "Quantity": 20.0,
            "SortOrder": 2,
        }
    ]
    assert second["Quotes"]["totalSize"] == 1
    assert (third["OpportunityLineItems"], third["Quotes"]) == (None, None)


def test_deleted_children_are_shown_by_query_all_alone(sf: Served) -> None:
    sf.call("DELETE", f"/sobjects/Quote/{sf.first('Quote')}")
    soql = "SELECT (SELECT Id FROM Quotes) FROM Opportunity WHERE Deal_Number__c = 'OPP-1041'"
    shown = [sf.query(soql, resource)["records"][0]["Quotes"] for resource in ("query", "queryAll")]
    assert shown[0] is None
    assert shown[1]["totalSize"] == 1


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("WHERE Id IN (SELECT OpportunityId FROM Quote)", [1041, 1042]),
        ("WHERE Id NOT IN (SELECT OpportunityId FROM Quote WHERE Status = 'Draft') AND Amount > 400000", [1042, 1044]),
        ("WHERE AccountId IN (SELECT AccountId FROM Case WHERE IsClosed = true)", [1042, 1046]),
    ],
)
def test_what_another_query_selects(sf: Served, where: str, numbers: list[int]) -> None:
    assert sf.names(f"{where} ORDER BY Id") == [f"OPP-{n}" for n in numbers]


@pytest.mark.parametrize(
    ("soql", "status", "code"),
    [
        ("SELECT (SELECT Id FROM Wheels) FROM Opportunity", 400, "INVALID_FIELD"),
        ("SELECT (SELECT Id, (SELECT Id FROM Quotes) FROM Opportunities) FROM Account", 501, "SANDBOX_UNSUPPORTED"),
        ("SELECT Id FROM Opportunity WHERE Id IN (SELECT Id, Name FROM Quote)", 400, "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE Id IN", 400, "MALFORMED_QUERY"),
        ("SELECT (SELECT Id FROM Quotes FROM Opportunity", 400, "MALFORMED_QUERY"),
    ],
)
def test_a_wrong_inner_query_is_told(sf: Served, soql: str, status: int, code: str) -> None:
    answer = sf.call("GET", "/query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_a_relation_to_several_objects_leads_to_names(sf: Served) -> None:
    cases = sf.query("SELECT Owner.Name, Owner.Type, Owner.Email FROM Case ORDER BY Id")["records"]
    tasks = sf.query("SELECT What.Name, What.Type FROM Task ORDER BY Id")["records"]
    owner, what = cases[0]["Owner"], tasks[0]["What"]
    assert (owner["Name"], owner["Type"], owner["Email"]) == ("Service desk", "Group", None)
    assert owner["attributes"]["type"] == "Group"
    assert (what["Name"], what["Type"]) == ("Harbour cold chain", "Opportunity")
    fields = {f["name"]: f for f in sf.call("GET", "/sobjects/Task/describe").json()["fields"]}
    assert fields["WhatId"]["polymorphicForeignKey"] is True
    assert fields["WhatId"]["referenceTo"] == ["Account", "Case", "Opportunity", "Quote"]


@pytest.mark.parametrize(("name", "account"), [("Quote", 0), ("Task", 0), ("Event", 1)])
def test_quotes_and_activities_belong_to_the_account_above_them(sf: Served, name: str, account: int) -> None:
    row = sf.call("GET", f"/sobjects/{name}/{sf.first(name)}?fields=AccountId").json()
    assert row["AccountId"] == sf.first("Account", account)
