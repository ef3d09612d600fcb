"""Business Central: what the reference of its API says of currencies, enumerations, single resources and routes."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.connectors.dynamics.sandbox.served import Served, error

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
NOBODY = "00000000-0000-0000-0000-000000000000"


def first(d365: Served, resource: str, company: str = "Harbour HK") -> Any:
    return d365.bc("GET", f"{d365.company(company)}/{resource}").json()["value"][0]


def custom(d365: Served, method: str, path: str) -> Any:
    base = d365.facts["businesscentral"]["extension_api"]
    return d365.bc(method, f"{base}{d365.company()}{path}")


def metadata(d365: Served, path: str = "/$metadata") -> ET.Element:
    answer = d365.bc("GET", path)
    assert answer.headers["content-type"].startswith("application/xml")
    return ET.fromstring(answer.content)  # noqa: S314 - our own twin's answer


def test_the_books_tell_the_local_currency(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_generalledgersetup"""
    assert first(d365, "generalLedgerSetup")["localCurrencyCode"] == "HKD"
    assert first(d365, "generalLedgerSetup", "Harbour SZ")["localCurrencyCode"] == "CNY"
    assert first(d365, "companyInformation")["currencyCode"] == "HKD"
    assert first(d365, "generalLedgerSetup")["allowPostingFrom"] == "0001-01-01"


def test_company_information_may_be_an_object_and_can_be_changed(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/api/dynamics_companyinformation_get"""
    row = first(d365, "companyInformation")
    path = f"{d365.company()}/companyInformation({row['id']})"
    changed = d365.bc("PATCH", path, json={"city": "Hong Kong"}, headers={"If-Match": row["@odata.etag"]})
    assert changed.json()["city"] == "Hong Kong"
    assert error(d365.bc("POST", f"{d365.company()}/companyInformation", json={}))[0] == 405
    d365.switch(company_information="object")
    assert d365.bc("GET", f"{d365.company()}/companyInformation").json()["displayName"] == "Harbour Trading (HK)"


def test_an_order_in_the_local_currency_has_its_code_and_no_id(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/api/dynamics_purchaseorder_get"""
    path = d365.record("salesOrders", "S-ORD101042")
    order = d365.bc("GET", path).json()
    dollars = d365.bc("GET", d365.record("salesOrders", "S-ORD101043")).json()
    found = d365.bc("GET", f"{d365.company()}/salesOrders?$filter=currencyCode eq 'HKD'").json()["value"]
    assert (order["currencyCode"], order["currencyId"]) == ("HKD", NOBODY)
    assert dollars["currencyCode"] == "USD"
    assert dollars["currencyId"] != NOBODY
    assert [one["number"] for one in found] == ["S-ORD101042"]
    d365.switch(local_currency="empty")
    assert d365.bc("GET", path).json()["currencyCode"] == ""


def test_the_local_code_is_no_foreign_currency(d365: Served) -> None:
    body = {"customerNumber": "C01001", "currencyCode": "HKD"}
    made = d365.bc("POST", f"{d365.company()}/salesOrders", json=body).json()
    assert (made["currencyCode"], made["currencyId"]) == ("HKD", NOBODY)


def test_members_of_enumerations_are_identifiers(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/api/dynamics_opportunity_get"""
    path = d365.record("purchaseOrders", "P-ORD107001")
    listed = f"{d365.company()}/purchaseOrders?$filter=status eq '{{}}'"
    customer = d365.bc("GET", d365.record("customers", "C01001")).json()
    assert d365.bc("GET", path).json()["status"] == "In_x0020_Review"
    assert customer["blocked"] == "_x0020_"
    assert len(d365.bc("GET", listed.format("In_x0020_Review")).json()["value"]) == 1
    assert error(d365.bc("GET", listed.format("Somewhere")))[0] == 400
    d365.switch(enum_names="plain")
    assert d365.bc("GET", path).json()["status"] == "In Review"
    assert len(d365.bc("GET", listed.format("In Review")).json()["value"]) == 1


@pytest.mark.parametrize("name", ["Non-Inventory", "Non_x002D_Inventory"])
def test_both_names_of_a_member_can_be_written(d365: Served, name: str) -> None:
    item = f"{d365.record('items', '1000')}"
    changed = d365.bc("PATCH", item, json={"type": name}, headers={"If-Match": "*"})
    assert changed.json()["type"] == "Non_x002D_Inventory"
    assert error(d365.bc("PATCH", item, json={"type": "Air"}, headers={"If-Match": "*"})) == (400, "BadRequest")


def test_the_schema_has_types_enumerations_and_actions(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-develop-custom-api"""
    tree = metadata(d365)
    types = {one.get("Name"): one for one in tree.iter(f"{EDM}EntityType")}
    properties = {one.get("Name"): one.get("Type") for one in types["salesOrder"].iter(f"{EDM}Property")}
    enums = {
        one.get("Name"): [member.get("Name") for member in one.iter(f"{EDM}Member")]
        for one in tree.iter(f"{EDM}EnumType")
    }
    sets = {one.get("Name"): one.get("EntityType") for one in tree.iter(f"{EDM}EntitySet")}
    assert properties["status"] == "Microsoft.NAV.salesOrderEntityBufferStatus"
    assert enums["salesOrderEntityBufferStatus"] == ["Draft", "In_x0020_Review", "Open"]
    assert (properties["orderDate"], properties["currencyId"]) == ("Edm.Date", "Edm.Guid")
    assert properties["totalAmountIncludingTax"] == "Edm.Decimal"
    assert sets["approvalEntries"] == "Microsoft.NAV.approvalEntry"
    assert "itemUnitsOfMeasure" not in sets
    assert {one.get("Name") for one in tree.iter(f"{EDM}Action")} == {"shipAndInvoice", "receiveAndInvoice", "post"}
    lines = {one.get("Name"): one.get("Type") for one in types["salesOrder"].iter(f"{EDM}NavigationProperty")}
    assert lines["salesOrderLines"] == "Collection(Microsoft.NAV.salesOrderLine)"
    assert lines["customer"] == "Microsoft.NAV.customer"


def test_approvals_are_read_and_not_written(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_approvalentry"""
    entry = first(d365, "approvalEntries")
    path = f"{d365.company()}/approvalEntries({entry['id']})"
    assert (entry["status"], entry["documentType"], entry["documentNumber"]) == ("Open", "Order", "P-ORD107001")
    assert entry["limitType"] == "Approval_x0020_Limits"
    assert first(d365, "workflowApprovers")["userName"] == "wilmot@harbour.example"
    for method in ("PATCH", "DELETE"):
        assert error(d365.bc(method, path, json={"status": "Approved"}, headers={"If-Match": "*"}))[0] == 405
    assert error(d365.bc("POST", f"{d365.company()}/approvalEntries", json={}))[0] == 405
    assert error(d365.bc("POST", f"{path}/Microsoft.NAV.approve"))[0] == 404


def test_shipments_have_lines_and_are_read_only(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_salesshipment"""
    shipment = first(d365, "salesShipments?$expand=salesShipmentLines,customer")
    line = shipment["salesShipmentLines"][0]
    path = f"{d365.company()}/salesShipments({shipment['id']})"
    assert shipment["customer"]["displayName"] == shipment["customerName"] == "Harbour Logistics"
    assert (line["quantity"], line["unitOfMeasureCode"], line["documentNo"]) == (4, "CASE", "S-SHPT102001")
    assert shipment["dueDate"] == "0001-01-01"
    assert error(d365.bc("DELETE", path))[0] == 405
    assert error(d365.bc("POST", f"{path}/salesShipmentLines", json={}))[0] == 405


def test_units_and_currencies_are_reached_from_what_has_them(d365: Served) -> None:
    item = d365.bc("GET", f"{d365.record('items', '1000')}?$expand=unitOfMeasure").json()
    order = f"{d365.record('salesOrders', 'S-ORD101043')}?$expand=currency,salesOrderLines"
    shown = d365.bc("GET", order).json()
    assert (item["inventory"], item["baseUnitOfMeasureCode"]) == (640, "PCS")
    assert item["unitOfMeasure"]["code"] == "PCS"
    assert shown["currency"]["code"] == "USD"
    assert shown["salesOrderLines"][0]["netAmountIncludingTax"] == 1458
    read_only = d365.bc("PATCH", d365.record("items", "1000"), json={"inventory": 1}, headers={"If-Match": "*"})
    assert read_only.status_code == 400


def test_pages_of_ones_own_have_a_route_of_their_own(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/api-endpoint-structure"""
    units = custom(d365, "GET", "/itemUnitsOfMeasure?$filter=itemNumber eq '1000'").json()["value"]
    base = d365.facts["businesscentral"]["extension_api"]
    assert {unit["code"]: unit["qtyPerUnitOfMeasure"] for unit in units} == {"PCS": 1, "CASE": 24}
    assert base.endswith("/api/harbour/erp/v1.0")
    assert error(custom(d365, "GET", "/customers")) == (404, "BadRequest_ResourceNotFound")
    assert error(d365.bc("GET", f"{d365.company()}/itemUnitsOfMeasure")) == (404, "BadRequest_ResourceNotFound")
    assert error(d365.bc("GET", base.replace("harbour/erp", "harbour/crm")))[0] == 404
    sets = {one["name"] for one in d365.bc("GET", base).json()["value"]}
    actions = {one.get("Name") for one in metadata(d365, f"{base}/$metadata").iter(f"{EDM}Action")}
    assert sets == {"companies", "itemUnitsOfMeasure", "approvalEntries"}
    assert actions == {"approve", "reject"}


@pytest.mark.parametrize(
    ("action", "decided", "left"), [("approve", "Approved", "Open"), ("reject", "Rejected", "Draft")]
)
def test_a_page_of_ones_own_decides(d365: Served, action: str, decided: str, left: str) -> None:
    entry = first(d365, "approvalEntries")
    path = f"/approvalEntries({entry['id']})"
    before = d365.bc("GET", d365.record("purchaseOrders", "P-ORD107001")).json()
    answers = [custom(d365, "POST", f"{path}/Microsoft.NAV.{action}") for _ in range(2)]
    after = d365.bc("GET", d365.record("purchaseOrders", "P-ORD107001")).json()
    assert answers[0].status_code == 204
    assert error(answers[1]) == (400, "Application_DialogException")
    assert first(d365, "approvalEntries")["status"] == decided
    assert (before["status"], after["status"]) == ("In_x0020_Review", left)


def test_an_order_waits_for_all_who_have_to_approve(d365: Served) -> None:
    entry = first(d365, "approvalEntries")
    again = {name: entry[name] for name in ("tableId", "documentType", "documentNumber", "status")}
    more = {"values": {**again, "sequenceNumber": 2, "approverId": "HEAD"}}
    second = d365.control("POST", "/businesscentral/records/approvalEntries", more)["ids"][0]
    order = d365.record("purchaseOrders", "P-ORD107001")
    states = []
    for one in (entry["id"], second):
        custom(d365, "POST", f"/approvalEntries({one})/Microsoft.NAV.approve")
        states.append(d365.bc("GET", order).json()["status"])
    assert states == ["In_x0020_Review", "Open"]


def test_the_company_may_stand_in_the_query(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/api-endpoint-structure"""
    company = d365.company("Harbour SZ").partition("(")[2].rstrip(")")
    rows = d365.bc("GET", f"/customers?company={company}").json()["value"]
    assert [row["displayName"] for row in rows] == ["Delta Machines"]


def test_companies_are_filtered_and_read_one_by_one(d365: Served) -> None:
    """See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_company"""
    found = d365.bc("GET", "/companies?$select=id,name&$filter=name eq 'Harbour SZ'").json()["value"]
    one = d365.bc("GET", d365.company("Harbour SZ")).json()
    assert [sorted(company) for company in found] == [["id", "name"]]
    assert found[0]["id"] == one["id"]
    assert one["systemCreatedAt"] == "0001-01-01T00:00:00Z"
    assert error(d365.bc("GET", "/companies?$select=colour"))[0] == 400
    assert error(d365.bc("GET", "/companies?$filter=colour eq 'x'"))[0] == 400


def test_numbers_are_those_of_ones_own_company(d365: Served) -> None:
    body = {"customerNumber": "C01001"}
    made = d365.bc("POST", f"{d365.company('Harbour SZ')}/salesOrders", json=body).json()
    assert made["customerName"] == "Delta Machines"
