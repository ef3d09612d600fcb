"""Advanced searches of SOAP: rows of the columns that were asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.connectors.netsuite.sandbox.served import Served
from tests.connectors.netsuite.sandbox.soap import Soap

CHANGED = "2026-11-20T17:30:15Z"
KINDS = {
    "Boolean": ("isInactive", "mainLine", "closed", "taxLine"),
    "Date": ("created", "dateCreated", "lastModifiedDate", "modified", "tranDate", "dueDate"),
    "Double": ("exchangeRate", "creditLimit", "approvalLimit", "purchaseOrderApprovalLimit"),
    "EnumSelect": ("approvalStatus", "status", "type"),
    "Long": ("line", "lineSequenceNumber"),
    "Select": ("currency", "entity", "internalId", "item", "location", "nextApprover", "saleUnit", "subsidiary"),
    "TextNumber": ("otherRefNum",),
}
TYPES = {name: kind for kind, names in KINDS.items() for name in names}
PLACES = {"Transaction": ("sales", "transactions"), "Customer": ("relationships", "lists")}


@pytest.fixture
def soap(ns: Served) -> Soap:
    return Soap(ns)


def advanced(soap: Soap, columns: str, kind: str = "Transaction", *, labels: str = "", **named: Any) -> Any:
    """A search by fields that returns the columns with these names."""
    part, family = PLACES.get(kind, ("accounting", "lists"))
    label = {"customLabel": labels} if labels else {}
    asked: dict[str, Any] = {
        name: [soap.make(f"SearchColumn{TYPES.get(name, 'String')}Field", **label)]
        for name in columns.split()
        if not name.startswith("cust")
    }
    own = [soap.make("SearchColumnStringCustomField", scriptId=n) for n in columns.split() if n.startswith("cust")]
    if own:
        asked["customFieldList"] = soap.make("SearchColumnCustomFieldList", customField=own)
    basic = soap.make(f"{kind}SearchBasic", part="common", **named)
    row = soap.make(f"{kind}SearchRowBasic", part="common", **asked)
    criteria = soap.make(f"{kind}Search", part=part, family=family, basic=basic)
    returned = soap.make(f"{kind}SearchRow", part=part, family=family, basic=row)
    return soap.make(f"{kind}SearchAdvanced", part=part, family=family, criteria=criteria, columns=returned)


def main_line(soap: Soap, *, only: bool = True) -> Any:
    return soap.make("SearchBooleanField", searchValue=only)


def text_is(soap: Soap, value: str) -> Any:
    return soap.make("SearchStringField", operator="is", searchValue=value)


def rows(result: Any) -> list[Any]:
    assert result.status.isSuccess, result.status
    assert result.recordList is None
    return [row.basic for row in result.searchRowList.searchRow]


def value(row: Any, name: str) -> Any:
    found = row[name]
    return found[0].searchValue if found else None


def problem(result: Any) -> tuple[bool, str]:
    return result.status.isSuccess, result.status.statusDetail[0].code


def test_a_row_has_the_columns_that_were_asked_for(ns: Served, soap: Soap) -> None:
    ns.control("PATCH", "/records/salesOrder/1002", {"values": {"tranDate": "2026-11-20"}, "stamp": CHANGED})
    names = (
        "approvalStatus currency entity exchangeRate internalId lastModifiedDate mainLine memoMain recordType status"
        " tranDate tranId type custbody_priority"
    )
    since = soap.make("SearchDateField", operator="onOrAfter", searchValue=datetime(2026, 11, 20, 17, 30, tzinfo=UTC))
    search = advanced(soap, names, lastModifiedDate=since, mainLine=main_line(soap))
    [row] = rows(soap.search(search))
    assert value(row, "internalId").internalId == "1002"
    assert (value(row, "entity").internalId, value(row, "entity").name) == ("12", None)
    assert (value(row, "currency").internalId, value(row, "exchangeRate")) == ("3", 7.8)
    assert (value(row, "type"), value(row, "recordType"), value(row, "tranId")) == (
        "_salesOrder",
        "salesorder",
        "SO-1042",
    )
    assert (value(row, "approvalStatus"), value(row, "status")) == ("_pendingApproval", "_salesOrderPendingApproval")
    assert value(row, "lastModifiedDate").isoformat() == "2026-11-20T09:30:15-08:00"
    assert value(row, "tranDate").isoformat() == "2026-11-19T08:00:00-08:00"
    assert value(row, "mainLine") is True
    assert value(row, "memoMain") is None
    [priority] = row.customFieldList.customField
    assert (priority.scriptId, priority.searchValue) == ("custbody_priority", "High")
    assert not row.nextApprover


def test_each_line_of_a_transaction_is_a_row(soap: Soap) -> None:
    number = text_is(soap, "SO-1041")
    found = rows(soap.search(advanced(soap, "internalId item line mainLine", tranId=number)))
    assert [(value(row, "internalId").internalId, value(row, "mainLine")) for row in found] == [
        ("1001", True),
        ("1001", False),
        ("1001", False),
    ]
    assert [value(row, "line") for row in found] == [0, 1, 2]
    assert [getattr(value(row, "item"), "internalId", None) for row in found] == [None, "1", "2"]
    lines = soap.search(advanced(soap, "item", tranId=number, mainLine=main_line(soap, only=False)))
    assert [value(row, "item").internalId for row in rows(lines)] == ["1", "2"]


def test_the_cost_of_an_invoice_is_a_line_too(ns: Served, soap: Soap) -> None:
    search = advanced(soap, "item mainLine", tranId=text_is(soap, "INV-1041"))
    assert len(rows(soap.search(search))) == 3
    ns.switch(cost_lines="absent")
    assert len(rows(soap.search(search))) == 2


def test_the_main_line_stands_for_all_transactions_in_a_basic_search(soap: Soap) -> None:
    basic = soap.make("TransactionSearchBasic", part="common", mainLine=main_line(soap))
    cable = soap.make("SearchMultiSelectField", operator="anyOf", searchValue=[soap.make("RecordRef", internalId="3")])
    with_cable = soap.make("TransactionSearchBasic", part="common", item=cable)
    everything = soap.search(soap.make("TransactionSearchBasic", part="common"))
    assert soap.search(basic).totalRecords == everything.totalRecords == 8
    assert "SO-1042" in [record.tranId for record in soap.search(with_cable).recordList.record]


def test_lists_have_rows_too(soap: Soap) -> None:
    customers = rows(soap.search(advanced(soap, "companyName creditLimit internalId", "Customer")))
    assert [value(row, "companyName") for row in customers] == ["Lotus Foods", "Kite & Lantern Retail", "Granite Works"]
    assert [value(row, "creditLimit") for row in customers] == [250000.0, None, None]
    items = rows(soap.search(advanced(soap, "itemId saleUnit type", "Item")))
    assert [(value(row, "itemId"), value(row, "saleUnit").internalId, value(row, "type")) for row in items] == [
        ("TS-20", "2", "_inventoryItem"),
        ("GW-4", "1", "_inventoryItem"),
        ("CB-100", "4", "_inventoryItem"),
    ]


def test_rows_have_pages_and_each_searches_again(ns: Served, soap: Soap) -> None:
    search = advanced(soap, "internalId", mainLine=main_line(soap), approvalStatus=_waiting(soap))
    first = soap.search(search, page_size=5)
    assert (first.totalRecords, first.totalPages, len(rows(first))) == (5, 1, 5)
    everything = soap.search(advanced(soap, "internalId", mainLine=main_line(soap)), page_size=5)
    ns.control("DELETE", "/records/salesOrder/1001", {})
    second = soap.call("searchMoreWithId", searchId=everything.searchId, pageIndex=2).searchResult
    assert (second.totalRecords, second.pageIndex, len(rows(second))) == (7, 2, 2)


def _waiting(soap: Soap) -> Any:
    return soap.make("SearchEnumMultiSelectField", operator="anyOf", searchValue=["_pendingApproval"])


def test_a_label_comes_back(soap: Soap) -> None:
    found = rows(soap.search(advanced(soap, "tranId", labels="Number", mainLine=main_line(soap))))
    assert (found[0].tranId[0].customLabel, found[0].tranId[0].searchValue) == ("Number", "SO-1041")


def test_roles_narrow_rows_and_columns(ns: Served) -> None:
    clerk = Soap(ns, "clerk")
    orders = rows(clerk.search(advanced(clerk, "tranId", mainLine=main_line(clerk))))
    customers = rows(clerk.search(advanced(clerk, "companyName creditLimit", "Customer")))
    assert [value(row, "tranId") for row in orders] == ["SO-1041", "SO-1042", "INV-1041"]
    assert {value(row, "creditLimit") for row in customers} == {None}


def test_a_removed_field_is_left_out(ns: Served, soap: Soap) -> None:
    search = advanced(soap, "internalId exchangeRate", mainLine=main_line(soap))
    ns.control("POST", "/schema", {"table": "transaction", "field": "exchangerate", "remove": True})
    assert {value(row, "exchangeRate") for row in rows(soap.search(search))} == {None}


def test_what_cannot_be_returned_is_told(soap: Soap) -> None:
    unknown = soap.search(advanced(soap, "internalId custbody_gone"))
    saved = soap.make("TransactionSearchAdvanced", part="sales", family="transactions", savedSearchId="57")
    assert problem(unknown) == (False, "USER_ERROR")
    assert problem(soap.search(saved)) == (False, "INVALID_SAVEDSEARCH")


def test_without_columns_a_search_is_refused_or_finds_records(ns: Served, soap: Soap) -> None:
    number = text_is(soap, "SO-1041")
    search = advanced(soap, "", tranId=number)

    def records_in_place_of_columns() -> Any:
        head = [soap.passport(), soap.header("searchPreferences", returnSearchColumns=False)]
        return soap.call("search", head=head, searchRecord=advanced(soap, "tranId", tranId=number)).searchResult

    assert problem(soap.search(search)) == (False, "INVALID_SEARCH_PREF")
    assert problem(records_in_place_of_columns()) == (False, "INVALID_SEARCH_PREF")
    ns.switch(columns_missing="records")
    for result in (soap.search(search), records_in_place_of_columns()):
        [record] = result.recordList.record
        assert (record.tranId, len(record.itemList.item)) == ("SO-1041", 2)
