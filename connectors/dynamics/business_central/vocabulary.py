"""Which numbers of the standard API are money, and in what, and which are quantities: its description does not tell.

Properties: https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.dynamics.business_central.settings import LOCAL

CURRENCY = "currencyCode"
UNIT = "unitOfMeasureCode"

_OF_DOCUMENT = (
    "amount",
    "amountExcludingTax",
    "amountIncludingTax",
    "directUnitCost",
    "discountAmount",
    "invoiceDiscountAllocation",
    "netAmount",
    "netAmountIncludingTax",
    "netTaxAmount",
    "remainingAmount",
    "totalAmountExcludingTax",
    "totalAmountIncludingTax",
    "totalTaxAmount",
    "unitCost",
    "unitPrice",
)
_DOCUMENTS = (
    "salesOrder",
    "salesQuote",
    "salesInvoice",
    "salesCreditMemo",
    "salesShipment",
    "purchaseOrder",
    "purchaseInvoice",
    "purchaseCreditMemo",
    "purchaseReceipt",
)
_LINES = tuple(f"{each}Line" for each in _DOCUMENTS)
_QUANTITIES = (
    "quantity",
    "invoiceQuantity",
    "invoicedQuantity",
    "receiveQuantity",
    "receivedQuantity",
    "shipQuantity",
    "shippedQuantity",
)
# The currency code of a customer or vendor is what they are invoiced in; their balance is kept in the company's own
# currency (A-DYNAMICS-306).
_OF_COMPANY: Mapping[str, tuple[str, ...]] = {
    "item": ("unitPrice", "unitCost"),
    "customer": ("balanceDue", "creditLimit"),
    "vendor": ("balance",),
    "customerFinancialDetail": ("balance", "totalSalesExcludingTax", "overdueAmount"),
    "customerSale": ("totalSalesAmount",),
    "vendorPurchase": ("totalPurchaseAmount",),
    "itemLedgerEntry": ("salesAmountActual", "costAmountActual"),
    "generalLedgerEntry": ("debitAmount", "creditAmount"),
    "approvalEntry": ("amountLCY", "availableCreditLimitLCY"),
}

MONEY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((*_DOCUMENTS, *_LINES), dict.fromkeys(_OF_DOCUMENT, CURRENCY)),
        **{of: dict.fromkeys(names, LOCAL) for of, names in _OF_COMPANY.items()},
        "approvalEntry": {"amount": CURRENCY, **dict.fromkeys(_OF_COMPANY["approvalEntry"], LOCAL)},
    }
)
"""Entity type -> property -> the property of the document that holds the currency, or LOCAL."""

QUANTITIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(_LINES, dict.fromkeys(_QUANTITIES, UNIT)),
        "item": {"inventory": "baseUnitOfMeasureCode"},
    }
)
"""Entity type -> property -> the property beside it that holds the unit."""

PUSHED = frozenset(
    {
        "accounts",
        "companyInformation",
        "countriesRegions",
        "currencies",
        "customerPaymentJournals",
        "customers",
        "dimensions",
        "employees",
        "generalLedgerEntries",
        "itemCategories",
        "items",
        "journals",
        "paymentMethods",
        "paymentTerms",
        "purchaseInvoices",
        "salesCreditMemos",
        "salesInvoices",
        "salesOrders",
        "salesQuotes",
        "shipmentMethods",
        "unitsOfMeasure",
        "vendors",
    }
)
"""Entity sets of the standard API with notifications; purchase orders, shipments and receipts have none.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-subscriptions
"""

PAGES: Mapping[str, int] = MappingProxyType(
    {
        "customers": 21,
        "vendors": 26,
        "items": 30,
        "salesQuotes": 41,
        "salesOrders": 42,
        "purchaseOrders": 50,
        "salesShipments": 130,
        "purchaseReceipts": 136,
    }
)
"""The page that shows one record (A-DYNAMICS-312). Invoices have one page before posting and another after it."""
