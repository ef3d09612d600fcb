"""The resources of the API.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from connectors.dynamics.sandbox.schema import Collected, Column, Table, Type

COMPANY = "_company"
"""Under this name a row keeps the company to which it belongs; no client sees it."""
PAGE_NAMES: Mapping[str, str] = {"customerId": "customers", "vendorId": "vendors", "itemId": "items"}
WEBHOOKS = frozenset(
    {
        "customers",
        "vendors",
        "items",
        "currencies",
        "unitsOfMeasure",
        "salesOrders",
        "salesInvoices",
        "purchaseInvoices",
    }
)
"""What can be subscribed to; purchase orders are not on the vendor's list."""
PREFIXES = {
    "customers": "C",
    "vendors": "V",
    "items": "1",
    "salesOrders": "S-ORD",
    "salesInvoices": "S-INV",
    "purchaseOrders": "P-ORD",
    "purchaseInvoices": "P-INV",
}

_T, _D, _B, _N, _G = Type.TEXT, Type.DATE, Type.BOOLEAN, Type.DECIMAL, Type.ID


def _table(
    name: str, columns: Mapping[str, Type], *, fixed: Collection[str] = (), lines: str = "", parent: str = ""
) -> Table:
    """Describe a resource with its id; `fixed` columns are read-only.

    A document has `lines`; lines have a `parent`, and no time of their own.
    """
    own = {"id": Type.ID, **columns, **({} if parent else {"lastModifiedDateTime": Type.MOMENT})}
    closed = {"id", "lastModifiedDateTime", *fixed}
    described = {n: Column(n, kind, n, writable=n not in closed, length=250, scale=5) for n, kind in own.items()}
    collections = {lines: Collected(lines, "documentId")} if lines else {}
    return Table(
        name,
        name,
        MappingProxyType(described),
        "displayName",
        key="id",
        parent=parent,
        collections=MappingProxyType(collections),
    )


_TOTALS = {"discountAmount": _N, "totalAmountExcludingTax": _N, "totalTaxAmount": _N, "totalAmountIncludingTax": _N}
_FIXED_TOTALS = frozenset({"totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax", "status"})


def _document(name: str, lines: str, party: str, extra: Mapping[str, Type]) -> Table:
    """Describe an order or an invoice of a customer or a vendor."""
    columns = {
        "number": _T,
        "postingDate": _D,
        f"{party}Id": _G,
        f"{party}Number": _T,
        f"{party}Name": _T,
        "currencyId": _G,
        "currencyCode": _T,
        "pricesIncludeTax": _B,
        **extra,
        **_TOTALS,
        "status": _T,
    }
    return _table(name, columns, fixed=_FIXED_TOTALS | {f"{party}Name"}, lines=lines)


def _lines(name: str, parent: str, price: str, extra: Mapping[str, Type]) -> Table:
    columns = {
        "documentId": _G,
        "sequence": Type.INTEGER,
        "itemId": _G,
        "lineType": _T,
        "lineObjectNumber": _T,
        "description": _T,
        "unitOfMeasureId": _G,
        "unitOfMeasureCode": _T,
        "quantity": _N,
        price: _N,
        "discountPercent": _N,
        "taxPercent": _N,
        "amountExcludingTax": _N,
        "totalTaxAmount": _N,
        "amountIncludingTax": _N,
        "netAmount": _N,
        **extra,
    }
    fixed = ("documentId", "amountExcludingTax", "totalTaxAmount", "amountIncludingTax", "netAmount")
    return _table(name, columns, fixed=fixed, parent=parent)


TABLES: tuple[Table, ...] = (
    _table(
        "customers",
        {
            "number": _T,
            "displayName": _T,
            "type": _T,
            "addressLine1": _T,
            "city": _T,
            "country": _T,
            "phoneNumber": _T,
            "email": _T,
            "salespersonCode": _T,
            "balanceDue": _N,
            "creditLimit": _N,
            "taxLiable": _B,
            "currencyId": _G,
            "currencyCode": _T,
            "blocked": _T,
        },
        fixed=("balanceDue",),
    ),
    _table(
        "vendors",
        {
            "number": _T,
            "displayName": _T,
            "city": _T,
            "country": _T,
            "email": _T,
            "balance": _N,
            "currencyId": _G,
            "currencyCode": _T,
            "blocked": _T,
        },
        fixed=("balance",),
    ),
    _table(
        "items",
        {
            "number": _T,
            "displayName": _T,
            "type": _T,
            "blocked": _B,
            "baseUnitOfMeasureId": _G,
            "baseUnitOfMeasureCode": _T,
            "inventory": _N,
            "unitPrice": _N,
            "unitCost": _N,
        },
    ),
    _table("currencies", {"code": _T, "displayName": _T, "symbol": _T, "amountDecimalPlaces": _T}),
    _table("unitsOfMeasure", {"code": _T, "displayName": _T, "internationalStandardCode": _T}),
    _document(
        "salesOrders",
        "salesOrderLines",
        "customer",
        {
            "externalDocumentNumber": _T,
            "salesperson": _T,
            "orderDate": _D,
            "requestedDeliveryDate": _D,
            "fullyShipped": _B,
        },
    ),
    _lines("salesOrderLines", "salesOrders", "unitPrice", {"shipmentDate": _D, "shippedQuantity": _N}),
    _document(
        "salesInvoices",
        "salesInvoiceLines",
        "customer",
        {"externalDocumentNumber": _T, "salesperson": _T, "invoiceDate": _D, "dueDate": _D, "remainingAmount": _N},
    ),
    _lines("salesInvoiceLines", "salesInvoices", "unitPrice", {}),
    _document(
        "purchaseOrders",
        "purchaseOrderLines",
        "vendor",
        {"orderDate": _D, "requestedReceiptDate": _D, "fullyReceived": _B, "purchaser": _T},
    ),
    _lines(
        "purchaseOrderLines", "purchaseOrders", "directUnitCost", {"expectedReceiptDate": _D, "receivedQuantity": _N}
    ),
    _document(
        "purchaseInvoices",
        "purchaseInvoiceLines",
        "vendor",
        {"invoiceDate": _D, "dueDate": _D, "vendorInvoiceNumber": _T},
    ),
    _lines("purchaseInvoiceLines", "purchaseInvoices", "unitCost", {}),
)
ACTIONS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("salesOrders", "shipAndInvoice"): {"fullyShipped": True, "status": "Open"},
    ("purchaseOrders", "receiveAndInvoice"): {"fullyReceived": True, "status": "Open"},
    ("salesInvoices", "post"): {"status": "Open"},
    ("purchaseInvoices", "post"): {"status": "Open"},
}
"""Bound actions, and what they leave behind."""
