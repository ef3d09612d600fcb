"""SOAP: lists of records by id, limits, and both versions of the endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.netsuite.sandbox.served import Served
from tests.connectors.netsuite.sandbox.soap import Soap

MOST = 1000


@pytest.fixture
def soap(ns: Served) -> Soap:
    return Soap(ns)


def read(soap: Soap, *asked: tuple[str, str]) -> Any:
    """The answer to a list of ids and types."""
    refs = [soap.make("RecordRef", internalId=one, type=kind) for one, kind in asked]
    return soap.call("getList", baseRef=refs).readResponseList


def outcomes(listed: Any) -> list[str]:
    """The name of each record that was found, or the code that stands in its place."""
    return [
        type(one.record).__name__ if one.status.isSuccess else one.status.statusDetail[0].code
        for one in listed.readResponse
    ]


def test_a_list_has_an_answer_for_each_reference_in_order(ns: Served, soap: Soap) -> None:
    ns.control("DELETE", "/records/salesOrder/1002", {})
    ns.control("POST", "/lock", {"type": "purchaseOrder", "id": 1005})
    asked = [
        ("1001", "salesOrder"),
        ("1002", "salesOrder"),
        ("1001", "purchaseOrder"),
        ("11", "customer"),
        ("1", "spaceship"),
        ("1005", "purchaseOrder"),
        ("1006", "purchaseOrder"),
    ]
    listed = read(soap, *asked)
    assert outcomes(listed) == [
        "SalesOrder",
        "RCRD_DSNT_EXIST",
        "RCRD_DSNT_EXIST",
        "Customer",
        "INVALID_RCRD_TYPE",
        "USER_ERROR",
        "PurchaseOrder",
    ]
    order = listed.readResponse[0].record
    assert (order.internalId, order.itemList.item[0].units.name) == ("1001", "Box")
    assert [one.record is None for one in listed.readResponse] == [False, True, True, False, True, True, False]


def test_a_list_reads_by_external_id_too(ns: Served, soap: Soap) -> None:
    ns.call("PATCH", "/purchaseOrder/1005", json={"externalId": "erp-5"})
    reference = soap.make("RecordRef", externalId="erp-5", type="purchaseOrder")
    [found] = soap.call("getList", baseRef=[reference]).readResponseList.readResponse
    assert (found.record.internalId, found.record.externalId) == ("1005", "erp-5")


def test_a_list_may_have_a_status_as_a_whole(ns: Served, soap: Soap) -> None:
    assert read(soap, ("1001", "salesOrder")).status is None
    ns.switch(soap_list_status="present")
    assert read(soap, ("9999", "salesOrder")).status.isSuccess is True


def test_a_list_has_at_most_a_thousand_records(soap: Soap) -> None:
    refs = [soap.make("RecordRef", internalId="1001", type="salesOrder")] * (MOST + 1)
    fault = soap.fault("getList", baseRef=refs)
    listed = soap.call("getList", baseRef=refs[:MOST]).readResponseList
    assert (fault.kind, fault.code) == ("exceededRecordCountFault", "MAX_RCRDS_EXCEEDED")
    assert outcomes(listed) == ["SalesOrder"] * MOST


def test_a_list_is_read_with_the_eyes_of_the_role(ns: Served) -> None:
    listed = read(Soap(ns, "clerk"), ("1001", "salesOrder"), ("1003", "salesOrder"), ("1005", "purchaseOrder"))
    assert outcomes(listed) == ["SalesOrder", "RCRD_DSNT_EXIST", "INSUFFICIENT_PERMISSION"]


def test_currencies_and_units_are_read_by_id(soap: Soap) -> None:
    currency, units = (one.record for one in read(soap, ("3", "currency"), ("1", "unitsType")).readResponse)
    assert (currency.name, currency.symbol, currency.isBaseCurrency, currency.exchangeRate) == (
        "US Dollar",
        "USD",
        False,
        7.8,
    )
    assert (units.name, units.isInactive) == ("Count", False)
    assert [(u.internalId, u.unitName, u.conversionRate, u.baseUnit) for u in units.uomList.uom] == [
        ("1", "Each", 1.0, True),
        ("2", "Box", 12.0, False),
        ("3", "Case", 144.0, False),
    ]


def test_an_administrator_is_told_of_limits(ns: Served) -> None:
    chief = Soap(ns, "administrator")
    account = chief.call("getAccountGovernanceInfo").getAccountGovernanceInfoResult
    shared = chief.call("getIntegrationGovernanceInfo").getIntegrationGovernanceInfoResult
    ns.settings(integration_concurrency=2)
    own = chief.call("getIntegrationGovernanceInfo").getIntegrationGovernanceInfoResult
    left = chief.call("getAccountGovernanceInfo").getAccountGovernanceInfoResult
    assert (account.accountConcurrencyLimit, account.unallocatedConcurrencyLimit) == (5, 5)
    assert (shared.integrationConcurrencyLimit, shared.limitType) == (None, "_account")
    assert (own.integrationConcurrencyLimit, own.limitType) == (2, "_integrationSpecific")
    assert left.unallocatedConcurrencyLimit == 3


@pytest.mark.parametrize("operation", ["getAccountGovernanceInfo", "getIntegrationGovernanceInfo"])
def test_nobody_else_is_told_of_limits(soap: Soap, operation: str) -> None:
    status = soap.call(operation)[f"{operation}Result"].status
    assert (status.isSuccess, status.statusDetail[0].code) == (False, "INSUFFICIENT_PERMISSION")


@pytest.mark.parametrize("operation", ["getAccountGovernanceInfo", "getServerTime"])
def test_a_full_account_blocks_a_request(ns: Served, operation: str) -> None:
    chief = Soap(ns, "administrator")
    ns.control("POST", "/governance", {"places": 5, "seconds": 60})
    fault = chief.fault(operation)
    assert (fault.kind, fault.code) == ("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED")
    ns.control("DELETE", "/governance")
    assert chief.call(operation)[f"{operation}Result"].status.isSuccess is True


@pytest.mark.parametrize("version", ["2023_2", "2025_2"])
def test_all_versions_answer_in_their_own_namespaces(ns: Served, version: str) -> None:
    soap = Soap(ns, version=version)
    found = soap.search(soap.make("CustomerSearchBasic", part="common")).recordList.record
    listed = read(soap, ("1001", "salesOrder"), ("9999", "salesOrder"))
    row = soap.make("CustomerSearchRowBasic", part="common", entityId=[soap.make("SearchColumnStringField")])
    columns = soap.make("CustomerSearchRow", part="relationships", family="lists", basic=row)
    asked = soap.make("CustomerSearchAdvanced", part="relationships", family="lists", columns=columns)
    rows = soap.search(asked).searchRowList.searchRow
    fault = soap.fault("getServerTime", head=[])
    assert [customer.entityId for customer in found] == ["C-2001", "C-2002", "C-2003"]
    assert outcomes(listed) == ["SalesOrder", "RCRD_DSNT_EXIST"]
    assert [one.basic.entityId[0].searchValue for one in rows] == ["C-2001", "C-2002", "C-2003"]
    assert fault.kind == "invalidCredentialsFault"
