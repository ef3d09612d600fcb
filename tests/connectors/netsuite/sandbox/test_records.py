"""Records by REST: reading, listing, writing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.connectors.netsuite.sandbox.served import Served, detail

STRICT = {"X-NetSuite-PropertyNameValidation": "error"}
SENSORS = {"item": {"id": "1"}, "quantity": 100, "units": "2", "rate": 950}


def new_order(**more: Any) -> dict[str, Any]:
    return {"entity": {"id": "11"}, "item": {"items": [SENSORS]}, **more}


def made(ns: Served, path: str, body: Any, **more: Any) -> str:
    answer = ns.call("POST", path, json=body, **more)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    return answer.headers["Location"].removeprefix(f"{ns.base}/services/rest/record/v1{path}/")


def test_a_record_has_links_references_and_utc_times(ns: Served) -> None:
    ns.control("PATCH", "/records/salesOrder/1002", {"values": {"memo": "m"}, "stamp": "2026-11-20T17:30:15.678+02:00"})
    answer = ns.call("GET", "/salesOrder/1002")
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=singular"
    assert "ETag" not in answer.headers
    assert body["lastModifiedDate"] == "2026-11-20T15:30:15Z"
    assert body["entity"] == {
        "links": [{"rel": "self", "href": f"{ns.base}/services/rest/record/v1/customer/12"}],
        "id": "12",
        "refName": "Kite & Lantern Retail",
    }
    assert (body["id"], body["total"], body["exchangeRate"]) == ("1002", 1500.6, 7.8)
    assert body["status"] == {"id": "A", "refName": "Pending Approval"}
    assert body["item"] == {"links": [{"rel": "self", "href": f"{body['links'][0]['href']}/item"}]}
    assert "otherRefNum" not in body


def test_lines_come_when_they_are_asked_for(ns: Served) -> None:
    lines = ns.call("GET", "/salesOrder/1001?expandSubResources=true").json()["item"]
    shown = [(i["line"], i["item"]["refName"], i["quantity"], i["units"], i["amount"]) for i in lines["items"]]
    assert shown == [(1, "TS-20", 100, "2", 95000), (2, "GW-4", 2, "1", 10000)]
    assert lines["totalResults"] == 2
    assert ns.call("GET", "/salesOrder/1001/item").json()["items"] == lines["items"]
    assert ns.call("GET", "/salesOrder/1001/item/2").json() == lines["items"][1]
    assert ns.call("GET", "/salesOrder/1001/item/9").status_code == 404


def test_a_hundred_boxes_are_twelve_hundred_pieces_by_the_units_of_the_item(ns: Served) -> None:
    line = ns.call("GET", "/salesOrder/1001/item/1").json()
    item = ns.call("GET", "/inventoryItem/1").json()
    units = ns.call("GET", f"/unitsType/{item['unitsType']['id']}?expandSubResources=true").json()["uom"]["items"]
    box = next(unit for unit in units if str(unit["internalId"]) == line["units"])
    assert (box["unitName"], box["conversionRate"]) == ("Box", 12)
    assert line["quantity"] * box["conversionRate"] == 1200


def test_a_reference_leads_to_its_record(ns: Served) -> None:
    assert ns.call("GET", "/salesOrder/1001/entity").json()["companyName"] == "Lotus Foods"
    assert ns.call("GET", "/purchaseOrder/1005/entity").json()["companyName"] == "Alloy Yard"
    assert ns.call("GET", "/purchaseOrder/1005/nextApprover").json()["lastName"] == "Larch"
    assert ns.call("GET", "/purchaseOrder/1007/nextApprover").status_code == 404
    assert ns.call("GET", "/purchaseOrder/1005/memo").status_code == 404


def test_some_fields_may_be_asked_for(ns: Served) -> None:
    body = ns.call("GET", "/customer/11?fields=companyName,email").json()
    assert set(body) == {"links", "companyName", "id", "refName"}
    assert detail(ns.call("GET", "/customer/11?fields=companyNmae")) == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/salesOrder/9999", (404, "NONEXISTENT_ID")),
        ("GET", "/salesOrder/1005", (404, "NONEXISTENT_ID")),
        ("GET", "/salesOrder/abc", (404, "NONEXISTENT_ID")),
        ("GET", "/salesOrder/eid:nobody", (404, "NONEXISTENT_ID")),
        ("GET", "/spaceship/1", (404, "INVALID_RECORD_TYPE")),
        ("PUT", "/salesOrder/1001", (400, "INVALID_REQUEST")),
        ("DELETE", "/salesOrder", (405, "INVALID_METHOD")),
        ("GET", "/services/rest/none", (404, "NOT_FOUND")),
    ],
)
def test_what_is_not_there_is_refused_in_the_vendors_form(
    ns: Served, method: str, path: str, error: tuple[int, str]
) -> None:
    answer = ns.call(method, path, json={})
    assert detail(answer) == error
    assert answer.json()["status"] == error[0]
    assert {"type", "title"} <= set(answer.json())


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ("", ["1001", "1002", "1003"]),
        ("id ANY_OF [1001, 1003]", ["1001", "1003"]),
        ("id BETWEEN_NOT [1001, 1002]", ["1003"]),
        ("total GREATER 1500.6 AND total LESS_OR_EQUAL 33000", ["1003"]),
        ("memo EMPTY_NOT", ["1001"]),
        ('memo CONTAIN "room" OR tranId IS so-1043', ["1001", "1003"]),
        ('(memo CONTAIN "room" OR tranId IS SO-1043) AND total GREATER 40000', ["1001"]),
        ('lastModifiedDate ON_OR_AFTER "11/20/2026"', ["1002"]),
        ('lastModifiedDate ON "11/20/2026"', []),
        ('lastModifiedDate AFTER "11/21/2026 01:29 AM"', ["1002"]),
        ('lastModifiedDate BEFORE "11/21/2026 01:30 AM"', ["1001", "1003"]),
        ('tranDate ON_OR_BEFORE "1/31/2020"', ["1003"]),
        ("entity EQUAL 12", ["1002"]),
        ("entity IS 12 AND id GREATER_OR_EQUAL 1", ["1002"]),
        ("tranId END_WITH 42 OR tranId START_WITH SO-1043", ["1002", "1003"]),
        ('memo CONTAIN_NOT "room" OR memo EMPTY', ["1002", "1003"]),
        ('tranDate ON "1/31/2020"', ["1003"]),
    ],
)
def test_lists_are_filtered(ns: Served, q: str, ids: list[str]) -> None:
    ns.control("PATCH", "/records/salesOrder/1002", {"values": {}, "stamp": "2026-11-20T17:30:15Z"})
    old = {"values": {"tranDate": "2020-01-31"}, "stamp": "2020-01-31T00:00:00Z"}
    ns.control("PATCH", "/records/salesOrder/1003", old)
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {}, "stamp": "2026-11-01T00:00:00Z"})
    page = ns.call("GET", "/salesOrder", params={"q": q} if q else {}).json()
    assert [row["id"] for row in page["items"]] == ids
    assert page["totalResults"] == len(ids)
    assert all(set(row) == {"id", "links"} for row in page["items"])


@pytest.mark.parametrize(
    "q",
    [
        "colour IS x",
        "memo NEAR x",
        "memo",
        'lastModifiedDate AFTER "2026-11-20"',
        "id ANY_OF [",
        "id BETWEEN [1]",
        "id EQUAL x",
        "total CONTAIN 1",
        "(memo EMPTY",
    ],
)
def test_a_filter_that_cannot_be_is_refused(ns: Served, q: str) -> None:
    answer = ns.call("GET", "/salesOrder", params={"q": q})
    assert detail(answer) == (400, "INVALID_PARAMETER")
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


def test_lists_have_pages_whose_links_keep_the_filter(ns: Served) -> None:
    page = ns.call("GET", "/salesOrder", params={"q": "total GREATER 1", "limit": 2}).json()
    more = next(link["href"] for link in page["links"] if link["rel"] == "next")
    rest = ns.call("GET", more.removeprefix(ns.base)).json()
    assert (page["count"], page["hasMore"], rest["count"], rest["hasMore"]) == (2, True, 1, False)
    assert detail(ns.call("GET", "/salesOrder?limit=2&offset=1")) == (400, "INVALID_PARAMETER")


def test_flags_are_filtered(ns: Served) -> None:
    ns.control("PATCH", "/records/customer/12", {"values": {"isInactive": True}})
    found = [
        [row["id"] for row in ns.call("GET", "/customer", params={"q": q}).json()["items"]]
        for q in ("isInactive IS true", "isInactive IS_NOT true")
    ]
    assert found == [["12"], ["11", "13"]]


def test_some_types_cannot_be_listed(ns: Served) -> None:
    ns.settings(unlistable=["subsidiary"])
    assert detail(ns.call("GET", "/subsidiary")) == (405, "INVALID_METHOD")
    assert ns.call("GET", "/subsidiary/1").status_code == 200


def test_the_language_has_to_be_the_companys(ns: Served) -> None:
    answers = [ns.call("GET", "/customer/11", headers={"Accept-Language": one}) for one in ("de-DE", "en-GB", "*")]
    assert [one.status_code for one in answers] == [400, 200, 200]
    assert answers[0].json()["o:errorDetails"][0]["o:errorHeader"] == "Accept-Language"


def test_a_new_order_gets_what_follows_from_its_customer_and_lines(ns: Served) -> None:
    one = made(ns, "/salesOrder", {"entity": {"id": "12"}, "item": {"items": [SENSORS]}, "tranDate": "2026-11-20"})
    body = ns.call("GET", f"/salesOrder/{one}?expandSubResources=true").json()
    assert (body["tranId"], body["total"], body["currency"]["refName"]) == ("SO-1044", 95000, "US Dollar")
    assert (body["approvalStatus"]["refName"], body["tranDate"]) == ("Pending Approval", "2026-11-20")
    assert body["item"]["items"][0]["units"] == "2"
    assert ns.transactions("BUILTIN.DF(createdby) AS who", f"WHERE id = {one}") == [{"who": "Bridge Integration"}]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (new_order(item={"items": [{**SENSORS, "item": {"id": 9999}}]}), "item.items[0].item"),
        (new_order(entity={"id": "9999"}), "entity"),
        (new_order(item={"items": [{**SENSORS, "quantity": "many"}]}), "item.items[0].quantity"),
        (new_order(tranDate="20/11/2026"), "tranDate"),
        (new_order(memo=True), "memo"),
        (new_order(item={"items": [{**SENSORS, "rate": "NaN"}]}), "item.items[0].rate"),
        (new_order(item={"items": [1]}), "item.items[0]"),
        (new_order(item={"items": {}}), "item"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(ns: Served, body: Any, path: str) -> None:
    answer = ns.call("POST", "/salesOrder", json=body)
    assert detail(answer) == (400, "INVALID_CONTENT")
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == path
    assert len(ns.control("GET", "/records/salesOrder")["records"]) == 3


def test_a_new_record_needs_what_its_form_needs(ns: Served) -> None:
    assert detail(ns.call("POST", "/salesOrder", json={"memo": "x"})) == (400, "USER_ERROR")
    assert detail(ns.call("POST", "/customer", json={"email": "a@b.example"})) == (400, "USER_ERROR")


def test_a_misspelt_field_is_dropped_unless_the_caller_wants_to_know(ns: Served) -> None:
    lax = ns.call("PATCH", "/salesOrder/1001", json={"memmo": "x"})
    silent = {"X-NetSuite-PropertyNameValidation": "Ignore"}
    quiet = ns.call("PATCH", "/salesOrder/1001", json={"memmo": "x"}, headers=silent)
    strict = ns.call("PATCH", "/salesOrder/1001", json={"memmo": "x"}, headers=STRICT)
    assert (lax.status_code, "memmo" in lax.headers["X-NetSuite-Warnings"]) == (204, True)
    assert (quiet.status_code, "X-NetSuite-Warnings" in quiet.headers) == (204, False)
    assert detail(strict) == (400, "INVALID_CONTENT")
    assert strict.json()["o:errorDetails"][0]["o:errorPath"] == "memmo"
    wrong = ns.call("PATCH", "/salesOrder/1001", json={}, headers={"X-NetSuite-PropertyNameValidation": "maybe"})
    assert detail(wrong) == (400, "INVALID_HEADER")


def test_wrong_values_may_be_let_pass_and_ids_that_do_not_exist_never(ns: Served) -> None:
    lax = {"X-NetSuite-PropertyValueValidation": "warning"}
    assert ns.call("PATCH", "/salesOrder/1001", json={"memo": True}, headers=lax).status_code == 204
    wrong = ns.call("PATCH", "/salesOrder/1001", json={"entity": {"id": 9}}, headers=lax)
    assert detail(wrong) == (400, "INVALID_CONTENT")


def test_an_update_changes_what_it_names_and_empties_what_is_null(ns: Served) -> None:
    before = ns.call("GET", "/salesOrder/1001").json()
    answer = ns.call("PATCH", "/salesOrder/1001", json={"memo": None, "otherRefNum": "PO 7"}, headers=STRICT)
    after = ns.call("GET", "/salesOrder/1001").json()
    assert (answer.status_code, answer.headers["Location"]) == (204, before["links"][0]["href"])
    assert ("memo" in after, after["otherRefNum"], after["total"]) == (False, "PO 7", before["total"])
    assert after["lastModifiedDate"] > before["lastModifiedDate"]


def test_lines_are_merged_replaced_or_taken_away(ns: Served) -> None:
    merge = {"item": {"items": [{"line": 1, "quantity": 90}, {"item": {"id": "3"}, "quantity": 5, "rate": 2}]}}
    assert ns.call("PATCH", "/salesOrder/1001", json=merge).status_code == 204
    lines = ns.call("GET", "/salesOrder/1001/item").json()["items"]
    assert [(one["line"], one["quantity"], one["amount"]) for one in lines] == [
        (1, 90, 85500),
        (2, 2, 10000),
        (3, 5, 10),
    ]
    assert ns.call("GET", "/salesOrder/1001").json()["total"] == 95510
    ns.call("PATCH", "/salesOrder/1001?replace=item", json={"item": {"items": [{"line": 2, "quantity": 3}]}})
    lines = ns.call("GET", "/salesOrder/1001/item").json()["items"]
    assert [(one["line"], one["quantity"], one["item"]["refName"]) for one in lines] == [(2, 3, "GW-4")]
    ns.call("PATCH", "/salesOrder/1001", json={"item": None})
    assert ns.call("GET", "/salesOrder/1001/item").json()["items"] == []


def test_only_the_line_that_changed_gets_a_new_stamp(ns: Served) -> None:
    text = (
        "SELECT linesequencenumber AS n, TO_CHAR(linelastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at, uniquekey"
        " FROM transactionline WHERE transaction = 1001 ORDER BY linesequencenumber"
    )
    before = ns.rows(text)
    ns.call("PATCH", "/salesOrder/1001", json={"item": {"items": [{"line": 2, "quantity": 7}]}})
    after = ns.rows(text)
    assert [row["uniquekey"] for row in before] == [row["uniquekey"] for row in after]
    assert [old["at"] == new["at"] for old, new in zip(before, after, strict=True)] == [False, True, False]


def test_an_external_id_makes_then_changes(ns: Served) -> None:
    path = "/salesOrder/eid:shop-7"
    first = ns.call("PUT", path, json=new_order(memo="a"))
    second = ns.call("PUT", path, json={"memo": "b"})
    read = ns.call("GET", path).json()
    assert (first.status_code, second.status_code) == (204, 204)
    assert first.headers["Location"] == second.headers["Location"] == read["links"][0]["href"]
    assert (read["externalId"], read["memo"]) == ("shop-7", "b")
    assert ns.call("PATCH", path, json={"memo": "c"}).status_code == 204
    again = ns.call("POST", "/salesOrder", json=new_order(externalId="shop-7"))
    assert detail(again) == (400, "DUP_RCRD")
    assert ns.call("GET", path).json()["memo"] == "c"


def test_a_reference_may_be_an_external_id(ns: Served) -> None:
    ns.control("PATCH", "/records/customer/13", {"values": {"externalId": "crm-9"}})
    one = made(ns, "/salesOrder", {"entity": {"externalId": "crm-9"}, "exchangeRate": 1.1})
    assert ns.call("GET", f"/salesOrder/{one}").json()["entity"]["id"] == "13"
    assert detail(ns.call("POST", "/salesOrder", json={"entity": {"refName": "x"}})) == (400, "INVALID_CONTENT")


def test_a_list_of_units_grows(ns: Served) -> None:
    ns.control("POST", "/roles", {"role": "Bridge", "levels": {"unitsType": "edit"}})
    pallet = {"unitName": "Pallet", "conversionRate": 1440, "baseUnit": False}
    assert ns.call("PATCH", "/unitsType/1", json={"uom": {"items": [pallet]}}).status_code == 204
    units = ns.call("GET", "/unitsType/1/uom").json()["items"]
    assert [(one["internalId"], one["unitName"]) for one in units][-2:] == [(3, "Case"), (6, "Pallet")]


def test_a_record_that_is_deleted_is_gone(ns: Served) -> None:
    order = made(ns, "/salesOrder", new_order(), user="clerk")
    assert ns.call("DELETE", f"/salesOrder/{order}").status_code == 403
    assert ns.call("DELETE", f"/salesOrder/{order}", user="clerk").status_code == 204
    assert ns.call("GET", f"/salesOrder/{order}").status_code == 404
    assert ns.rows("SELECT context FROM deletedrecord") == [{"context": "restwebservices"}]


def test_requests_may_be_answered_later_and_a_key_is_good_once(ns: Served) -> None:
    key = str(uuid.uuid4())
    later = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": key}
    accepted = ns.call("POST", "/salesOrder", json=new_order(), headers=later)
    again = ns.call("POST", "/salesOrder", json=new_order(), headers=later)
    place = accepted.headers["Location"].removeprefix(ns.base)
    task = ns.call("GET", f"{place}/task/1").json()
    result = ns.call("GET", f"{place}/task/1/result")
    assert (accepted.status_code, task["completed"], task["progress"]) == (202, True, "succeeded")
    assert (result.status_code, "/salesOrder/1009" in result.headers["Location"]) == (204, True)
    assert detail(again) == (400, "IDEMPOTENCY_ERROR")
    assert (again.json()["title"], again.headers["Location"]) == ("Conflict", accepted.headers["Location"])
    assert len(ns.control("GET", "/records/salesOrder")["records"]) == 4
    assert ns.call("GET", f"{place}/task/").json()["totalResults"] == 1
    assert ns.call("GET", place).json()["completed"] is True


def test_a_later_answer_may_be_an_error(ns: Served) -> None:
    headers = {"Prefer": "respond-async"}
    place = ns.call("PATCH", "/salesOrder/9999", json={}, headers=headers).headers["Location"].removeprefix(ns.base)
    assert ns.call("GET", f"{place}/task/1").json()["progress"] == "failed"
    assert detail(ns.call("GET", f"{place}/task/1/result")) == (404, "NONEXISTENT_ID")
    assert ns.call("GET", "/services/rest/async/v1/job/99").status_code == 404


def test_the_catalogue_describes_what_can_be_read(ns: Served) -> None:
    names = [row["name"] for row in ns.call("GET", "/metadata-catalog").json()["items"]]
    some = ns.call("GET", "/metadata-catalog?select=customer,salesOrder").json()["items"]
    wrong = ns.call("GET", "/metadata-catalog?select=customer,%20salesOrder")
    headers = {"Accept": "application/schema+json"}
    schema = ns.call("GET", "/metadata-catalog/salesOrder", headers=headers).json()
    assert {"customer", "salesOrder", "vendorBill", "unitsType"} <= set(names)
    assert [row["name"] for row in some] == ["customer", "salesOrder"]
    assert detail(wrong) == (400, "INVALID_REQUEST")
    assert schema["properties"]["lastModifiedDate"]["format"] == "date-time"
    assert schema["properties"]["tranDate"]["format"] == "date"
    assert schema["properties"]["item"]["properties"]["items"]["items"]["properties"]["units"]["type"] == "string"
    assert schema["properties"]["custbody_priority"]["x-ns-custom-field"] is True
    assert "purchaseOrder" not in [r["name"] for r in ns.call("GET", "/metadata-catalog", user="clerk").json()["items"]]


def schema_of(ns: Served, record: str) -> Any:
    headers = {"Accept": "application/schema+json"}
    return ns.call("GET", f"/metadata-catalog/{record}", headers=headers).json()["properties"]


def test_the_catalogue_has_the_values_of_a_status(ns: Served) -> None:
    status = schema_of(ns, "purchaseOrder")["approvalStatus"]
    assert status == {
        "type": "object",
        "properties": {
            "id": {"title": "Internal identifier", "type": "string", "enum": ["1", "2", "3"]},
            "refName": {"title": "Reference Name", "type": "string"},
        },
        "nullable": True,
    }
    assert schema_of(ns, "vendorBill")["status"]["properties"]["id"]["enum"] == ["A", "B", "D", "E"]
    ns.switch(approval_codes="renumbered")
    status = schema_of(ns, "purchaseOrder")["approvalStatus"]
    assert status["properties"]["id"]["enum"] == ["101", "102", "103"]


def test_the_catalogue_describes_references_and_points_at_links(ns: Served) -> None:
    approver = schema_of(ns, "purchaseOrder")["nextApprover"]["properties"]
    assert set(approver) == {"id", "refName", "externalId", "links"}
    assert approver["links"]["items"] == {"$ref": "/services/rest/record/v1/metadata-catalog/nsLink"}
    assert set(schema_of(ns, "nsLink")) == {"rel", "href"}


def test_the_server_tells_its_time(ns: Served) -> None:
    told = ns.call("GET", "/services/rest/system/v1/serverTime").json()["serverTime"]
    assert told.endswith(".000Z")
