"""Dataverse: lists and rows, with their types, their annotations and their pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from tests.connectors.dynamics.sandbox.served import ANNOTATED, Served, error


def names(d365: Served, where: str, table: str = "accounts", column: str = "name") -> set[str]:
    rows, _ = d365.follow(f"/{table}?$select={column}&$filter={quote(where)}")
    return {row[column] for row in rows}


def test_a_row_has_its_columns_its_key_and_its_etag(d365: Served) -> None:
    answer = d365.dv("GET", "/accounts?$select=name,revenue&$filter=accountnumber eq 'c-2002'")
    row = answer.json(parse_float=Decimal)["value"][0]
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.json()["@odata.context"].endswith("/api/data/v9.2/$metadata#accounts(name,revenue)")
    assert list(row) == ["@odata.etag", "name", "revenue", "_transactioncurrencyid_value", "accountid"]
    assert str(row["revenue"]) == "8400000.5000"
    assert row["@odata.etag"].startswith('W/"')


def test_annotations_say_how_a_value_reads_and_where_a_look_up_leads(d365: Served) -> None:
    order = d365.row("salesorder", "ORD-1042")
    row = d365.dv("GET", f"/salesorders({order})", headers=ANNOTATED).json(parse_float=Decimal)
    formatted = "OData.Community.Display.V1.FormattedValue"
    assert row[f"totalamount@{formatted}"] == "HK$288,000.00"
    assert row[f"statuscode@{formatted}"] == "New"
    assert row[f"_customerid_value@{formatted}"] == "Harbour Logistics"
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert row["_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "customerid_account"
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert row["datefulfilled"] is None
    assert not any("datefulfilled@" in name for name in row)


def test_only_the_annotations_that_are_asked_for_come(d365: Served) -> None:
    wanted = {"Prefer": 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"'}
    row = d365.dv("GET", "/accounts?$select=_ownerid_value", headers=wanted).json()["value"][0]
    assert [name.partition("@")[2] for name in row if name.startswith("_ownerid_value@")] == [
        "OData.Community.Display.V1.FormattedValue"
    ]
    assert not any("@" in name[1:] for name in d365.dv("GET", "/accounts?$select=_ownerid_value").json()["value"][0])


def test_amounts_have_their_currency_its_rate_and_the_amount_at_home(d365: Served) -> None:
    deal = d365.row("opportunity", "Lotus packaging line")
    row = d365.dv("GET", f"/opportunities({deal})?$expand=transactioncurrencyid($select=isocurrencycode)").json(
        parse_float=Decimal
    )
    assert row["transactioncurrencyid"]["isocurrencycode"] == "USD"
    assert row["estimatedvalue"] == Decimal("1250000.5000")
    assert row["exchangerate"] == Decimal("0.1282")
    assert row["estimatedvalue_base"] == (row["estimatedvalue"] / row["exchangerate"]).quantize(Decimal("0.01"))


def test_the_three_kinds_of_dates(d365: Served) -> None:
    deal = d365.make(
        "opportunity",
        {"name": "Dates", "estimatedclosedate": "2026-03-04", "scheduleproposalmeeting": "2026-03-04T09:30:00Z"},
    )
    row = d365.dv("GET", f"/opportunities({deal})").json()
    assert row["estimatedclosedate"] == "2026-03-04"
    assert row["scheduleproposalmeeting"] == "2026-03-04T09:30:00Z"
    assert row["createdon"].endswith("Z")
    assert len(row["createdon"]) == len("2026-03-04T09:30:00Z")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("revenue gt 100000000", {"Harbour Logistics"}),
        ("contains(name,'LOTUS') or startswith(name,'kite')", {"Lotus Foods", "Kite & Lantern Retail"}),
        ("not endswith(name,'Foods') and revenue ne null", {"Harbour Logistics"}),
        ("(industrycode eq 33 or industrycode eq 16) and statecode eq 0", {"Harbour Logistics", "Lotus Foods"}),
        ("revenue ne 8400000.50", {"Harbour Logistics", "Kite & Lantern Retail", "Granite Works"}),
        ("owninguser/fullname eq 'nobody'", set()),
        ("name eq 'O''Brien'", set()),
        ("createdon ge 2020-01-01T00:00:00Z and accountnumber eq 'C-2004'", {"Granite Works"}),
    ],
)
def test_filters(d365: Served, where: str, found: set[str]) -> None:
    if where.startswith("owninguser"):
        assert error(d365.dv("GET", f"/accounts?$filter={quote(where)}")) == (400, "0x80060888")
        where = "transactioncurrencyid/isocurrencycode eq 'nobody'"
    assert names(d365, where) == found


def test_rows_can_be_read_by_a_list_of_ids(d365: Served) -> None:
    ids = [d365.row("account", name) for name in ("Lotus Foods", "Granite Works")]
    listed = ",".join(f'"{one}"' for one in ids)
    where = f"Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=[{listed}])"
    assert names(d365, where) == {"Lotus Foods", "Granite Works"}


def test_empty_columns_differ_from_a_value_or_do_not(d365: Served) -> None:
    d365.switch(null_differs=False)
    assert names(d365, "revenue ne 8400000.50") == {"Harbour Logistics"}


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/accounts?$select=colour", (400, "0x80060888")),
        ("/accounts?$filter=colour eq 1", (400, "0x80060888")),
        ("/accounts?$filter=name eq", (400, "")),
        ("/accounts?$filter=revenue eq 'many'", (400, "")),
        ("/accounts?$orderby=name sideways", (400, "")),
        ("/accounts?$skip=10", (400, "0x80060888")),
        ("/accounts?$colour=x", (400, "")),
        ("/colours", (404, "0x8006088a")),
        ("/accounts(00000000-0000-0000-0000-00000000dead)", (404, "0x80040217")),
        ("/accounts(name='x')", (400, "0x80060891")),
        ("/accounts?$filter=statecode in (0,1)", (501, "SANDBOX_UNSUPPORTED")),
        ("/accounts?$filter=contains(revenue,'1')", (400, "")),
        ("/accounts?$filter=name eq 'x' name", (400, "")),
        ("/accounts?$filter=name eq ;", (400, "")),
        ("/accounts(x)", (400, "0x80060888")),
        ("/accounts?$expand=primarycontactid(", (400, "")),
        ("/accounts?$expand=primarycontactid($filter=fullname eq 'x')", (501, "SANDBOX_UNSUPPORTED")),
        (
            "/accounts?$orderby=modifiedon&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie/%253e%22/%3E",
            (400, "0x80040203"),
        ),
        ("/accounts?$filter=contact_customer_accounts/any(c:c/fullname eq 'x')", (501, "SANDBOX_UNSUPPORTED")),
    ],
)
def test_what_does_not_exist_is_refused(d365: Served, path: str, refusal: tuple[int, str]) -> None:
    assert error(d365.dv("GET", path)) == refusal


def test_a_row_is_found_by_its_alternate_key(d365: Served) -> None:
    row = d365.dv("GET", "/salesorders(ordernumber='ORD-1042')?$select=name").json()
    assert row["salesorderid"] == d365.row("salesorder", "ORD-1042")


def test_lines_come_with_their_unit_and_say_where_more_is(d365: Served) -> None:
    order = d365.row("salesorder", "ORD-1042")
    path = f"/salesorders({order})?$select=name&$expand=order_details($select=quantity,priceperunit)"
    row = d365.dv("GET", path).json(parse_float=Decimal)
    line = row["order_details"][0]
    unit = d365.dv("GET", f"/salesorderdetails({line['salesorderdetailid']})/uomid?$select=name,quantity").json()
    more = d365.raw(row["order_details@odata.nextLink"]).json()["value"]
    assert str(line["quantity"]) == "100.00000"
    assert unit["name"] == "Case of 24"
    assert [one["salesorderdetailid"] for one in more] == [line["salesorderdetailid"]]


def test_roles_and_teams_of_a_user_can_be_read(d365: Served) -> None:
    user = d365.user("tessa")["systemuserid"]
    roles = d365.dv("GET", f"/systemusers({user})/systemuserroles_association?$select=name").json()["value"]
    teams = d365.dv("GET", f"/systemusers({user})/teammembership_association?$select=name").json()["value"]
    found = d365.dv(
        "GET",
        f"/systemusers?$filter=azureactivedirectoryobjectid eq {d365.user('tessa')['azureactivedirectoryobjectid']}",
    )
    assert [role["name"] for role in roles] == ["Salesperson"]
    assert [team["name"] for team in teams] == ["Service desk"]
    assert found.json()["value"][0]["fullname"] == "Tessa Orchid"


def test_a_row_that_did_not_change_is_304_without_annotations_only(d365: Served) -> None:
    path = f"/accounts({d365.row('account', 'Lotus Foods')})?$select=name"
    etag = d365.dv("GET", path).headers["ETag"]
    same = {"If-None-Match": etag}
    assert d365.dv("GET", path, headers=same).status_code == 304
    assert d365.dv("GET", path, headers={**same, **ANNOTATED}).status_code == 200
    assert d365.dv("GET", f"{path}&$expand=primarycontactid", headers=same).status_code == 200


def fill(d365: Served, copies: int) -> None:
    body = {"values": {"name": "Bulk {n}", "numberofemployees": 7}, "copies": copies, "stamp": "2026-01-02T03:04:05Z"}
    d365.control("POST", "/dataverse/records/account", body)


def test_pages_follow_each_other_by_links_that_are_used_as_they_are(d365: Served) -> None:
    fill(d365, 25)
    prefer = {"Prefer": "odata.maxpagesize=10"}
    first = d365.dv("GET", "/accounts?$select=name&$orderby=modifiedon asc,name desc", headers=prefer)
    link = first.json()["@odata.nextLink"]
    rows, _ = d365.follow(link, prefer)
    every = [row["name"] for row in [*first.json()["value"], *rows]]
    assert first.headers["Preference-Applied"] == "odata.maxpagesize=10"
    assert "$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page%253d%25221%2522" in link
    assert len(every) == len(set(every)) == 29
    assert every[:3] == ["Bulk 9", "Bulk 8", "Bulk 7"]


def test_a_link_that_was_encoded_once_more_is_refused(d365: Served) -> None:
    fill(d365, 3)
    link = d365.dv("GET", "/accounts?$select=name", headers={"Prefer": "odata.maxpagesize=2"}).json()["@odata.nextLink"]
    assert error(d365.raw(link.replace("%", "%25"))) == (400, "0x80040203")


@pytest.mark.parametrize(("paging", "lost"), [("by_key", 0), ("by_number", 2)])
def test_rows_that_go_away_while_pages_are_read(d365: Served, paging: str, lost: int) -> None:
    d365.switch(paging=paging)
    fill(d365, 6)
    prefer = {"Prefer": "odata.maxpagesize=2"}
    path = "/accounts?$select=name&$filter=startswith(name,'Bulk')&$orderby=name"
    first = d365.dv("GET", path, headers=prefer).json()
    for row in first["value"]:
        d365.control("DELETE", f"/dataverse/records/account/{row['accountid']}")
    rows, _ = d365.follow(first["@odata.nextLink"], prefer)
    assert len(rows) == 4 - lost


def test_a_column_that_goes_away_between_two_pages_is_refused(d365: Served) -> None:
    fill(d365, 3)
    body: Any = d365.dv("GET", "/accounts?$select=name,telephone1", headers={"Prefer": "odata.maxpagesize=2"}).json()
    d365.control("POST", "/dataverse/schema", {"table": "account", "column": "telephone1", "remove": True})
    assert error(d365.raw(body["@odata.nextLink"])) == (400, "0x80060888")


def test_top_and_count(d365: Served) -> None:
    body = d365.dv("GET", "/accounts?$select=name&$top=1&$count=true", headers={"Prefer": "odata.maxpagesize=3"}).json()
    assert len(body["value"]) == 1
    assert body["@odata.count"] == 4
    assert "@odata.nextLink" not in body
    assert d365.dv("GET", "/accounts/$count").text == "4"


@pytest.mark.parametrize(
    "order", ["revenue desc", "revenue asc", "industrycode desc,name", "telephone1 desc,name desc"]
)
def test_empty_columns_have_their_place_in_an_order(d365: Served, order: str) -> None:
    prefer = {"Prefer": "odata.maxpagesize=1"}
    rows, _ = d365.follow(f"/accounts?$select=name,revenue&$orderby={order}", prefer)
    filled = [row["revenue"] is not None for row in rows]
    assert len({row["name"] for row in rows}) == 4
    if order.startswith("revenue"):
        assert filled == sorted(filled, reverse=order.endswith("desc"))
