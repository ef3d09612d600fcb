"""A row becomes a record whose values say what they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import HIDDEN, Choice, Malformed, Misconfigured, Money, Quantity, Record, Ref, Unread
from tests.connectors.dynamics.business_central.parts import LINES, ORDERS, VERSION, Desk, client
from tests.connectors.dynamics.business_central.vendor import Said, Vendor, payload, rows

FIELDS = [*ORDERS["fields"], "currencyId", "currencyCode", "totalAmountExcludingTax", "discountAmount", "number"]


def one(vendor: Vendor, fields: list[str], **cells: Any) -> Record | Unread:
    kind = {"fields": fields}
    vendor.on("GET", "salesOrders", rows({**payload("salesorder"), **cells}))
    made = client(vendor, Desk(), kinds={"salesOrders": kind})
    (found,) = made.read("salesOrders", [payload("salesorder")["id"]])
    return found


def record(vendor: Vendor, fields: list[str], **cells: Any) -> Record:
    found = one(vendor, fields, **cells)
    assert isinstance(found, Record)
    return found


def test_a_sales_order_says_what_its_values_are(vendor: Vendor) -> None:
    found = record(vendor, FIELDS)
    assert found.number == "0101005", "zeros are part of a number"
    assert found.version == VERSION
    assert found.stamp == found.occurred_at == datetime(2023, 9, 2, 17, 49, 38, 500_000, UTC)
    assert found.fields["status"] == Choice("In Review", "In Review")
    assert found.fields["totalAmountIncludingTax"] == Money(Decimal("1000.8"), "GBP")
    assert found.fields["totalAmountExcludingTax"] == Money(Decimal("12345678901234567.89"), "GBP")
    assert found.fields["orderDate"] == date(2015, 12, 31)
    assert found.fields["customerId"] == Ref("customers", "c04c550b-593f-ee11-be74-6045bdc8c285", "Adatum Corporation")
    assert found.fields["fullyShipped"] is False


def test_what_business_central_leaves_blank_is_empty(vendor: Vendor) -> None:
    found = record(vendor, FIELDS)
    assert found.fields["requestedDeliveryDate"] is None
    assert found.fields["externalDocumentNumber"] is None
    assert found.fields["currencyId"] is None


def test_an_amount_without_a_currency_is_in_the_companys_own(vendor: Vendor) -> None:
    found = record(vendor, FIELDS, currencyCode="")
    assert found.fields["totalAmountIncludingTax"] == Money(Decimal("1000.8"), "GBP")
    assert found.fields["currencyCode"] == "GBP"


def test_an_amount_is_not_read_where_nobody_names_its_currency(vendor: Vendor) -> None:
    vendor.on("GET", "generalLedgerSetup", rows({"localCurrencyCode": ""}))
    vendor.on("GET", "companyInformation", rows({"currencyCode": ""}))
    with pytest.raises(Misconfigured, match="local_currency"):
        one(vendor, FIELDS, currencyCode="")


def test_an_older_version_tells_its_currency_with_the_company(vendor: Vendor) -> None:
    vendor.on("GET", "generalLedgerSetup", Said(404, {"error": {"code": "BadRequest_ResourceNotFound", "message": ""}}))
    vendor.on("GET", "companyInformation", Said(200, {"currencyCode": "HKD"}))
    found = record(vendor, FIELDS, currencyCode="")
    assert found.fields["totalAmountIncludingTax"] == Money(Decimal("1000.8"), "HKD")


def test_each_line_has_its_own_unit_and_the_documents_currency(vendor: Vendor) -> None:
    found = record(vendor, LINES, currencyCode="USD")
    assert found.fields["salesOrderLines"] == (
        {
            "lineObjectNumber": "1896-S",
            "quantity": Quantity(Decimal(2), "PCS"),
            "unitPrice": Money(Decimal("500.4"), "USD"),
        },
        {
            "lineObjectNumber": "1900-S",
            "quantity": Quantity(Decimal("1.5"), "BOX"),
            "unitPrice": Money(Decimal(12), "USD"),
        },
    )
    (asked,) = vendor.calls("salesOrders")
    assert asked.params["$expand"] == "salesOrderLines($select=lineObjectNumber,quantity,unitOfMeasureCode,unitPrice)"
    assert set(asked.params["$select"].split(",")) == {"id", "lastModifiedDateTime", "number", "currencyCode"}


def test_a_linked_record_gives_its_fields_and_its_balance_in_the_companys_currency(vendor: Vendor) -> None:
    found = record(vendor, ["customer.displayName", "customer.balanceDue"], currencyCode="USD")
    assert found.fields["customer.displayName"] == "Adatum Corporation"
    assert found.fields["customer.balanceDue"] == Money(Decimal("12.5"), "GBP")
    missing = record(vendor, ["customer.displayName"], customer=None)
    assert missing.fields["customer.displayName"] is None


def test_lines_that_did_not_fit_are_fetched(vendor: Vendor) -> None:
    rest = {"lineObjectNumber": "9", "quantity": 9, "unitOfMeasureCode": "PCS", "unitPrice": 1}
    link = f"{vendor.base}/lines?$skiptoken=2"
    vendor.on("GET", "/lines", rows(rest))
    found = record(vendor, LINES, **{"salesOrderLines@odata.nextLink": link})
    lines = found.fields["salesOrderLines"]
    assert isinstance(lines, tuple)
    assert len(lines) == 3


def test_a_link_to_another_server_is_not_followed(vendor: Vendor) -> None:
    with pytest.raises(Malformed) as raised:
        one(vendor, LINES, **{"salesOrderLines@odata.nextLink": "http://127.0.0.1:9/steal"})
    assert "another server" in raised.value.detail


def test_a_property_that_is_not_there_is_hidden(vendor: Vendor) -> None:
    found = record(vendor, ["status", "noSuchProperty", "noSuchLines.quantity"])
    assert found.fields["noSuchProperty"] is HIDDEN
    assert found.fields["noSuchLines.quantity"] is HIDDEN


@pytest.mark.parametrize(
    "cells",
    [
        {"totalAmountIncludingTax": "much"},
        {"orderDate": "31.12.2015"},
        {"status": 3},
        {"fullyShipped": "perhaps"},
        {"customerId": "10000"},
        {"totalAmountIncludingTax": True},
    ],
)
def test_a_row_that_does_not_fit_its_description_is_set_aside_with_the_name_alone(
    vendor: Vendor, cells: dict[str, Any]
) -> None:
    found = one(vendor, list(ORDERS["fields"]), **cells)
    assert isinstance(found, Unread)
    (name,) = cells
    assert name in found.sentence
    assert str(cells[name]) not in found.sentence.replace(name, "")
    assert found.id == payload("salesorder")["id"]


def test_a_record_opens_in_the_browser(vendor: Vendor) -> None:
    found = record(vendor, ["status"])
    assert found.url == (
        "https://businesscentral.dynamics.com/contoso.example/production/"
        "?company=CRONUS%20International%20Ltd.&page=42&filter=%27No.%27%20IS%20%270101005%27"
    )


def test_stock_is_a_quantity_in_the_items_own_unit(vendor: Vendor) -> None:
    vendor.on("GET", "items", rows(payload("item")))
    desk = Desk()
    kind = {"fields": ["inventory", "unitCost", "type"], "entity_set": "items", "reading": "snapshot"}
    (found,) = client(vendor, desk, kinds={"stock": kind}).pull("stock", None).records
    assert found.fields["inventory"] == Quantity(Decimal(4), "PCS")
    assert found.fields["unitCost"] == Money(Decimal("780.7"), "GBP")
    assert found.fields["type"] == Choice("Non-Inventory", "Non-Inventory")
    assert found.stamp == desk.now, "an item's stamp does not move with its inventory"
    assert found.occurred_at is None


def test_the_settings_say_what_the_numbers_of_a_custom_page_are(vendor: Vendor) -> None:
    kind = {
        "fields": ["inventory", "unitPrice"],
        "money": {"inventory": "local"},
        "quantities": {"unitPrice": "number"},
    }
    vendor.on("GET", "items", rows(payload("item")))
    (found,) = client(vendor, Desk(), kinds={"items": kind}).pull("items", None).records
    assert found.fields["inventory"] == Money(Decimal(4), "GBP")
