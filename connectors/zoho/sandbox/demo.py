"""A small company's data with invented names and fixed ids, so that there is something to read at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.zoho.sandbox import moments
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.people import MANAGER, SALES, SALESPERSON, Access, Right
from connectors.zoho.sandbox.store import Change, Row

ACCOUNTS: list[dict[str, Any]] = [
    {"Account_Name": "Harbour Trading", "Industry": "Shipping", "ERP_Number": "C-2001", "Annual_Revenue": 139_000_000},
    {"Account_Name": "Lotus Foods", "Industry": "Food & Beverage", "ERP_Number": "C-2002"},
    {"Account_Name": "Kite & Lantern Retail", "Industry": "Retail", "ERP_Number": "C-2003"},
    {"Account_Name": "Granite Works", "Industry": "Manufacturing", "ERP_Number": "C-2004", "Currency": "CNY"},
]

CONTACTS: list[dict[str, Any]] = [
    {"First_Name": "Petra", "Last_Name": "Saffron", "Account_Name": 0, "Email": "petra@harbour-trading.example"},
    {"First_Name": "Odo", "Last_Name": "Bramble", "Account_Name": 1, "Email": "odo@lotus-foods.example"},
]

DEALS: list[dict[str, Any]] = [
    {"Deal_Name": "Harbour cold chain", "Account_Name": 0, "Stage": "Proposal/Price Quote", "Amount": 480_000},
    {"Deal_Name": "Lotus packaging line", "Account_Name": 1, "Stage": "Negotiation/Review", "Amount": Decimal("1250000.50"),
     "Discount": Decimal("7.5")},
    {"Deal_Name": "Kite shop fittings", "Account_Name": 2, "Stage": "Qualification", "Amount": 96_000,
     "Currency": "USD", "Exchange_Rate": Decimal("7.8"), "Channels": ["Fair", "Web"]},
    {"Deal_Name": "Granite press spare parts", "Account_Name": 3, "Stage": "Closed Won", "Amount": 23_600_000,
     "Currency": "CNY", "Exchange_Rate": Decimal("1.07")},
    {"Deal_Name": "Harbour fleet tracking", "Account_Name": 0, "Stage": "Needs Analysis", "Owner": MANAGER.id},
    {"Deal_Name": "Lotus seasonal labels", "Account_Name": 1, "Stage": "Closed Lost", "Amount": 38_000,
     "Reason": "Lost on price"},
]  # fmt: skip

QUOTES: list[dict[str, Any]] = [
    {"Subject": "Cold chain, first offer", "Quote_Number": "QT-301", "Quote_Stage": "Draft", "Account_Name": 0,
     "Grand_Total": 480_000, "Quoted_Items": [
         {"id": "554023000000900001", "Product_Name": {"name": "Reefer unit", "id": "554023000000900100"},
          "Quantity": 12, "List_Price": 40_000, "Net_Total": 480_000}]},
]  # fmt: skip

ORDERS: list[dict[str, Any]] = [
    {"Subject": "Press spare parts", "SO_Number": "SO-1042", "Status": "Created", "Account_Name": 3,
     "Grand_Total": 23_600_000, "Currency": "CNY"},
]  # fmt: skip

CASES: list[dict[str, Any]] = [
    {"Subject": "Reefer unit alarms", "Case_Number": "CASE-77", "Status": "Escalated", "Case_Origin": "Phone",
     "Priority": "High", "Account_Name": 0, "Escalated": True},
]  # fmt: skip

TASKS: list[dict[str, Any]] = [{"Subject": "Call the buyer", "Status": "Not Started", "Priority": "High"}]

DATA = {
    "Accounts": ACCOUNTS,
    "Contacts": CONTACTS,
    "Deals": DEALS,
    "Quotes": QUOTES,
    "Sales_Orders": ORDERS,
    "Tasks": TASKS,
    "Cases": CASES,
}
IN_PROCESS = {"Harbour cold chain", "Lotus packaging line", "Cold chain, first offer"}


def fill(org: Org) -> None:
    """Put the demo data into an empty organisation; everything was written a week ago, minutes apart."""
    first = moments.now() - timedelta(days=7)
    accounts: list[Row] = []
    written = 0
    for name, rows in DATA.items():
        for row in rows:
            written += 1
            stamp = first + timedelta(minutes=written)
            made = _create(org, name, _linked(row, accounts), Change(SALESPERSON, stamp, quiet=True))
            accounts += [made] if name == "Accounts" else []
    # profiles that see and may do different things
    org.rules.fields[SALES.id, "Deals", "Discount"] = Access.HIDDEN
    org.rules.fields[SALES.id, "Deals", "Probability"] = Access.READ_ONLY
    org.rules.denied.add((SALES.id, "Sales_Orders", Right.EDIT))


def _create(org: Org, name: str, given: Mapping[str, Any], change: Change) -> Row:
    module = org.modules[name]
    if name == "Deals":
        place = len(org.store.table(module).rows)
        closing = moments.now().date() + timedelta(days=10 + place)
        given = {"Deal_Number": f"OPP-{1041 + place}", "Closing_Date": closing.isoformat(), **given}
    if "Currency" in module.fields:
        given = {"Currency": "HKD", "Exchange_Rate": Decimal(1), **given}
    row = org.store.create(module, org.writer().accept(module, given, 0, creating=True), change)
    if row.values[module.title] in IN_PROCESS:
        row = replace(row, in_process=True)
        org.store.set_state(module, row)
    return row


def _linked(row: Mapping[str, Any], accounts: list[Row]) -> Mapping[str, Any]:
    """Replace the place of an account by its id."""
    place = row.get("Account_Name")
    return {**row, "Account_Name": accounts[place].id} if isinstance(place, int) else row
