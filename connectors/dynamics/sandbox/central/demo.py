"""Two companies with invented names and fixed ids, so that there is something to read at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.central import writes
from connectors.dynamics.sandbox.central.place import Company, Place
from connectors.dynamics.sandbox.store import Change

_SPACE = uuid.UUID("5c0b9a37-6de1-4c5c-9a4c-2f8f6a1e0d42")


def fixed(name: str) -> str:
    """Return the id that a demo record always has."""
    return str(uuid.uuid5(_SPACE, name))


MAIN, BRANCH = fixed("company.hk"), fixed("company.sz")
APPLICATION_USER, CLERK = fixed("user.dingbridge"), fixed("user.clerk")
Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]


def fill(place: Place, client_id: str) -> None:
    """Write the demo records, in an order in which each finds those that it refers to."""
    place.companies += [
        Company(MAIN, "Harbour HK", "Harbour Trading (HK)"),
        Company(BRANCH, "Harbour SZ", "Harbour Trading (SZ)"),
    ]
    place.applications[client_id] = APPLICATION_USER
    began, written = moments.now() - timedelta(days=30), 0
    for company, rows in (
        (MAIN, {**MASTERS, **_sales(began.date()), **_shipments(began.date()), **_purchases(began.date())}),
        (BRANCH, BRANCH_MASTERS),
    ):
        for name, records in rows.items():
            table = place.catalogue.get(name)
            for key, given in records.items():
                change = Change(CLERK, stamp=began + timedelta(minutes=written))
                typed = {**writes.accept(table, given, every=True), "id": fixed(f"{name}.{key}")}
                writes.insert(place, table, company, typed, change)
                written += 1
    place.store.take_written()


def _books(name: str, currency: str, symbol: str) -> Rows:
    """Return the settings of a company's books."""
    return {
        "generalLedgerSetup": {name: {"localCurrencyCode": currency, "localCurrencySymbol": symbol}},
        "companyInformation": {name: {"displayName": name, "currencyCode": currency}},
    }


MASTERS: Rows = {
    **_books("Harbour Trading (HK)", "HKD", "HK$"),
    "currencies": {
        "usd": {"code": "USD", "displayName": "US Dollar", "symbol": "$", "amountDecimalPlaces": "2:2"},
        "cny": {"code": "CNY", "displayName": "Chinese Yuan", "symbol": "¥", "amountDecimalPlaces": "2:2"},
    },
    "unitsOfMeasure": {
        "pcs": {"code": "PCS", "displayName": "Piece", "internationalStandardCode": "EA"},
        "case": {"code": "CASE", "displayName": "Case of 24", "internationalStandardCode": "CS"},
    },
    "customers": {
        "harbour": {
            "number": "C01001",
            "displayName": "Harbour Logistics",
            "type": "Company",
            "city": "Hong Kong",
            "creditLimit": 500_000,
            "balanceDue": "12400.55",
        },
        "lotus": {"number": "C01002", "displayName": "Lotus Foods", "type": "Company", "currencyCode": "USD"},
        "kite": {"number": "C01003", "displayName": "Kite & Lantern Retail", "type": "Company", "blocked": "Ship"},
    },
    "vendors": {
        "granite": {"number": "V01001", "displayName": "Granite Works", "currencyCode": "CNY", "balance": 80_000}
    },
    "items": {
        "crate": {
            "number": "1000",
            "displayName": "Cold crate",
            "type": "Inventory",
            "baseUnitOfMeasureCode": "PCS",
            "inventory": 640,
            "unitPrice": 120,
            "unitCost": "71.5",
        }
    },
    "itemUnitsOfMeasure": {
        "crate.pcs": {"itemId": fixed("items.crate"), "itemNumber": "1000", "code": "PCS", "qtyPerUnitOfMeasure": 1},
        "crate.case": {"itemId": fixed("items.crate"), "itemNumber": "1000", "code": "CASE", "qtyPerUnitOfMeasure": 24},
    },
}
BRANCH_MASTERS: Rows = {
    **_books("Harbour Trading (SZ)", "CNY", "¥"),
    "customers": {"delta": {"number": "C01001", "displayName": "Delta Machines", "type": "Company"}},
}


def _sales(today: date) -> Rows:
    day = today.isoformat()
    first = {"number": "S-ORD101042", "orderDate": day, "postingDate": day, "customerNumber": "C01001"}
    second = {"number": "S-ORD101043", "orderDate": day, "customerNumber": "C01002", "currencyCode": "USD"}
    due = (today + timedelta(days=30)).isoformat()
    invoice = {"number": "S-INV105001", "invoiceDate": day, "dueDate": due, "customerNumber": "C01001"}
    return {
        "salesOrders": {
            "1042": {**first, "salesperson": "TESSA", "status": "Draft"},
            "1043": {**second, "salesperson": "TESSA", "status": "Open"},
        },
        "salesOrderLines": {
            "1042.1": _line("salesOrders.1042", "CASE", 100, unitPrice=2880),
            "1043.1": _line("salesOrders.1043", "PCS", "12.5", unitPrice=120, discountPercent=10, taxPercent=8),
        },
        "salesInvoices": {"5001": {**invoice, "status": "Open"}},
        "salesInvoiceLines": {"5001.1": _line("salesInvoices.5001", "PCS", 3, unitPrice=120)},
    }


def _shipments(today: date) -> Rows:
    day, number = today.isoformat(), "S-SHPT102001"
    header = {"number": number, "orderNumber": "S-ORD101001", "postingDate": day, "customerNumber": "C01001"}
    line = {
        "documentId": fixed("salesShipments.2001"),
        "documentNo": number,
        "lineType": "Item",
        "lineObjectNumber": "1000",
        "description": "Cold crate",
        "unitOfMeasureCode": "CASE",
        "quantity": 4,
        "shipmentDate": day,
    }
    return {"salesShipments": {"2001": header}, "salesShipmentLines": {"2001.1": line}}


def _purchases(today: date) -> Rows:
    order = {"number": "P-ORD107001", "orderDate": today.isoformat(), "vendorNumber": "V01001", "currencyCode": "CNY"}
    return {
        "purchaseOrders": {"7001": {**order, "purchaser": "WILMOT", "status": "In Review"}},
        "purchaseOrderLines": {"7001.1": _line("purchaseOrders.7001", "PCS", 2000, directUnitCost="71.5")},
        "approvalEntries": {"7001.1": _approval("P-ORD107001", today)},
        "workflowApprovers": {
            "wilmot": {
                "workflowCode": "PURCH-ORDER",
                "workflowDescription": "Purchase Order Approval Workflow",
                "category": "PURCHASE",
                "enabled": True,
                "workflowStepId": 10,
                "approverType": "Approver",
                "approverLimitType": "Direct Approver",
                "userId": fixed("user.wilmot"),
                "userName": "wilmot@harbour.example",
                "sequence": 1,
            }
        },
    }


def _approval(number: str, today: date) -> dict[str, Any]:
    """Return the request of the clerk to approve a purchase order."""
    return {
        "entryNumber": 42,
        "tableId": 38,
        "documentType": "Order",
        "documentNumber": number,
        "sequenceNumber": 1,
        "senderId": "CLERK",
        "senderName": "Ines Clerk",
        "approvalCode": "PURCH-ORDER",
        "approverId": "WILMOT",
        "approverName": "Wilmot Kestrel",
        "status": "Open",
        "dateTimeSentForApproval": f"{today.isoformat()}T09:30:00Z",
        "lastDateTimeModified": f"{today.isoformat()}T09:30:00Z",
        "dueDate": (today + timedelta(days=40)).isoformat(),
        "amount": 143_000,
        "amountLCY": 156_000,
        "currencyCode": "CNY",
        "approvalType": "Approver",
        "limitType": "Approval Limits",
        "pendingApprovals": 1,
        "recordIdToApprove": f"Purchase Header: Order, {number}",
    }


def _line(document: str, unit: str, quantity: int | str, **more: Any) -> dict[str, Any]:
    return {
        "documentId": fixed(document),
        "lineType": "Item",
        "itemId": fixed("items.crate"),
        "lineObjectNumber": "1000",
        "description": "Cold crate",
        "unitOfMeasureCode": unit,
        "quantity": quantity,
        **more,
    }
