"""A small company's data with invented names and fixed ids, so that there is something to read at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.salesforce.sandbox import ids, moments, values
from connectors.salesforce.sandbox.approvals import Process, Status
from connectors.salesforce.sandbox.objects.people import GROUP, USER
from connectors.salesforce.sandbox.objects.sales import ACCOUNT, CONTACT, LINE_ITEM, OPPORTUNITY, QUOTE
from connectors.salesforce.sandbox.objects.service import CASE, EVENT, TASK
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Change

INTEGRATION = ids.make_id("005", 1)
MANAGER = ids.make_id("005", 2)
SALES = ids.make_id("005", 3)
HARBOUR, LOTUS, KITE, GRANITE = (ids.make_id("001", n) for n in range(1, 5))
COLD_CHAIN, PACKAGING = (ids.make_id("006", n) for n in range(1, 3))
QUEUE = ids.make_id("00G", 1)

USERS: list[dict[str, Any]] = [
    {"FirstName": "Dingbridge", "LastName": "Integration", "Username": "integration@harbour.example"},
    {"FirstName": "Wilmot", "LastName": "Kestrel", "Username": "wilmot@harbour.example", "Title": "Head of Sales"},
    {"FirstName": "Tessa", "LastName": "Orchid", "Username": "tessa@harbour.example", "ManagerId": MANAGER},
]

ACCOUNTS: list[dict[str, Any]] = [
    {"Name": "Harbour Trading", "Industry": "Shipping", "AccountNumber": "C-2001", "AnnualRevenue": 139_000_000},
    {"Name": "Lotus Foods", "Industry": "Food & Beverage", "AccountNumber": "C-2002", "AnnualRevenue": 8_400_000},
    {"Name": "Kite & Lantern Retail", "Industry": "Retail", "AccountNumber": "C-2003"},
    {"Name": "Granite Works", "Industry": "Manufacturing", "AccountNumber": "C-2004", "CurrencyIsoCode": "CNY"},
]

CONTACTS: list[dict[str, Any]] = [
    {"FirstName": "Petra", "LastName": "Saffron", "AccountId": HARBOUR, "Email": "petra@harbour-trading.example"},
    {"FirstName": "Odo", "LastName": "Bramble", "AccountId": LOTUS, "Email": "odo@lotus-foods.example"},
]


def _deal(number: int, name: str, account: str, stage: str, amount: float | None, **more: Any) -> dict[str, Any]:
    return {
        "Deal_Number__c": f"OPP-{number}",
        "Name": name,
        "AccountId": account,
        "StageName": stage,
        "Amount": None if amount is None else str(amount),
        "CloseDate": (moments.now() + timedelta(days=number - 1030)).date().isoformat(),
        "OwnerId": SALES,
        **more,
    }


def _deals() -> list[dict[str, Any]]:
    return [
        _deal(1041, "Harbour cold chain", HARBOUR, "Proposal/Price Quote", 480_000, NextStep="Call the buyer"),
        _deal(1042, "Lotus packaging line", LOTUS, "Negotiation/Review", 1_250_000.5, Discount__c="7.5"),
        _deal(1043, "Kite shop fittings", KITE, "Qualification", 96_000, CurrencyIsoCode="USD"),
        _deal(1044, "Granite press spare parts", GRANITE, "Closed Won", 23_600_000, CurrencyIsoCode="CNY"),
        _deal(1045, "Harbour fleet tracking", HARBOUR, "Prospecting", None, OwnerId=MANAGER),
        _deal(1046, "Lotus seasonal labels", LOTUS, "Closed Lost", 38_000, Description="Lost on price"),
    ]


LINES: list[dict[str, Any]] = [
    {"OpportunityId": COLD_CHAIN, "Name": "Reefer sensor", "Quantity": 400, "UnitPrice": 950, "SortOrder": 1},
    {"OpportunityId": COLD_CHAIN, "Name": "Gateway", "Quantity": 20, "UnitPrice": 5_000, "SortOrder": 2},
    {"OpportunityId": PACKAGING, "Name": "Carton former", "Quantity": "1.5", "UnitPrice": "833333.67"},
]

QUOTES: list[dict[str, Any]] = [
    {"Name": "Cold chain, first offer", "OpportunityId": COLD_CHAIN, "Status": "Draft", "GrandTotal": 480_000},
    {"Name": "Packaging line", "OpportunityId": PACKAGING, "Status": "Presented", "GrandTotal": "1250000.5"},
]

CASES: list[dict[str, Any]] = [
    {"Subject": "Sensor reads too warm", "AccountId": HARBOUR, "Status": "New", "Priority": "High", "OwnerId": QUEUE},
    {"Subject": "Invoice address", "AccountId": LOTUS, "Status": "Closed", "Priority": "Low", "OwnerId": SALES},
]

TASKS: list[dict[str, Any]] = [
    {"Subject": "Call", "WhatId": COLD_CHAIN, "OwnerId": SALES, "Status": "Completed", "Priority": "Normal"},
    {"Subject": "Send the drawings", "WhatId": HARBOUR, "OwnerId": SALES, "Status": "Not Started", "Priority": "High"},
]

EVENTS: list[dict[str, Any]] = [
    {"Subject": "Meeting", "WhatId": PACKAGING, "OwnerId": SALES, "Location": "Pier 4", "DurationInMinutes": 60},
]


def fill(org: Org) -> None:
    """Put the demo data into an empty org; everything was written a week ago, minutes apart."""
    first = moments.now() - timedelta(days=7)
    written = 0
    for sobject, rows in _tables():
        for row in rows:
            user = INTEGRATION if sobject is USER else SALES
            stamp = first + timedelta(minutes=written)
            org.store.create(sobject, _checked(sobject, row), Change(user, stamp))
            written += 1
    org.approvals.define(
        Process("Opportunity", "Deal_Approval", "Deal approval", (MANAGER,)), Change(INTEGRATION, first)
    )
    quote = {Status.STARTED: "In Review", Status.APPROVED: "Approved", Status.REJECTED: "Rejected"}
    sets = {status: {"Status": label} for status, label in quote.items()}
    org.approvals.define(
        Process("Quote", "Quote_Approval", "Quote approval", (MANAGER,), sets), Change(INTEGRATION, first)
    )
    # what has happened so far is told to nobody
    org.store.take_written()
    # two users who see different things
    org.access.hide(SALES, OPPORTUNITY, "Discount__c", hidden=True)


def _tables() -> list[tuple[SObject, list[dict[str, Any]]]]:
    """Return what there is, in an order in which each record finds those that it refers to."""
    return [
        (USER, USERS),
        (GROUP, [{"Name": "Service desk", "DeveloperName": "Service_desk", "Type": "Queue"}]),
        (ACCOUNT, ACCOUNTS),
        (CONTACT, CONTACTS),
        (OPPORTUNITY, _deals()),
        (LINE_ITEM, LINES),
        (QUOTE, QUOTES),
        (CASE, CASES),
        (TASK, TASKS),
        (EVENT, EVENTS),
    ]


def _checked(sobject: SObject, row: dict[str, Any]) -> dict[str, Any]:
    if sobject is USER:
        row = {"IsActive": True, "Email": row["Username"], **row}
    return values.accept(sobject, row, values.NO_LIMITS, creating=True)
