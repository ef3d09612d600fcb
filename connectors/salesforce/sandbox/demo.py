"""A small company's data with invented names and fixed ids, so that there is something to read at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connectors.salesforce.sandbox import ids, moments, values
from connectors.salesforce.sandbox.objects import ACCOUNT, CONTACT, OPPORTUNITY, USER
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Change

INTEGRATION = ids.make_id("005", 1)
MANAGER = ids.make_id("005", 2)
SALES = ids.make_id("005", 3)
HARBOUR, LOTUS, KITE, GRANITE = (ids.make_id("001", n) for n in range(1, 5))

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


def fill(org: Org) -> None:
    """Put the demo data into an empty org; everything was written a week ago, minutes apart."""
    first = moments.now() - timedelta(days=7)
    written = 0
    for sobject, rows in ((USER, USERS), (ACCOUNT, ACCOUNTS), (CONTACT, CONTACTS), (OPPORTUNITY, _deals())):
        for row in rows:
            user = INTEGRATION if sobject is USER else SALES
            stamp = first + timedelta(minutes=written)
            org.store.create(sobject, _checked(sobject, row), Change(user, stamp))
            written += 1
    # two users who see different things
    org.hide(SALES, OPPORTUNITY, "Discount__c", hidden=True)


def _checked(sobject: SObject, row: dict[str, Any]) -> dict[str, Any]:
    if sobject is USER:
        row = {"IsActive": True, "Email": row["Username"], **row}
    return values.accept(sobject, row, frozenset(), creating=True)
