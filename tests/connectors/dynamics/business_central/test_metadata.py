"""The API's own description says what there is and how it arrives."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Choice, Malformed, Misconfigured, Money, Quantity, Ref
from connectors.dynamics.business_central.layout import Form, label_of, layout_of
from connectors.dynamics.business_central.metadata import Link, parse
from connectors.dynamics.business_central.settings import Kind
from tests.connectors.dynamics.business_central.parts import Desk, client
from tests.connectors.dynamics.business_central.vendor import API, FIXTURES, Vendor

WHOLE = (FIXTURES / "metadata.xml").read_bytes()
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>"""


def kind(*fields: str, **more: Any) -> Kind:
    return Kind.model_validate({"fields": fields, **more})


def test_the_standard_api_is_understood() -> None:
    model = parse(WHOLE)
    order = model.entity("salesOrders")
    assert order is not None
    assert order.keys == ["id"]
    assert order.links["customer"] == Link("customer", many=False, key="customerId")
    assert order.links["salesOrderLines"] == Link("salesOrderLine", many=True)
    assert order.actions == {"shipAndInvoice", "approveRequest"}
    assert model.enums["invoiceEntityAggregateStatus"][0] == "_x0020_"
    assert model.set_of("customer") == "customers"
    assert model.entity("nothing") is None


@pytest.mark.parametrize("content", [b"", b"<html>", b"<a><b></a>", BOMB, WHOLE[:-40], b"\xff\xfe"])
def test_what_is_no_description_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        parse(content)


@pytest.mark.parametrize(
    ("member", "label"),
    [
        ("In_x0020_Review", "In Review"),
        ("Positive_x0020_Adjmt_x002E_", "Positive Adjmt."),
        ("_x0020_", ""),
        ("Open", "Open"),
        ("_x00_", "_x00_"),
    ],
)
def test_an_enumerations_name_is_decoded(member: str, label: str) -> None:
    assert label_of(member) == label


def test_each_property_arrives_in_its_form() -> None:
    fields = (
        "status",
        "orderDate",
        "totalAmountIncludingTax",
        "fullyShipped",
        "customerId",
        "currencyCode",
        "salesperson",
    )
    layout = layout_of("salesOrders", kind(*fields), parse(WHOLE))
    assert {each.name: each.form for each in layout.columns} == {
        "status": Form.CHOICE,
        "orderDate": Form.DATE,
        "totalAmountIncludingTax": Form.MONEY,
        "fullyShipped": Form.TRUTH,
        "customerId": Form.LINK,
        "currencyCode": Form.CURRENCY,
        "salesperson": Form.TEXT,
    }
    assert layout.select == (
        "id",
        "lastModifiedDateTime",
        "number",
        *fields[:5],
        "customerName",
        "currencyCode",
        "salesperson",
    )


@pytest.mark.parametrize(
    ("name", "chosen", "sentence"),
    [
        ("salesOrder", kind("number"), "no entity set"),
        ("ledgerLines", kind("line", stamp="lastModifiedDateTime"), "single property"),
        ("salesOrderLines", kind("quantity"), "snapshot"),
        ("customers", kind("number", stamp="displayName"), "stamp"),
    ],
)
def test_what_cannot_be_followed_says_so(name: str, chosen: Kind, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        layout_of(name, chosen, parse(WHOLE))


def test_what_has_no_single_value_is_named() -> None:
    layout = layout_of("items", kind("picture", "number"), parse(WHOLE))
    assert layout.unread == ("picture",)
    assert layout_of("salesOrders", kind("salesOrderLines", "number"), parse(WHOLE)).unread == ("salesOrderLines",)


def test_the_fields_that_may_be_mapped_are_described(vendor: Vendor, desk: Desk) -> None:
    ours = client(vendor, desk)
    described = {each.path: each for each in ours.describe("salesOrders")}
    assert described["totalAmountIncludingTax"].value is Money
    assert described["totalAmountIncludingTax"].label == "Total Amount Including Tax"
    assert described["status"].value is Choice
    assert described["customerId"].value is Ref
    assert described["salesOrderLines.quantity"].value is Quantity
    assert described["customer.displayName"].value is str
    ours.describe("salesOrders")
    assert len(vendor.calls(f"{API}$metadata")) == 1, "a document of a megabyte is kept"
    desk.later(hours=1)
    ours.describe("salesOrders")
    assert len(vendor.calls(f"{API}$metadata")) == 2
