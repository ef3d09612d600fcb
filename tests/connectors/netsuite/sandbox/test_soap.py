"""SOAP, as zeep reads it by the WSDL that the twin serves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.netsuite.sandbox.served import Served
from tests.connectors.netsuite.sandbox.soap import VERSION, Soap

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CHANGED = "2026-11-20T17:30:15Z"


@pytest.fixture
def soap(ns: Served) -> Soap:
    return Soap(ns)


def numbers(result: Any) -> list[str]:
    return [record.tranId for record in (result.recordList.record if result.recordList else [])]


def problem(result: Any) -> tuple[bool, str]:
    return result.status.isSuccess, result.status.statusDetail[0].code


def test_a_search_finds_records_with_references_and_offsets(ns: Served, soap: Soap) -> None:
    ns.control("PATCH", "/records/salesOrder/1002", {"values": {"tranDate": "2026-11-20"}, "stamp": CHANGED})
    result = soap.search(soap.changed_since("onOrAfter", datetime(2026, 11, 20, 17, 30, 15, tzinfo=UTC)))
    record = result.recordList.record[0]
    assert (result.status.isSuccess, result.totalRecords, result.totalPages, result.pageIndex) == (True, 1, 1, 1)
    assert type(record).__name__ == "SalesOrder"
    assert (record.internalId, record.tranId, record.status) == ("1002", "SO-1042", "Pending Approval")
    assert (record.entity.internalId, record.entity.name) == ("12", "Kite & Lantern Retail")
    assert (record.currency.name, record.exchangeRate, record.total) == ("US Dollar", 7.8, 1500.6)
    assert record.lastModifiedDate.isoformat() == "2026-11-20T09:30:15-08:00"
    assert record.tranDate.isoformat() == "2026-11-19T08:00:00-08:00"
    assert record.customFieldList.customField[0].scriptId == "custbody_priority"
    assert record.itemList is None


@pytest.mark.parametrize(
    ("zone", "day", "written"),
    [
        ("Asia/Hong_Kong", "2026-11-30", "2026-11-29T08:00:00-08:00"),
        ("Asia/Hong_Kong", "2026-07-31", "2026-07-30T09:00:00-07:00"),
        # the rows of the vendor's table
        ("America/Chicago", "2017-02-21", "2017-02-20T22:00:00-08:00"),
        ("America/Chicago", "2017-08-21", "2017-08-20T22:00:00-07:00"),
        ("America/Los_Angeles", "2017-02-20", "2017-02-20T00:00:00-08:00"),
    ],
)
def test_a_day_is_midnight_of_the_user_in_pacific_time(
    ns: Served, soap: Soap, zone: str, day: str, written: str
) -> None:
    ns.settings(user_zone=zone)
    ns.control("PATCH", "/records/salesOrder/1002", {"values": {"tranDate": day}})
    read = soap.call("get", baseRef=soap.make("RecordRef", internalId="1002", type="salesOrder")).readResponse
    assert read.record.tranDate.isoformat() == written
    midnight = soap.make("SearchDateField", operator="on", searchValue=written)
    basic = soap.make("TransactionSearchBasic", part="common", tranDate=midnight)
    assert numbers(soap.search(basic)) == ["SO-1042"]


def test_lines_come_when_they_are_asked_for(soap: Soap) -> None:
    result = soap.search(soap.changed_since("onOrAfter", LONG_AGO), lines=True)
    order = next(record for record in result.recordList.record if record.tranId == "SO-1041")
    line = order.itemList.item[0]
    assert (line.quantity, line.units.internalId, line.units.name, line.rate) == (100.0, "2", "Box", "950")


@pytest.mark.parametrize(
    ("operator", "values", "found"),
    [
        ("after", [datetime(2026, 11, 20, 17, 30, 15, tzinfo=UTC)], []),
        ("after", [datetime(2026, 11, 20, 17, 30, 14, tzinfo=UTC)], ["SO-1042"]),
        # without an offset the time is Pacific
        ("onOrAfter", ["2026-11-20T09:30:15"], ["SO-1042"]),
        ("onOrAfter", ["2026-11-20T09:30:16"], []),
        ("onOrAfter", ["2026-11-21T01:30:15+08:00"], ["SO-1042"]),
        ("on", ["2026-11-21T00:00:00+08:00"], ["SO-1042"]),
        ("on", ["2026-11-20T00:00:00+08:00"], []),
        ("within", ["2026-11-21T01:00:00+08:00", "2026-11-20T17:30:15Z"], ["SO-1042"]),
        ("notOnOrBefore", ["2026-11-20T00:00:00Z"], ["SO-1042"]),
        ("empty", [], []),
    ],
)
def test_stamps_are_compared_as_moments(
    ns: Served, soap: Soap, operator: str, values: list[Any], found: list[str]
) -> None:
    ns.control("PATCH", "/records/salesOrder/1002", {"values": {}, "stamp": CHANGED})
    assert numbers(soap.search(soap.changed_since(operator, *values))) == found


def test_other_fields_narrow_a_search(soap: Soap) -> None:
    kinds = soap.make("SearchEnumMultiSelectField", operator="anyOf", searchValue=["_purchaseOrder", "_vendorBill"])
    number = soap.make("SearchStringField", operator="startsWith", searchValue="PO-")
    vendor = soap.make("RecordRef", internalId="21")
    entity = soap.make("SearchMultiSelectField", operator="noneOf", searchValue=[vendor])
    basic = soap.make("TransactionSearchBasic", part="common", type=kinds, tranId=number, entity=entity)
    assert numbers(soap.search(basic)) == ["PO-1042"]
    whole = soap.make("TransactionSearch", part="sales", family="transactions", basic=basic)
    assert numbers(soap.search(whole)) == ["PO-1042"]


def test_what_waits_for_approval_is_found_by_its_name_or_code(soap: Soap) -> None:
    for value in ("_approved", "2"):
        status = soap.make("SearchEnumMultiSelectField", operator="anyOf", searchValue=[value])
        basic = soap.make("TransactionSearchBasic", part="common", approvalStatus=status)
        assert numbers(soap.search(basic)) == ["SO-1043", "INV-1041", "PO-1043"]


def test_customers_and_items_are_found_too(soap: Soap) -> None:
    name = soap.make("SearchStringField", operator="is", searchValue="C-2001")
    customer = soap.search(soap.make("CustomerSearchBasic", part="common", entityId=name)).recordList.record[0]
    items = soap.search(soap.make("ItemSearchBasic", part="common")).recordList.record
    assert (customer.companyName, customer.creditLimit) == ("Lotus Foods", 250000.0)
    assert [(item.itemId, item.saleUnit.name) for item in items] == [
        ("TS-20", "Box"),
        ("GW-4", "Each"),
        ("CB-100", "Metre"),
    ]


def test_pages_of_two_hundred(ns: Served, soap: Soap) -> None:
    order = {"type": "salesOrder", "count": 450, "stamp": "2026-11-18T02:00:00Z"}
    first = ns.control("POST", "/seed", order)["first"]
    result = soap.search(soap.changed_since("onOrAfter", datetime(2026, 11, 18, tzinfo=UTC)), page_size=200)
    seen = [r.internalId for r in result.recordList.record]
    for index in (2, 3):
        page = soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=index).searchResult
        assert (page.pageIndex, page.totalRecords, page.totalPages) == (index, 450, 3)
        seen += [r.internalId for r in page.recordList.record]
    assert seen == [str(first + n) for n in range(450)]
    beyond = soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=4).searchResult
    assert beyond.status.isSuccess is False


def test_a_row_that_changes_between_pages_takes_another_with_it(ns: Served, soap: Soap) -> None:
    until = datetime.now(UTC) - timedelta(hours=1)
    result = soap.search(soap.changed_since("within", LONG_AGO, until), page_size=5)
    first = numbers(result)
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"memo": "x"}})
    second = numbers(soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=2).searchResult)
    assert first == ["SO-1041", "SO-1042", "SO-1043", "INV-1041", "PO-1041"]
    # the search ran again, and PO-1042 moved to the page that was read before
    assert second == ["PO-1043", "BILL-1041"]


def test_a_search_id_dies(ns: Served, soap: Soap) -> None:
    result = soap.search(soap.changed_since("onOrAfter", LONG_AGO), page_size=5)
    ns.settings(search_seconds=0.0)
    soap.search(soap.changed_since("onOrAfter", LONG_AGO), page_size=5)
    soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=2)
    late = soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=2).searchResult
    foreign = Soap(ns, "clerk").call("searchMoreWithId", searchId=result.searchId, pageIndex=2).searchResult
    assert problem(late) == problem(foreign) == (False, "INVALID_JOB_ID")


def test_all_search_ids_die_by_order(ns: Served, soap: Soap) -> None:
    result = soap.search(soap.changed_since("onOrAfter", LONG_AGO), page_size=5)
    assert ns.control("POST", "/expire-search") == {}
    late = soap.call("searchMoreWithId", searchId=result.searchId, pageIndex=2).searchResult
    again = soap.search(soap.changed_since("onOrAfter", LONG_AGO), page_size=5)
    page = soap.call("searchMoreWithId", searchId=again.searchId, pageIndex=2).searchResult
    assert problem(late) == (False, "INVALID_JOB_ID")
    assert numbers(page) == ["PO-1042", "PO-1043", "BILL-1041"]


@pytest.mark.parametrize("size", [4, 1001])
def test_a_page_has_five_to_a_thousand_rows(soap: Soap, size: int) -> None:
    assert problem(soap.search(soap.changed_since("onOrAfter", LONG_AGO), page_size=size)) == (
        False,
        "INVALID_SEARCH_PAGE_SIZE",
    )


def test_what_a_search_cannot_be_is_told_in_its_status(soap: Soap) -> None:
    assert problem(soap.search(soap.changed_since("around", LONG_AGO))) == (False, "INVALID_SEARCH_OPERATOR")
    odd = soap.make("SearchStringField", operator="hasKeywords", searchValue="x")
    by_number = soap.make("TransactionSearchBasic", part="common", tranId=odd)
    assert problem(soap.search(by_number)) == (False, "INVALID_SEARCH_OPERATOR")


def test_get_reads_one_record_with_its_lines(ns: Served, soap: Soap) -> None:
    ns.call("PATCH", "/purchaseOrder/1005", json={"externalId": "erp-5"})
    by_id = soap.call("get", baseRef=soap.make("RecordRef", internalId="1005", type="purchaseOrder")).readResponse
    by_key = soap.call("get", baseRef=soap.make("RecordRef", externalId="erp-5", type="purchaseOrder")).readResponse
    unit = soap.call("get", baseRef=soap.make("RecordRef", internalId="1", type="unitsType")).readResponse.record
    assert (by_id.status.isSuccess, by_id.record.tranId, by_id.record.nextApprover.name) == (
        True,
        "PO-1041",
        "Ivo Larch",
    )
    assert by_key.record.internalId == "1005"
    assert by_id.record.itemList.item[0].units.name == "Case"
    assert [(u.unitName, u.conversionRate, u.baseUnit) for u in unit.uomList.uom] == [
        ("Each", 1.0, True),
        ("Box", 12.0, False),
        ("Case", 144.0, False),
    ]


def test_get_says_what_is_missing_or_forbidden_or_locked(ns: Served, soap: Soap) -> None:
    ns.control("POST", "/lock", {"type": "purchaseOrder", "id": 1005})
    asked = [("9999", "purchaseOrder"), ("1", "spaceship"), ("1005", "purchaseOrder")]
    refs = [soap.make("RecordRef", internalId=one, type=kind) for one, kind in asked]
    codes = [problem(soap.call("get", baseRef=ref).readResponse)[1] for ref in refs]
    clerk = Soap(ns, "clerk").call("get", baseRef=refs[2]).readResponse
    assert codes == ["RCRD_DSNT_EXIST", "INVALID_RCRD_TYPE", "USER_ERROR"]
    assert problem(clerk) == (False, "INSUFFICIENT_PERMISSION")


def test_roles_narrow_searches(ns: Served) -> None:
    clerk = Soap(ns, "clerk")
    assert numbers(clerk.search(clerk.changed_since("onOrAfter", LONG_AGO))) == ["SO-1041", "SO-1042", "INV-1041"]
    customer = clerk.search(clerk.make("CustomerSearchBasic", part="common")).recordList.record[0]
    assert customer.creditLimit is None
    vendors = clerk.search(clerk.make("VendorSearchBasic", part="common"))
    assert problem(vendors) == (False, "INSUFFICIENT_PERMISSION")


def test_what_was_deleted_is_listed_in_pages(ns: Served, soap: Soap) -> None:
    made = ns.control("POST", "/records/invoice", {"records": [{"entity": {"id": "11"}}] * 7})["ids"]
    for at, one in enumerate([*made, 1004]):
        ns.control("DELETE", f"/records/invoice/{one}", {"stamp": f"2026-11-20T17:30:{at:02d}Z"})
    ns.control("DELETE", "/records/customer/13", {"stamp": "2026-11-20T17:31:00Z"})
    since = soap.make(
        "SearchDateField", operator="onOrAfter", searchValue=datetime(2026, 11, 20, 17, 30, 2, tzinfo=UTC)
    )
    kinds = soap.make("SearchEnumMultiSelectField", operator="anyOf", searchValue=["invoice"])
    asked = soap.make("GetDeletedFilter", deletedDate=since, type=kinds)
    head = [soap.passport(), soap.header("searchPreferences", pageSize=5)]
    first = soap.call("getDeleted", head=head, getDeletedFilter=asked, pageIndex=1).getDeletedResult
    head = [soap.passport(), soap.header("searchPreferences", pageSize=5)]
    second = soap.call("getDeleted", head=head, getDeletedFilter=asked, pageIndex=2).getDeletedResult
    last = second.deletedRecordList.deletedRecord[0]
    assert (first.totalRecords, first.totalPages, len(first.deletedRecordList.deletedRecord)) == (6, 2, 5)
    assert (last.record.internalId, last.record.type, last.record.name) == ("1004", "invoice", "Invoice #INV-1041")
    assert last.deletedDate.isoformat() == "2026-11-20T09:30:07-08:00"
    everything = soap.call("getDeleted", getDeletedFilter=soap.make("GetDeletedFilter"), pageIndex=1).getDeletedResult
    assert everything.totalRecords == 9


def test_deleted_records_have_their_external_id_and_may_be_excluded(ns: Served, soap: Soap) -> None:
    ns.call("PATCH", "/invoice/1004", json={"externalId": "erp-4"})
    for path in ("invoice/1004", "customer/13"):
        ns.control("DELETE", f"/records/{path}", {})

    def listed(**asked: Any) -> list[tuple[str, str | None]]:
        told = soap.call("getDeleted", getDeletedFilter=soap.make("GetDeletedFilter", **asked), pageIndex=1)
        found = told.getDeletedResult.deletedRecordList
        return [(one.record.internalId, one.record.externalId) for one in (found.deletedRecord if found else [])]

    customers = soap.make("SearchEnumMultiSelectField", operator="noneOf", searchValue=["customer"])
    custom = soap.make("SearchStringField", operator="is", searchValue="customrecord1")
    assert listed() == [("1004", "erp-4"), ("13", None)]
    assert listed(type=customers) == [("1004", "erp-4")]
    assert listed(scriptId=custom) == []


def test_deleted_records_need_their_permission(ns: Served) -> None:
    clerk = Soap(ns, "clerk")
    fault = clerk.fault("getDeleted", getDeletedFilter=clerk.make("GetDeletedFilter"), pageIndex=1)
    assert (fault.kind, fault.code) == ("insufficientPermissionFault", "INSUFFICIENT_PERMISSION")


def test_a_passport_is_good_once(soap: Soap) -> None:
    passport = soap.passport()
    assert soap.call("getServerTime", head=[passport]).getServerTimeResult.status.isSuccess is True
    fault = soap.fault("getServerTime", head=[passport])
    assert (fault.kind, fault.code) == ("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS")
    assert fault.faultcode == "soapenv:Server.userException"


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": int(time.time()) - 1000},
        {"signature": "AAAA"},
        {"account": "tstdrv100042-sb1"},
        {"algorithm": "HMAC-SHA1"},
        {"nonce": "a-b-c-d-e-f"},
    ],
    ids=lambda changed: str(*changed),
)
def test_a_passport_that_is_not_good_is_refused(soap: Soap, changed: dict[str, Any]) -> None:
    assert soap.fault("getServerTime", head=[soap.passport(**changed)]).kind == "invalidCredentialsFault"


def test_one_way_of_logging_in_at_a_time(soap: Soap) -> None:
    application = soap.header("applicationInfo", applicationId="x")
    both = soap.fault("getServerTime", head=[soap.passport(), application])
    two = soap.fault("getServerTime", head=[soap.passport(), soap.passport()])
    none = soap.fault("getServerTime", head=[])
    assert (both.code, both.message) == ("USER_ERROR", "Ambiguous authentication")
    assert two.kind == none.kind == "invalidCredentialsFault"


def test_a_role_needs_the_permission_for_soap(ns: Served, soap: Soap) -> None:
    ns.control("POST", "/roles", {"role": "Bridge", "features": ["Log in using Access Tokens"]})
    fault = soap.fault("getServerTime")
    assert (fault.kind, fault.code) == ("insufficientPermissionFault", "WS_PERMISSION_REQD")


def test_addresses_are_told_without_a_login(ns: Served, soap: Soap) -> None:
    told = soap.call("getDataCenterUrls", head=[], account="nobody").getDataCenterUrlsResult
    assert (told.status.isSuccess, told.dataCenterUrls.restDomain) == (True, ns.base)
    assert problem(soap.call("getDataCenterUrls", head=[], account="").getDataCenterUrlsResult) == (False, "DATA_REQD")


def test_versions_and_envelopes_that_are_none_are_refused(ns: Served) -> None:
    url = f"{ns.base}/services/NetSuitePort_"
    old = ns.http.post(url + "2011_1", data="<x/>", timeout=10)
    odd = ns.http.post(url + VERSION, data="no envelope", timeout=10)
    assert (old.status_code, "invalidVersionFault" in old.text) == (500, True)
    assert (odd.status_code, "unexpectedErrorFault" in odd.text) == (500, True)
    assert "UNSUPPORTED_WS_VERSION" in old.text
    assert ns.http.get(f"{ns.base}/wsdl/v2011_1_0/netsuite.wsdl", timeout=10).status_code == 404
    assert ns.http.get(f"{ns.base}/wsdl/v2025_2_0/netsuite.wsdl", timeout=10).status_code == 200
    assert ns.http.get(f"{ns.base}/xsd/platform/v{VERSION}_0/none.xsd", timeout=10).status_code == 404
