"""Business Central: companies, records, lines, filters, pages, versions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from tests.connectors.dynamics.sandbox.served import Served, error

GHOST = "00000000-0000-4000-8000-00000000dead"


def numbers(d365: Served, resource: str, where: str) -> set[str]:
    rows = d365.bc("GET", f"{d365.company()}/{resource}?$select=number&$filter={quote(where)}").json()["value"]
    return {row["number"] for row in rows}


def every(d365: Served, path: str, size: int) -> list[Any]:
    rows: list[Any] = []
    while path:
        body = d365.bc("GET", path, headers={"Prefer": f"odata.maxpagesize={size}"}).json()
        rows += body["value"]
        path = body.get("@odata.nextLink", "")
    return rows


def customers(d365: Served, count: int, **more: Any) -> list[str]:
    body = {"values": {"number": "B{n}", "displayName": "Bulk {n}"}, "copies": count, **more}
    made = d365.control("POST", "/businesscentral/records/customers", body)["ids"]
    return [str(one) for one in made]


def test_each_company_has_its_own_records(d365: Served) -> None:
    listed = d365.bc("GET", "/companies").json()["value"]
    branch = d365.bc("GET", f"{d365.company('Harbour SZ')}/customers").json()["value"]
    assert {one["name"] for one in listed} == {"Harbour HK", "Harbour SZ"}
    assert [one["displayName"] for one in branch] == ["Delta Machines"]
    assert error(d365.bc("GET", f"/companies({GHOST})/customers")) == (404, "Internal_CompanyNotFound")


def test_an_order_has_its_lines_with_their_unit_and_their_totals(d365: Served) -> None:
    path = f"{d365.record('salesOrders', 'S-ORD101043')}?$expand=salesOrderLines,customer"
    order = d365.bc("GET", path).json(parse_float=Decimal)
    line = order["salesOrderLines"][0]
    assert order["@odata.etag"].startswith('W/"')
    assert order["customer"]["displayName"] == order["customerName"] == "Lotus Foods"
    assert (line["quantity"], line["unitOfMeasureCode"]) == (Decimal("12.5"), "PCS")
    assert line["netAmount"] == 1350
    assert order["totalAmountExcludingTax"] == 1350
    assert order["totalAmountIncludingTax"] == 1458
    assert order["currencyCode"] == "USD"


def test_nothing_is_null(d365: Served) -> None:
    row = d365.bc("GET", d365.record("purchaseOrders", "P-ORD107001")).json()
    order = d365.bc("GET", d365.record("salesOrders", "S-ORD101042")).json()
    assert row["requestedReceiptDate"] == "0001-01-01"
    assert order["currencyId"] == "00000000-0000-0000-0000-000000000000"
    assert None not in row.values()


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("displayName eq 'Lotus Foods'", {"C01002"}),
        ("displayName eq 'lotus foods'", set()),
        ("number eq 'C01001' or number eq 'C01003'", {"C01001", "C01003"}),
        ("lastModifiedDateTime gt 2020-01-01T00:00:00Z and creditLimit gt 1000", {"C01001"}),
        ("startswith(displayName,'Kite') and blocked ne '_x0020_'", {"C01003"}),
    ],
)
def test_filters(d365: Served, where: str, found: set[str]) -> None:
    assert numbers(d365, "customers", where) == found


def test_or_stands_between_conditions_on_one_field_alone(d365: Served) -> None:
    path = f"{d365.company()}/customers?$filter=number eq 'C01001' or city eq ''"
    assert error(d365.bc("GET", path)) == (501, "BadRequest_MethodNotImplemented")
    d365.switch(or_on_distinct_fields=True)
    assert len(d365.bc("GET", path).json()["value"]) == 3


def test_pages_with_equal_stamps_lose_and_repeat_nothing(d365: Served) -> None:
    customers(d365, 25, stamp="2026-02-03T04:05:06.789Z")
    path = f"{d365.company()}/customers?$select=number,lastModifiedDateTime&$orderby=lastModifiedDateTime desc"
    rows = every(d365, path, 10)
    seen = [row["number"] for row in rows]
    link = d365.bc("GET", path, headers={"Prefer": "odata.maxpagesize=10"}).json()["@odata.nextLink"]
    assert "?aid=FIRST&" in link
    assert "$skiptoken=%27" in link
    assert len(seen) == len(set(seen)) == 28
    assert {row["lastModifiedDateTime"] for row in rows if row["number"].startswith("B")} == {
        "2026-02-03T04:05:06.789Z"
    }


def test_a_page_size_of_the_server_and_top(d365: Served) -> None:
    d365.settings(central_page_size=2)
    path = f"{d365.company()}/customers?$select=number"
    assert len(d365.bc("GET", path).json()["value"]) == 2
    assert len(d365.bc("GET", f"{path}&$top=1").json()["value"]) == 1
    assert "@odata.nextLink" not in d365.bc("GET", f"{path}&$top=1").json()
    assert d365.bc("GET", f"{path}&$count=true").json()["@odata.count"] == 3
    assert error(d365.bc("GET", f"{path}&$skiptoken=x")) == (400, "BadRequest")


def test_deletions_are_not_told(d365: Served) -> None:
    kite = d365.record("customers", "C01003")
    assert d365.bc("DELETE", kite).status_code == 204
    listed = d365.bc("GET", f"{d365.company()}/customers", headers={"Prefer": "odata.track-changes"}).json()
    assert {row["number"] for row in listed["value"]} == {"C01001", "C01002"}
    assert "@odata.deltaLink" not in listed
    assert error(d365.bc("GET", kite)) == (404, "BadRequest_NotFound")
    d365.switch(missing_record_code="Internal_RecordNotFound")
    assert error(d365.bc("GET", kite)) == (404, "Internal_RecordNotFound")


def test_a_change_needs_the_version_that_it_is_meant_for(d365: Served) -> None:
    path = d365.record("customers", "C01002")
    etag = d365.bc("GET", path).json()["@odata.etag"]
    body = {"phoneNumber": "1"}
    changed = d365.bc("PATCH", path, json=body, headers={"If-Match": etag})
    assert error(d365.bc("PATCH", path, json=body)) == (400, "BadRequest_InvalidToken")
    assert error(d365.bc("PATCH", path, json=body, headers={"If-Match": "old"})) == (400, "BadRequest_InvalidToken")
    assert changed.status_code == 200
    assert changed.json()["phoneNumber"] == "1"
    stale = d365.bc("PATCH", path, json=body, headers={"If-Match": etag})
    assert error(stale) == (409, "Request_EntityChanged")
    assert stale.json()["error"]["message"].startswith("Another user has already changed the record.  CorrelationId:  ")
    assert d365.bc("PATCH", path, json=body, headers={"If-Match": "*"}).status_code == 200
    d365.switch(stale_etag_status=412)
    assert error(d365.bc("DELETE", path, headers={"If-Match": etag})) == (412, "Request_EntityChanged")


def test_orders_are_made_with_lines_and_posted(d365: Served) -> None:
    made = d365.bc(
        "POST", f"{d365.company()}/salesOrders", json={"customerNumber": "C01002", "orderDate": "2026-04-05"}
    )
    order = made.headers["Location"]
    line = {"lineType": "Item", "description": "x", "unitOfMeasureCode": "CASE", "quantity": 2, "unitPrice": 10.5}
    empty = d365.bc("POST", f"{order}/Microsoft.NAV.shipAndInvoice")
    added = d365.bc("POST", f"{order}/salesOrderLines", json=line)
    assert made.status_code == added.status_code == 201
    assert made.json()["number"].startswith("S-ORD")
    assert made.json()["status"] == "Draft"
    assert error(empty) == (400, "Application_DialogException")
    assert d365.bc("GET", order).json()["totalAmountExcludingTax"] == 21
    assert d365.bc("POST", f"{order}/Microsoft.NAV.shipAndInvoice").status_code == 204
    assert d365.bc("GET", order).json()["fullyShipped"] is True


@pytest.mark.parametrize(("moves", "same"), [(True, False), (False, True)])
def test_a_changed_line_may_move_its_order(d365: Served, *, moves: bool, same: bool) -> None:
    d365.switch(line_moves_header=moves)
    path = d365.record("salesOrders", "S-ORD101042")
    before = d365.bc("GET", f"{path}?$expand=salesOrderLines").json()
    line = f"{path}/salesOrderLines({before['salesOrderLines'][0]['id']})"
    assert d365.bc("PATCH", line, json={"quantity": 1}, headers={"If-Match": "*"}).status_code == 200
    after = d365.bc("GET", path).json()
    assert after["totalAmountExcludingTax"] == 2880
    assert (after["lastModifiedDateTime"] == before["lastModifiedDateTime"]) is same
    assert (after["@odata.etag"] == before["@odata.etag"]) is same


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/customers?$select=colour", (400, "BadRequest")),
        ("/customers?$filter=colour eq 1", (400, "BadRequest")),
        ("/customers?$filter=number eq", (400, "BadRequest")),
        ("/colours", (404, "BadRequest_ResourceNotFound")),
        ("/salesOrderLines", (400, "Application_DialogException")),
        (f"/customers({GHOST})", (404, "BadRequest_NotFound")),
    ],
)
def test_what_does_not_exist_is_refused(d365: Served, path: str, refusal: tuple[int, str]) -> None:
    assert error(d365.bc("GET", f"{d365.company()}{path}")) == refusal


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"customerNumber": "C9"}, (400, "Internal_InvalidTableRelation")),
        ({"status": "Open"}, (400, "BadRequest_InvalidOperation")),
        ({"orderDate": "soon"}, (400, "BadRequest")),
        ({"pricesIncludeTax": "yes"}, (400, "BadRequest")),
    ],
)
def test_what_cannot_be_written(d365: Served, body: dict[str, Any], refusal: tuple[int, str]) -> None:
    assert error(d365.bc("POST", f"{d365.company()}/salesOrders", json=body)) == refusal


def test_environment_tenant_and_token_are_looked_at(d365: Served) -> None:
    headers = {"Authorization": f"Bearer {d365.token('businesscentral')}"}
    api = d365.facts["businesscentral"]["api"]
    assert d365.http.get(f"{d365.base}/v2.0/production/api/v2.0/companies", headers=headers).ok
    assert error(d365.http.get(f"{d365.base}/v2.0/sandbox/api/v2.0/companies", headers=headers)) == (
        404,
        "NoEnvironment",
    )
    assert error(d365.http.get(f"{api}/companies")) == (401, "Authentication_InvalidCredentials")
    assert error(d365.bc("POST", "/companies", json={})) == (405, "BadRequest_MethodNotAllowed")


def test_times_may_lose_the_zeros_at_their_end(d365: Served) -> None:
    d365.switch(trimmed_fraction=True)
    made = customers(d365, 2, stamp="2026-02-03T04:05:06.500Z")[0]
    assert (
        d365.bc("GET", f"{d365.company()}/customers({made})").json()["lastModifiedDateTime"] == "2026-02-03T04:05:06.5Z"
    )


def test_a_record_that_commits_late_has_an_old_stamp(d365: Served) -> None:
    transaction = d365.control("POST", "/businesscentral/transactions")["id"]
    body = {"values": {"displayName": "Late"}, "stamp": "2026-02-03T04:05:06Z", "transaction": transaction}
    d365.control("POST", "/businesscentral/records/customers", body)
    where = "lastModifiedDateTime le 2026-02-03T04:05:06Z"
    assert numbers(d365, "customers", where) == set()
    d365.control("POST", f"/businesscentral/transactions/{transaction}/commit")
    assert len(numbers(d365, "customers", where)) == 1


def test_a_field_that_goes_away_between_two_pages_is_refused(d365: Served) -> None:
    first = d365.bc(
        "GET", f"{d365.company()}/customers?$select=email", headers={"Prefer": "odata.maxpagesize=1"}
    ).json()
    d365.control("POST", "/businesscentral/schema", {"table": "customers", "column": "email", "name": "mail"})
    assert error(d365.bc("GET", first["@odata.nextLink"])) == (400, "BadRequest")


def test_one_company_and_how_many_records_it_has(d365: Served) -> None:
    assert d365.bc("GET", d365.company("Harbour SZ")).json()["displayName"] == "Harbour Trading (SZ)"
    assert d365.bc("GET", f"{d365.company()}/customers/$count").text == "3"
    assert [
        row["number"] for row in d365.bc("GET", f"{d365.company()}/customers?$orderby=number&$skip=1").json()["value"]
    ] == [
        "C01002",
        "C01003",
    ]
    assert {one["name"] for one in d365.bc("GET", "/").json()["value"]} >= {"customers", "salesOrders"}


def test_lines_are_listed_by_their_document(d365: Served) -> None:
    path = d365.record("salesOrders", "S-ORD101042")
    order = path.rpartition("(")[2].rstrip(")")
    below = d365.bc("GET", f"{path}/salesOrderLines").json()["value"]
    beside = d365.bc("GET", f"{d365.company()}/salesOrderLines?$filter=documentId eq {order}").json()["value"]
    line = f"{d365.company()}/salesOrderLines({below[0]['id']})"
    assert below == beside
    assert "lastModifiedDateTime" not in below[0]
    assert d365.bc("DELETE", line).status_code == 204
    assert d365.bc("GET", path).json()["totalAmountExcludingTax"] == 0
    assert d365.bc("DELETE", path).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("PUT", "/customers", (405, "BadRequest_MethodNotAllowed")),
        ("PUT", "/customers({customer})", (405, "BadRequest_MethodNotAllowed")),
        ("GET", "/salesOrders({order})/Microsoft.NAV.shipAndInvoice", (405, "BadRequest_MethodNotAllowed")),
        ("GET", "/salesOrders({order})/colours", (404, "BadRequest_ResourceNotFound")),
        ("POST", "/salesOrderLines", (400, "Application_DialogException")),
        ("POST", "/customers", (400, "BadRequest")),
    ],
)
def test_what_is_no_call(d365: Served, method: str, path: str, refusal: tuple[int, str]) -> None:
    ids = {
        name: d365.record(resource, number).rpartition("(")[2][:-1]
        for name, resource, number in (("customer", "customers", "C01001"), ("order", "salesOrders", "S-ORD101042"))
    }
    body = b"{" if path == "/customers" else b"{}"
    assert error(d365.bc(method, d365.company() + path.format(**ids), data=body)) == refusal


def test_a_record_of_an_open_transaction_is_locked(d365: Served) -> None:
    path = d365.record("customers", "C01001")
    transaction = d365.control("POST", "/businesscentral/transactions")["id"]
    change = {"values": {"email": "x"}, "transaction": transaction}
    d365.control("PATCH", f"/businesscentral/records/customers/{path.rpartition('(')[2][:-1]}", change)
    assert error(d365.bc("PATCH", path, json={"email": "y"}, headers={"If-Match": "*"})) == (
        409,
        "Internal_RecordLocked",
    )


def test_other_apis_are_not_there(d365: Served) -> None:
    home = f"{d365.base}/v2.0/production/api"
    assert error(d365.bc("GET", f"{home}/microsoft/automation/v2.0/companies"))[0] == 404
    assert error(d365.bc("GET", f"{home}/publisher/group/v1.0/companies"))[0] == 404
    assert error(d365.bc("GET", "/colours"))[0] == 404


@pytest.mark.parametrize("change", [{"remove": True}, {"name": "amount"}, {"type": "String"}, {"type": "Integer"}])
def test_orders_live_on_after_an_administrator_changed_a_field(d365: Served, change: dict[str, Any]) -> None:
    d365.control("POST", "/businesscentral/schema", {"table": "salesOrderLines", "column": "quantity", **change})
    d365.control("POST", "/businesscentral/schema", {"table": "customers", "column": "number", **change})
    path = d365.record("salesOrders", "S-ORD101042")
    added = d365.bc("POST", f"{path}/salesOrderLines", json={"unitPrice": 3})
    shown = d365.bc("GET", f"{path}?$expand=salesOrderLines,customer")
    assert (added.status_code, shown.status_code) == (201, 200)
    assert ("quantity" in shown.json()["salesOrderLines"][0]) is ("type" in change)
