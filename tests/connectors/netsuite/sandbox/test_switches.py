"""Each switch turns one claim around, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from connectors.netsuite.sandbox.switches import CLAIMS, Switches
from tests.connectors.netsuite.sandbox.served import Served, detail
from tests.connectors.netsuite.sandbox.soap import Soap
from tests.connectors.netsuite.sandbox.test_approvals import decide

STAMPED = "TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS')"


def touch(ns: Served, stamp: str = "2026-11-20T17:30:15.678Z", order: int = 1001) -> None:
    ns.control("PATCH", f"/records/salesOrder/{order}", {"values": {"memo": "touched"}, "stamp": stamp})


def test_every_switch_has_its_claim() -> None:
    names = {field.name for field in msgspec.structs.fields(Switches)}
    assert names == set(CLAIMS)
    assert len({claim for claim, _ in CLAIMS.values()}) == len(CLAIMS)


def test_switches_are_explained(ns: Served) -> None:
    told = {one["name"]: one for one in ns.control("GET", "/switches")["switches"]}
    assert told["numbers"] == {
        "name": "numbers",
        "value": "text",
        "default": "text",
        "assumption": "A-NETSUITE-2",
        "says": CLAIMS["numbers"][1],
    }


def test_empty_fields_may_be_null(ns: Served) -> None:
    ns.switch(empty_fields="null")
    assert ns.rows("SELECT memo FROM transaction WHERE id = 1002") == [{"memo": None}]
    assert ns.call("GET", "/salesOrder/1002").json()["memo"] is None


def test_numbers_may_be_numbers(ns: Served) -> None:
    ns.switch(numbers="json")
    rows = ns.rows("SELECT id, foreigntotal, exchangerate FROM transaction WHERE id = 1002")
    assert rows == [{"id": 1002, "foreigntotal": 1500.6, "exchangerate": 7.8}]


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("user", "2026-11-20 12:30:15"),
        ("company", "2026-11-21 01:30:15"),
        ("utc", "2026-11-20 17:30:15"),
        ("pacific", "2026-11-20 09:30:15"),
    ],
)
def test_times_may_be_in_one_of_four_zones(ns: Served, zone: str, shown: str) -> None:
    touch(ns)
    ns.settings(user_zone="America/New_York")
    ns.switch(suiteql_zone=zone)
    assert ns.transactions(f"{STAMPED} AS at", "WHERE id = 1001") == [{"at": shown}]
    compared = "lastmodifieddate = TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')"
    assert ns.transactions("id", f"WHERE {compared}", shown) == [{"id": "1001"}]


def test_bare_times_may_keep_their_hours(ns: Served) -> None:
    touch(ns)
    ns.switch(datetime_shown="time")
    rows = ns.rows("SELECT lastmodifieddate FROM transaction WHERE id = 1001")
    assert rows == [{"lastmodifieddate": "11/21/2026 01:30:15"}]


@pytest.mark.parametrize(
    ("stamps", "shown", "equal"),
    [("seconds", "01:30:15", True), ("minutes", "01:30:00", True), ("hidden_milliseconds", "01:30:15", False)],
)
def test_stamps_may_be_coarser_or_finer(ns: Served, stamps: str, shown: str, equal: bool) -> None:
    ns.switch(stamps=stamps)
    touch(ns)
    assert ns.transactions(f"{STAMPED} AS at", "WHERE id = 1001") == [{"at": f"2026-11-21 {shown}"}]
    same = f"lastmodifieddate = TO_TIMESTAMP('2026-11-21 {shown}', 'YYYY-MM-DD HH24:MI:SS')"
    later = f"lastmodifieddate > TO_TIMESTAMP('2026-11-21 {shown}', 'YYYY-MM-DD HH24:MI:SS')"
    assert (ns.transactions("id", f"WHERE id = 1001 AND {same}") != []) is equal
    assert (ns.transactions("id", f"WHERE id = 1001 AND {later}") != []) is not equal
    assert ns.call("GET", "/salesOrder/1001").json()["lastModifiedDate"] == f"2026-11-20T17:{shown[3:]}Z"


def test_ids_may_be_ordered_as_text(ns: Served) -> None:
    text = "SELECT id FROM entity ORDER BY id"
    assert [row["id"] for row in ns.rows(text)] == ["1", "2", "3", "4", "11", "12", "13", "21", "22"]
    ns.switch(id_order="text")
    assert [row["id"] for row in ns.rows(text)] == ["1", "11", "12", "13", "2", "21", "22", "3", "4"]
    assert [row["id"] for row in ns.rows("SELECT id FROM entity WHERE id > '2' ORDER BY id")] == ["21", "22", "3", "4"]
    joined = "SELECT t.id FROM transaction t JOIN customer c ON c.id = t.entity WHERE c.id = 11 ORDER BY t.id"
    assert [row["id"] for row in ns.rows(joined)] == ["1001", "1004"]


def test_lines_of_sales_are_negative_unless_they_are_not(ns: Served) -> None:
    text = (
        "SELECT l.foreignamount AS amount, l.quantity FROM transactionline l"
        " WHERE l.transaction IN (1002, 1007) ORDER BY l.transaction, l.linesequencenumber"
    )
    books = [(row["amount"], row.get("quantity")) for row in ns.rows(text)]
    ns.switch(line_signs="positive")
    plain = [(row["amount"], row.get("quantity")) for row in ns.rows(text)]
    assert books == [("1500.6", None), ("-1500.6", "-1250.5"), ("-9300", None), ("9300", "30")]
    assert plain == [("1500.6", None), ("1500.6", "1250.5"), ("9300", None), ("9300", "30")]


def test_quantities_may_count_the_unit_of_their_line(ns: Served) -> None:
    text = "SELECT quantity, BUILTIN.DF(units) AS units FROM transactionline WHERE transaction = 1001 AND item = 1"
    ns.switch(line_signs="positive")
    assert ns.rows(text) == [{"quantity": "1200", "units": "Box"}]
    ns.switch(line_quantity="transaction_unit")
    assert ns.rows(text) == [{"quantity": "100", "units": "Box"}]
    assert ns.call("GET", "/salesOrder/1001/item/1").json()["quantity"] == 100


def test_units_in_rest_may_be_a_name(ns: Served) -> None:
    ns.switch(line_units="name")
    assert ns.call("GET", "/salesOrder/1001/item/1").json()["units"] == "Box"


def test_a_status_in_rest_may_have_its_name_as_its_id(ns: Served) -> None:
    ns.switch(status_id="name")
    assert ns.call("GET", "/salesOrder/1001").json()["status"]["id"] == "Pending Approval"
    assert ns.call("GET", "/salesOrder/1001").json()["approvalStatus"]["id"] == "1"


def test_too_many_rows_may_be_refused(ns: Served) -> None:
    ns.settings(ceiling=5)
    ns.switch(beyond_ceiling="refused")
    assert detail(ns.query("SELECT id FROM transaction")) == (400, "INVALID_PARAMETER")
    assert len(ns.rows("SELECT id FROM customer")) == 3


def test_there_may_be_no_table_of_what_was_deleted(ns: Served) -> None:
    ns.switch(deleted_table="absent")
    assert "Invalid search type: deletedrecord." in ns.query("SELECT name FROM deletedrecord").text


def test_a_forbidden_table_may_be_empty(ns: Served) -> None:
    ns.switch(forbidden_rows="empty")
    assert ns.rows("SELECT id FROM vendor", user="clerk") == []


def test_logins_may_be_refused_with_other_codes(ns: Served) -> None:
    ns.switch(rest_login_code="INVALID_LOGIN_ATTEMPT", soap_login_code="INVALID_LOGIN_ATTEMPT")
    ns.tokens["own"] = "nothing"
    assert detail(ns.call("GET", "/customer/11")) == (401, "INVALID_LOGIN_ATTEMPT")
    assert Soap(ns).fault("getServerTime", head=[]).code == "INVALID_LOGIN_ATTEMPT"


def test_limits_may_be_told_in_other_ways(ns: Served) -> None:
    ns.bearer()
    ns.switch(soap_limit_code="SSS_REQUEST_LIMIT_EXCEEDED", retry_after="seconds")
    ns.control("POST", "/governance", {"places": 5})
    assert Soap(ns).fault("getServerTime").code == "SSS_REQUEST_LIMIT_EXCEEDED"
    assert ns.call("GET", "/customer/11").headers["Retry-After"] == "1"


def test_a_fault_may_come_with_200(ns: Served) -> None:
    url = ns.facts["soap_url"]
    first = ns.http.post(url, data="x", timeout=10)
    ns.switch(soap_fault_status=200)
    second = ns.http.post(url, data="x", timeout=10)
    assert (first.status_code, second.status_code) == (500, 200)
    assert first.text == second.text


def test_a_lack_of_permission_may_be_a_400(ns: Served) -> None:
    ns.switch(forbidden_status=400)
    assert detail(ns.call("GET", "/vendor/21", user="clerk")) == (400, "INSUFFICIENT_PERMISSION")


def test_an_assertion_may_be_refused_with_another_error(ns: Served) -> None:
    ns.switch(assertion_error="invalid_client")
    assert ns.grant(ns.assertion(kid="none")).json() == {"error": "invalid_client"}


def test_an_account_may_number_its_approvals_otherwise(ns: Served) -> None:
    ns.switch(approval_codes="renumbered")
    assert ns.call("GET", "/purchaseOrder/1005").json()["approvalStatus"] == {
        "id": "101",
        "refName": "Pending Approval",
    }
    assert detail(decide(ns, "1005", {"id": "2"})) == (400, "INVALID_CONTENT")
    assert decide(ns, "1005", {"id": "102"}).status_code == 204
    rows = ns.rows("SELECT approvalstatus AS code, BUILTIN.DF(approvalstatus) AS text FROM transaction WHERE id = 1005")
    assert rows == [{"code": "102", "text": "Approved"}]
    soap = Soap(ns)
    read = soap.call("get", baseRef=soap.make("RecordRef", internalId="1005", type="purchaseOrder")).readResponse
    assert (read.record.approvalStatus.internalId, read.record.approvalStatus.name) == ("102", "Approved")
    made = ns.call("POST", "/purchaseOrder", json={"entity": {"id": "21"}}).headers["Location"]
    assert ns.call("GET", made.removeprefix(ns.base)).json()["approvalStatus"]["refName"] == "Pending Approval"
    ns.switch(approval_codes="standard")
    assert ns.call("GET", "/purchaseOrder/1005").json()["approvalStatus"] == {"id": "2", "refName": "Approved"}


def test_the_next_approver_alone_may_decide(ns: Served) -> None:
    ns.switch(approver="next_approver")
    refused = ns.call("PATCH", "/purchaseOrder/1005", json={"approvalStatus": {"id": "2"}})
    assert detail(refused) == (403, "INSUFFICIENT_PERMISSION")
    assert decide(ns, "1005", {"id": "2"}).status_code == 204
    assert decide(ns, "1006", {"id": "3"}, user="administrator").status_code == 204


def test_a_locked_record_may_be_readable(ns: Served) -> None:
    ns.switch(locked_reads="readable")
    ns.control("POST", "/lock", {"type": "purchaseOrder", "id": 1005})
    assert ns.call("GET", "/purchaseOrder/1005").status_code == 200
    assert detail(decide(ns, "1005", {"id": "2"})) == (400, "USER_ERROR")


@pytest.mark.parametrize("moves", [True, False])
def test_a_changed_line_may_leave_the_header_alone(ns: Served, moves: bool) -> None:
    ns.switch(line_moves_header=moves)
    touch(ns, "2026-11-01T00:00:00Z")
    ns.call("PATCH", "/salesOrder/1001", json={"item": {"items": [{"line": 1, "quantity": 3}]}})
    stamp = ns.call("GET", "/salesOrder/1001").json()["lastModifiedDate"]
    assert (stamp != "2026-11-01T00:00:00Z") is moves
    lines = ns.rows(
        "SELECT id FROM transactionline WHERE transaction = 1001 AND mainline = 'F'"
        " AND linelastmodifieddate > TO_DATE('2026-11-21', 'YYYY-MM-DD')"
    )
    assert lines == [{"id": "1"}]


@pytest.mark.parametrize(("times", "written"), [("utc", "20T17:30:15+00:00"), ("offset", "21T01:30:15+08:00")])
def test_soap_may_write_utc_or_the_users_zone(ns: Served, times: str, written: str) -> None:
    touch(ns)
    ns.switch(soap_times=times)
    url, soap = ns.facts["soap_url"], Soap(ns)
    record = soap.call("get", baseRef=soap.make("RecordRef", internalId="1001", type="salesOrder")).readResponse.record
    assert record.lastModifiedDate.isoformat() == f"2026-11-{written}"
    # a day stays midnight of the user in Pacific time
    assert record.tranDate.isoformat().endswith(("T08:00:00-08:00", "T09:00:00-07:00"))
    assert url.endswith("NetSuitePort_2023_2")


def test_the_catalogue_may_point_at_the_schemas_of_references(ns: Served) -> None:
    ns.switch(catalogue_references="pointed_at")
    place = "/services/rest/record/v1/metadata-catalog/"
    orders, items = (
        ns.call("GET", f"{place}{name}").json()["properties"] for name in ("purchaseOrder", "inventoryItem")
    )
    assert orders["nextApprover"] == {"$ref": f"{place}employee"}
    assert items["stockUnit"] == {"$ref": f"{place}nsResource"}
    assert ns.call("GET", f"{place}employee").status_code == ns.call("GET", f"{place}nsResource").status_code == 200


def test_a_search_may_page_what_it_found_first(ns: Served) -> None:
    ns.switch(search_again="once")
    soap = Soap(ns)
    result = soap.search(soap.changed_since("before", "2026-11-30T00:00:00Z"), page_size=5)
    ns.control("DELETE", "/records/salesOrder/1001", {})
    second = soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=2).searchResult
    assert [record.tranId for record in second.recordList.record] == ["PO-1042", "PO-1043", "BILL-1041"]
