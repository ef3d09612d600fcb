"""What lies at two locations, and how orders and goods change it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.netsuite.sandbox.served import SELECT, Served
from tests.connectors.netsuite.sandbox.soap import Soap

SENSOR, GATEWAY, CABLE = 1, 2, 3
KWAI_CHUNG, BAO_AN = 1, 2
TABLES = ("aggregateitemlocation", "inventoryitemlocations", "inventorybalance")
SHORT = (
    "SELECT i.itemid, l.name, a.quantityonhand, a.quantityavailable FROM aggregateitemlocation a"
    " JOIN item i ON i.id = a.item JOIN location l ON l.id = a.location WHERE a.quantityavailable < 100 ORDER BY a.item"
)


def balance(ns: Served, item: int, location: int, column: str = "quantityavailable") -> str:
    rows = ns.rows(f"{SELECT} {column} AS n FROM aggregateitemlocation WHERE item = ? AND location = ?", item, location)
    return str(rows[0]["n"])


def approve(ns: Served, record: str, order: int) -> None:
    ns.control("PATCH", f"/records/{record}/{order}", {"values": {"approvalStatus": {"id": "2"}}})


def test_stock_lies_in_two_locations_in_the_base_unit(ns: Served) -> None:
    rows = ns.rows(
        "SELECT BUILTIN.DF(item) AS what, BUILTIN.DF(location) AS place, quantityonhand AS onhand,"
        " quantityavailable AS free, quantitycommitted AS promised, quantityonorder AS expected,"
        " quantitybackordered AS late FROM aggregateitemlocation ORDER BY item, location"
    )
    shown = [tuple(row.values()) for row in rows]
    # SO-1043 was approved: 3 cases of 144; PO-1043 too: 30 gateways are to come
    assert shown == [
        ("TS-20", "Kwai Chung", "2400", "2400", "0", "0", "0"),
        ("TS-20", "Bao'an", "600", "168", "432", "0", "0"),
        ("GW-4", "Kwai Chung", "120", "120", "0", "30", "0"),
        ("CB-100", "Bao'an", "5000", "5000", "0", "0", "0"),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_three_tables_tell_the_same(ns: Served, table: str) -> None:
    text = f"{SELECT} quantityonhand AS onhand, quantityavailable AS free FROM {table} WHERE item = 1 ORDER BY location"
    assert ns.rows(text) == [{"onhand": "2400", "free": "2400"}, {"onhand": "600", "free": "168"}]


def test_an_order_that_is_approved_brings_an_item_below_a_hundred(ns: Served) -> None:
    assert ns.rows(SHORT) == []
    line = {"item": {"id": str(SENSOR)}, "quantity": 6, "units": "2", "rate": 950, "location": {"id": str(BAO_AN)}}
    order = {"values": {"entity": {"id": "13"}, "item": {"items": [line]}}}
    made = ns.control("POST", "/records/salesOrder", order)["ids"][0]
    assert ns.rows(SHORT) == []
    approve(ns, "salesOrder", made)
    assert ns.rows(SHORT) == [{"itemid": "TS-20", "name": "Bao'an", "quantityonhand": "600", "quantityavailable": "96"}]
    ns.control("DELETE", f"/records/salesOrder/{made}", {})
    assert ns.rows(SHORT) == []


def test_goods_that_arrive_are_counted_line_by_line(ns: Served) -> None:
    approve(ns, "purchaseOrder", 1006)
    assert balance(ns, CABLE, BAO_AN, "quantityonorder") == "1200"
    before = ns.transactions("status", "WHERE id = 1006")[0]["status"]
    ns.control("POST", "/goods", {"type": "purchaseOrder", "id": 1006, "lines": {"1": 5}})
    assert (balance(ns, CABLE, BAO_AN), balance(ns, CABLE, BAO_AN, "quantityonorder")) == ("5500", "700")
    rows = ns.rows(
        "SELECT l.quantity, l.quantityshiprecv AS come, BUILTIN.DF(l.units) AS unit, BUILTIN.DF(t.status) AS status"
        " FROM transactionline l JOIN transaction t ON t.id = l.transaction WHERE t.id = 1006 AND l.mainline = 'F'"
    )
    partly = "Purchase Order : Partially Received"
    assert (before, rows) == ("B", [{"quantity": "1200", "come": "500", "unit": "Roll", "status": partly}])
    ns.control("POST", "/goods", {"type": "purchaseOrder", "id": 1006})
    assert (balance(ns, CABLE, BAO_AN), ns.transactions("status", "WHERE id = 1006")) == ("6200", [{"status": "F"}])


def test_goods_that_leave_are_no_longer_promised(ns: Served) -> None:
    ns.control("POST", "/goods", {"type": "salesOrder", "id": 1003, "stamp": "2026-11-20T17:30:15Z"})
    left = [balance(ns, SENSOR, BAO_AN, f"quantity{one}") for one in ("onhand", "committed", "available")]
    stamps = ns.rows(
        "SELECT TO_CHAR(linelastmodifieddate, 'HH24:MI:SS') AS at FROM transactionline WHERE transaction = 1003"
    )
    assert (left, stamps) == (["168", "0", "168"], [{"at": "01:30:15"}] * 2)


def test_more_is_promised_than_there_is(ns: Served) -> None:
    ns.control("POST", "/stock", {"item": SENSOR, "location": BAO_AN, "quantity": 400})
    kinds = ("available", "committed", "backordered")
    assert [balance(ns, SENSOR, BAO_AN, f"quantity{one}") for one in kinds] == ["0", "400", "32"]
    told = ns.control("GET", "/stock")["stock"]
    assert [row["quantityonhand"] for row in told if row["item"] == SENSOR] == [2400.0, 400.0]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/stock", {"item": 9, "location": 1, "quantity": 1}),
        ("/stock", {"item": 1, "location": 9, "quantity": 1}),
        ("/goods", {"type": "purchaseOrder", "id": 1005}),
        ("/goods", {"type": "vendorBill", "id": 1008}),
        ("/goods", {"type": "purchaseOrder", "id": 1007, "lines": {"7": 1}}),
    ],
)
def test_goods_that_cannot_be_are_refused(ns: Served, path: str, body: Any) -> None:
    refused = ns.http.post(f"{ns.base}/__sandbox{path}", json=body, timeout=10)
    assert refused.status_code == 400
    assert balance(ns, GATEWAY, KWAI_CHUNG, "quantityonhand") == "120"


def test_a_role_sees_the_stock_of_its_subsidiaries(ns: Served) -> None:
    places = ns.rows("SELECT location FROM aggregateitemlocation WHERE item = 1", user="clerk")
    assert places == [{"location": "1"}]
    assert ns.rows("SELECT name, isinactive FROM location", user="clerk") == [{"name": "Kwai Chung", "isinactive": "F"}]
    ns.control("POST", "/roles", {"role": "Sales Clerk", "levels": {"inventoryItem": "none"}})
    assert ns.query("SELECT item FROM aggregateitemlocation", user="clerk").status_code == 400


def test_balances_may_count_the_stock_unit(ns: Served) -> None:
    ns.control("PATCH", f"/records/inventoryItem/{SENSOR}", {"values": {"stockUnit": {"id": "2"}}})
    ns.switch(stock_quantity="stock_unit")
    assert balance(ns, SENSOR, KWAI_CHUNG, "quantityonhand") == "200"
    ns.switch(stock_quantity="base_unit")
    assert balance(ns, SENSOR, KWAI_CHUNG, "quantityonhand") == "2400"


def test_a_line_has_its_location_on_each_way(ns: Served) -> None:
    soap = Soap(ns)
    rest = ns.call("GET", "/salesOrder/1003/item/1").json()["location"]
    read = soap.call("get", baseRef=soap.make("RecordRef", internalId="1003", type="salesOrder")).readResponse
    place = soap.call("get", baseRef=soap.make("RecordRef", internalId="2", type="location")).readResponse.record
    assert (rest["id"], rest["refName"]) == ("2", "Bao'an")
    assert read.record.itemList.item[0].location.name == place.name == "Bao'an"
    assert ns.call("GET", "/location/1").json()["fullName"] == "Kwai Chung"


def test_an_invoice_has_its_cost_as_lines_of_its_own(ns: Served) -> None:
    text = (
        "SELECT iscogs, quantity, netamount, uniquekey FROM transactionline"
        " WHERE transaction = 1004 AND mainline = 'F' ORDER BY linesequencenumber"
    )
    rows = ns.rows(text)
    assert [(row["iscogs"], row["quantity"], row["netamount"]) for row in rows] == [
        ("F", "-1", "-5000"),
        ("T", "1", "2600"),
    ]
    ns.call("PATCH", "/invoice/1004", json={"item": {"items": [{"line": 1, "quantity": 2}]}})
    again = ns.rows(text)
    assert [row["uniquekey"] for row in again] == [row["uniquekey"] for row in rows]
    assert [row["netamount"] for row in again] == ["-10000", "5200"]
    assert len(ns.call("GET", "/invoice/1004?expandSubResources=true").json()["item"]["items"]) == 1
    ns.switch(cost_lines="absent")
    assert [row["iscogs"] for row in ns.rows(text)] == ["F"]
