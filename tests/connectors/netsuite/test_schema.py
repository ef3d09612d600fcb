"""What may be mapped, from the metadata catalogue as the vendor's page shows it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.contract import Choice, Malformed, Misconfigured, Ref
from connectors.netsuite.schema import AGE, Schema
from connectors.netsuite.wire import Account
from tests.connectors.netsuite.scripted import NOW, RECORDS, Said, Vendor, error, services, settings

ORDER = f"{RECORDS}metadata-catalog/purchaseOrder"
NAMED = {"id": {"title": "Internal identifier", "type": "string"}, "refName": {"type": "string"}}
CATALOGUE = {
    "type": "object",
    "properties": {
        "id": {"title": "Internal identifier", "type": "string"},
        "tranDate": {"title": "Date", "type": "string", "format": "date", "nullable": True},
        "lastModifiedDate": {"title": "Last Modified", "type": "string", "format": "date-time"},
        "memo": {"title": "Memo", "type": "string"},
        "total": {"title": "Total", "type": "number", "format": "double"},
        "custbody_count": {"type": "integer", "format": "int64", "x-ns-custom-field": True},
        "toBePrinted": {"title": "To Be Printed", "type": "boolean"},
        "entity": {"title": "Vendor", "type": "object", "properties": NAMED},
        "currency": {"title": "Currency", "$ref": "/services/rest/record/v1/metadata-catalog/nsLink"},
        "approvalStatus": {
            "title": "Approval Status",
            "type": "object",
            "properties": {**NAMED, "id": {"type": "string", "enum": ["1", "2", "3"]}},
        },
        "item": {"type": "object", "properties": {"items": {"type": "array"}, "totalResults": {"type": "integer"}}},
        "links": {"type": "array"},
    },
    "$schema": "https://json-schema.org/draft-06/hyper-schema#",
}


def schema(vendor: Vendor, clock: list[datetime]) -> Schema:
    account = Account(settings(), services(vendor), sleep=lambda _seconds: None)
    return Schema(account, lambda: clock[-1])


def test_each_field_has_its_label_and_the_class_of_its_values() -> None:
    vendor = Vendor()
    vendor.on("GET", ORDER, Said(200, CATALOGUE))
    found = {each.path: (each.label, each.value) for each in schema(vendor, [NOW]).described("purchaseOrder")}
    assert found == {
        "tranDate": ("Date", date),
        "lastModifiedDate": ("Last Modified", datetime),
        "memo": ("Memo", str),
        "total": ("Total", Decimal),
        "custbody_count": ("custbody_count", Decimal),
        "toBePrinted": ("To Be Printed", bool),
        "entity": ("Vendor", Ref),
        "currency": ("Currency", Ref),
        "approvalStatus": ("Approval Status", Choice),
    }
    assert vendor.asked[0].headers["accept"] == "application/schema+json"


def test_the_slow_catalogue_is_asked_once_an_hour() -> None:
    vendor, clock = Vendor(), [NOW]
    vendor.on("GET", ORDER, Said(200, CATALOGUE))
    asked = schema(vendor, clock)
    first = asked.described("purchaseOrder")
    clock.append(NOW + AGE - timedelta(seconds=1))
    assert asked.described("purchaseOrder") == first
    assert len(vendor.asked) == 1
    clock.append(NOW + AGE)
    asked.described("purchaseOrder")
    assert len(vendor.asked) == 2


def test_what_is_refused_or_no_catalogue_is_told() -> None:
    vendor = Vendor()
    vendor.on("GET", ORDER, error("INSUFFICIENT_PERMISSION", 403), Said(200, {"items": []}))
    with pytest.raises(Misconfigured):
        schema(vendor, [NOW]).described("purchaseOrder")
    with pytest.raises(Malformed):
        schema(vendor, [NOW]).described("purchaseOrder")
