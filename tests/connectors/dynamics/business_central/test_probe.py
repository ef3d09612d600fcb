"""The probe says what is missing, and raises nothing whatever the vendor does."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.contract import Finding, Level
from tests.connectors.dynamics.business_central.books import personal
from tests.connectors.dynamics.business_central.parts import NOW, PERSONAL, SARA, Desk, client
from tests.connectors.dynamics.business_central.vendor import (
    API,
    BELOW,
    COMPANY,
    NAME,
    TOKEN,
    Said,
    Vendor,
    error,
    payload,
    rows,
)

KINDS = {
    "salesOrders": {"fields": ["status", "totalAmountIncludingTax"], "transitions": {"shipAndInvoice": "gone"}},
    "purchaseOrders": {"fields": ["status"]},
}


def findings(vendor: Vendor, desk: Desk, **changes: Any) -> dict[str, Finding]:
    found = client(vendor, desk, **{"kinds": KINDS, **changes}).probe()
    assert all(each.sentence for each in found)
    return {each.about: each for each in found}


@pytest.fixture
def granted(vendor: Vendor) -> Vendor:
    clock = {"Date": format_datetime(NOW + timedelta(seconds=2), usegmt=True)}
    company = rows({"id": COMPANY, "name": NAME, "displayName": NAME}).body
    vendor.on("GET", f"{API}companies", Said(200, company, clock))
    vendor.on("GET", f"{API}subscriptions", rows())
    for name in KINDS:
        vendor.on("GET", name, rows(payload("salesorder")))
    return vendor


def test_all_is_well(granted: Vendor, desk: Desk) -> None:
    found = findings(granted, desk)
    assert {each.level for each in found.values()} == {Level.FINE}
    assert {"sign in", "clock", "currency", "notifications", "salesOrders", "purchaseOrders"} <= set(found)
    writes = [one for one in granted.asked if one.method != "GET" and one.path != TOKEN]
    assert writes == []


def test_what_is_polled_alone_is_named(granted: Vendor, desk: Desk) -> None:
    only = findings(granted, desk, kinds={"purchaseOrders": KINDS["purchaseOrders"]})
    assert "purchaseOrders" in only["notifications"].sentence


@pytest.mark.parametrize(
    ("path", "answer", "about", "level"),
    [
        (f"{API}companies", Said(503, headers={"Retry-After": "60"}), "sign in", Level.WRONG),
        (f"{API}companies", rows(), "sign in", Level.WRONG),
        (f"{API}subscriptions", error("Authorization_RequestDenied", 403), "notifications", Level.DOUBT),
        (f"{API}$metadata", Said(200, b"<html>"), "salesOrders", Level.WRONG),
        (f"{BELOW}salesOrders", error("Authorization_RequestDenied", 403), "salesOrders", Level.WRONG),
        (f"{BELOW}salesOrders", rows(), "salesOrders", Level.DOUBT),
        (f"{BELOW}generalLedgerSetup", rows(), "currency", Level.WRONG),
    ],
)
def test_what_is_missing_is_told(
    granted: Vendor, desk: Desk, path: str, answer: Said, about: str, level: Level
) -> None:
    granted.on("GET", path, answer)
    assert findings(granted, desk)[about].level is level


def test_a_clock_that_is_wrong_is_told(granted: Vendor, desk: Desk) -> None:
    desk.later(minutes=3)
    found = findings(granted, desk)["clock"]
    assert found.level is Level.WRONG
    assert "ahead" in found.sentence


def test_names_that_are_not_there_are_told(granted: Vendor, desk: Desk) -> None:
    kinds = {
        "salesOrders": {
            "fields": ["statuss", "salesOrderLines"],
            "number": "no",
            "transitions": {"ship": ""},
        }
    }
    found = findings(granted, desk, kinds=kinds)
    for about in ("salesOrders.statuss", "salesOrders.salesOrderLines", "salesOrders.no"):
        assert found[about].level is Level.WRONG
    assert found["salesOrders.ship"].level is Level.DOUBT


def test_a_bare_number_is_pointed_out(granted: Vendor, desk: Desk) -> None:
    granted.on(
        "GET", "salesOrderLines", rows({"id": COMPANY, "sequence": 1, "quantity": 2, "unitOfMeasureCode": "PCS"})
    )
    kinds = {"salesOrderLines": {"fields": ["sequence", "quantity"], "reading": "snapshot", "number": "sequence"}}
    found = findings(granted, desk, kinds=kinds)
    assert "quantities" in found["salesOrderLines.sequence"].sentence
    assert "salesOrderLines.quantity" not in found


def test_without_a_secret_there_are_no_notifications(granted: Vendor, desk: Desk) -> None:
    assert findings(granted, desk, client_state=None)["notifications"].level is Level.DOUBT


def test_a_persons_sign_in_that_has_ended_is_told(granted: Vendor, desk: Desk) -> None:
    personal(granted, {PERSONAL: "access-sara"})
    found = findings(granted, desk, actors={SARA: PERSONAL, "ALEX": "refresh-that-ended"})
    assert found["actor ALEX"].level is Level.WRONG
    assert f"actor {SARA}" not in found
