"""The resources of the API.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.dynamics.sandbox.central.enums import ENUMS
from connectors.dynamics.sandbox.schema import Collected, Column, Table, Type

COMPANY = "_company"
"""Under this name a row keeps the company to which it belongs; no client sees it."""
EXTENSION = "harbour/erp/v1.0"
"""The route (publisher, group, version) of the API pages that somebody wrote for this company."""
NAVIGATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "customer": ("customers", ("customerId",)),
    "vendor": ("vendors", ("vendorId",)),
    "item": ("items", ("itemId",)),
    "currency": ("currencies", ("currencyId",)),
    "unitOfMeasure": ("unitsOfMeasure", ("unitOfMeasureId", "baseUnitOfMeasureId")),
}
"""Single-valued navigations: where they lead, and by which column."""
WEBHOOKS = frozenset(
    {
        "companyInformation",
        "currencies",
        "customers",
        "items",
        "purchaseInvoices",
        "salesInvoices",
        "salesOrders",
        "unitsOfMeasure",
        "vendors",
    }
)
"""What can be subscribed to; purchase orders, shipments and approvals are not on the vendor's list."""
PREFIXES = {
    "customers": "C",
    "vendors": "V",
    "items": "1",
    "salesOrders": "S-ORD",
    "salesInvoices": "S-INV",
    "salesShipments": "S-SHPT",
    "purchaseOrders": "P-ORD",
    "purchaseInvoices": "P-INV",
}
READ_ONLY = frozenset(
    {"generalLedgerSetup", "salesShipments", "salesShipmentLines", "approvalEntries", "workflowApprovers"}
)
"""What can only be read."""
SINGLE = frozenset({"companyInformation"})
"""Of which each company has one that can be changed and not made."""
ENTITIES = {
    "approvalEntries": "approvalEntry",
    "companyInformation": "companyInformation",
    "currencies": "currency",
    "generalLedgerSetup": "generalLedgerSetup",
    "itemUnitsOfMeasure": "itemUnitOfMeasure",
    "unitsOfMeasure": "unitOfMeasure",
}
"""The names of types that are not those of their sets without an s."""

_KINDS = {
    "guid": Type.ID,
    "date": Type.DATE,
    "moment": Type.MOMENT,
    "bool": Type.BOOLEAN,
    "decimal": Type.DECIMAL,
    "int": Type.INTEGER,
}


def entity_name(table: Table) -> str:
    """Return the name of the type behind a set."""
    return ENTITIES.get(table.name, table.name.removesuffix("s"))


def _columns(described: str) -> dict[str, Column]:
    """Read columns: `name` is text, `name:kind` another kind or an enumeration, `!` behind it is read-only."""
    found = {}
    for word in described.split():
        name, _, kind = word.rstrip("!").partition(":")
        enum = kind if kind in ENUMS else ""
        writable = not word.endswith("!")
        typed = _KINDS.get(kind, Type.TEXT)
        found[name] = Column(name, typed, name, shared=enum, writable=writable, length=250, scale=5)
    return found


def _table(name: str, described: str, *, lines: str = "", parent: str = "", route: str = "") -> Table:
    """Describe a resource with its id: a document has `lines`; lines have a `parent`, and no time of their own."""
    stamp = "" if parent else " lastModifiedDateTime:moment!"
    columns = _columns(f"id:guid! {described}{stamp}")
    collections = {lines: Collected(lines, "documentId")} if lines else {}
    return Table(
        name,
        name,
        MappingProxyType(columns),
        "displayName",
        key="id",
        parent=parent,
        collections=MappingProxyType(collections),
        route=route,
    )


def _address(who: str) -> str:
    return " ".join(f"{who}{part}" for part in ("AddressLine1", "AddressLine2", "City", "Country", "State", "PostCode"))


_POSTAL = "addressLine1 addressLine2 city state country postalCode phoneNumber email website"
_CUSTOMER = f"""customerId:guid customerNumber customerName! billToName billToCustomerId:guid billToCustomerNumber
    shipToName shipToContact {_address("sellTo")} {_address("billTo")} {_address("shipTo")}"""
_VENDOR = f"""vendorId:guid vendorNumber vendorName! payToName payToVendorId:guid payToVendorNumber
    shipToName shipToContact {_address("buyFrom")} {_address("payTo")} {_address("shipTo")}"""
_MONEY = "currencyId:guid currencyCode pricesIncludeTax:bool"
_TERMS = "shortcutDimension1Code shortcutDimension2Code paymentTermsId:guid shipmentMethodId:guid"
_TOTALS = """discountAmount:decimal discountAppliedBeforeTax:bool totalAmountExcludingTax:decimal!
    totalTaxAmount:decimal! totalAmountIncludingTax:decimal!"""
_OBJECT = """documentId:guid! sequence:int itemId:guid accountId:guid lineType:invoiceLineAggLineType lineObjectNumber
    description description2 unitOfMeasureId:guid unitOfMeasureCode quantity:decimal"""
_AMOUNTS = """discountAmount:decimal discountPercent:decimal discountAppliedBeforeTax:bool amountExcludingTax:decimal!
    taxCode taxPercent:decimal totalTaxAmount:decimal! amountIncludingTax:decimal! invoiceDiscountAllocation:decimal!
    netAmount:decimal! netTaxAmount:decimal! netAmountIncludingTax:decimal! itemVariantId:guid locationId:guid"""
_APPROVAL = """entryNumber:int tableId:int documentType:approvalDocumentType documentNumber sequenceNumber:int senderId
    senderName approvalCode salespersonPurchaserCode salespersonPurchaserName approverId approverName
    status:approvalStatus dateTimeSentForApproval:moment lastDateTimeModified:moment comment:bool dueDate:date
    amount:decimal amountLCY:decimal currencyCode approvalType:workflowApprovalType
    limitType:workflowApprovalLimitType availableCreditLimitLCY:decimal pendingApprovals:int recordIdToApprove
    delegationDateFormula numberOfApprovedRequests:int numberOfRejectedRequests:int relatedToChange:bool
    workflowStepInstanceId:guid"""

TABLES: tuple[Table, ...] = (
    _table(
        "customers",
        f"""number displayName type:contactType {_POSTAL} salespersonCode balanceDue:decimal! creditLimit:decimal
        taxLiable:bool taxAreaId:guid taxAreaDisplayName taxRegistrationNumber currencyId:guid currencyCode
        paymentTermsId:guid shipmentMethodId:guid paymentMethodId:guid blocked:customerBlocked""",
    ),
    _table(
        "vendors",
        f"""number displayName {_POSTAL} taxRegistrationNumber currencyId:guid currencyCode irs1099Code
        paymentTermsId:guid paymentMethodId:guid taxLiable:bool blocked:vendorBlocked balance:decimal!""",
    ),
    _table(
        "items",
        """number displayName displayName2 type:itemType itemCategoryId:guid itemCategoryCode blocked:bool gtin
        inventory:decimal! unitPrice:decimal priceIncludesTax:bool unitCost:decimal taxGroupId:guid taxGroupCode
        baseUnitOfMeasureId:guid baseUnitOfMeasureCode""",
    ),
    _table("currencies", "code displayName symbol amountDecimalPlaces amountRoundingPrecision:decimal"),
    _table("unitsOfMeasure", "code displayName internationalStandardCode symbol"),
    _table(
        "generalLedgerSetup",
        """allowPostingFrom:date allowPostingTo:date additionalReportingCurrency localCurrencyCode localCurrencySymbol
        allowQueryFromConsolidation:bool shortcutDimension1Code shortcutDimension2Code""",
    ),
    _table(
        "companyInformation",
        f"displayName {_POSTAL} faxNumber taxRegistrationNumber currencyCode currentFiscalYearStartDate:date! industry",
    ),
    _table(
        "salesOrders",
        f"""number externalDocumentNumber orderDate:date postingDate:date {_CUSTOMER} {_MONEY} {_TERMS} salesperson
        partialShipping:bool requestedDeliveryDate:date {_TOTALS} fullyShipped:bool
        status:salesOrderEntityBufferStatus! phoneNumber email""",
        lines="salesOrderLines",
    ),
    _table(
        "salesOrderLines",
        f"""{_OBJECT} unitPrice:decimal {_AMOUNTS} shipmentDate:date shippedQuantity:decimal invoicedQuantity:decimal
        invoiceQuantity:decimal shipQuantity:decimal""",
        parent="salesOrders",
    ),
    _table(
        "salesInvoices",
        f"""number externalDocumentNumber invoiceDate:date postingDate:date dueDate:date promisedPayDate:date
        customerPurchaseOrderReference {_CUSTOMER} {_MONEY} {_TERMS} orderId:guid orderNumber! salesperson
        disputeStatusId:guid disputeStatus remainingAmount:decimal {_TOTALS} status:invoiceEntityAggregateStatus!
        phoneNumber email""",
        lines="salesInvoiceLines",
    ),
    _table("salesInvoiceLines", f"{_OBJECT} unitPrice:decimal {_AMOUNTS} shipmentDate:date", parent="salesInvoices"),
    _table(
        "salesShipments",
        f"""number externalDocumentNumber invoiceDate:date postingDate:date dueDate:date customerPurchaseOrderReference
        {_CUSTOMER} currencyCode orderNumber paymentTermsCode shipmentMethodCode salesperson pricesIncludeTax:bool
        phoneNumber email""",
        lines="salesShipmentLines",
    ),
    _table(
        "salesShipmentLines",
        """documentId:guid! documentNo sequence:int lineType:salesLineType lineObjectNumber description description2
        unitOfMeasureCode unitPrice:decimal quantity:decimal discountPercent:decimal taxPercent:decimal
        shipmentDate:date""",
        parent="salesShipments",
    ),
    _table(
        "purchaseOrders",
        f"""number orderDate:date postingDate:date {_VENDOR} {_MONEY} {_TERMS} purchaser requestedReceiptDate:date
        {_TOTALS} fullyReceived:bool status:purchaseOrderEntityBufferStatus!""",
        lines="purchaseOrderLines",
    ),
    _table(
        "purchaseOrderLines",
        f"""{_OBJECT} directUnitCost:decimal {_AMOUNTS} expectedReceiptDate:date receivedQuantity:decimal
        invoicedQuantity:decimal invoiceQuantity:decimal receiveQuantity:decimal""",
        parent="purchaseOrders",
    ),
    _table(
        "purchaseInvoices",
        f"""number postingDate:date invoiceDate:date dueDate:date vendorInvoiceNumber payToContact {_VENDOR} {_MONEY}
        shortcutDimension1Code shortcutDimension2Code orderId:guid orderNumber! purchaser {_TOTALS}
        status:invoiceEntityAggregateStatus!""",
        lines="purchaseInvoiceLines",
    ),
    _table(
        "purchaseInvoiceLines",
        f"{_OBJECT} unitCost:decimal {_AMOUNTS} expectedReceiptDate:date",
        parent="purchaseInvoices",
    ),
    _table("approvalEntries", _APPROVAL),
    _table(
        "workflowApprovers",
        """workflowCode workflowDescription category enabled:bool workflowStepId:int argumentId:guid
        approverType:workflowApproverType approverLimitType:workflowApproverLimitType userGroupCode
        userGroupDescription userId:guid userName sequence:int""",
    ),
    _table("itemUnitsOfMeasure", "itemId:guid itemNumber code qtyPerUnitOfMeasure:decimal", route=EXTENSION),
)
ACTIONS: Mapping[tuple[str, str], tuple[str, Mapping[str, object]]] = {
    ("salesOrders", "shipAndInvoice"): ("", {"fullyShipped": True, "status": "Open"}),
    ("purchaseOrders", "receiveAndInvoice"): ("", {"fullyReceived": True, "status": "Open"}),
    ("salesInvoices", "post"): ("", {"status": "Open"}),
    ("purchaseInvoices", "post"): ("", {"status": "Open"}),
    ("approvalEntries", "approve"): (EXTENSION, {"status": "Approved"}),
    ("approvalEntries", "reject"): (EXTENSION, {"status": "Rejected"}),
}
"""Bound actions: in which API they are, and what they leave behind."""
EXTENDED = frozenset({"approvalEntries"})
"""What the company's own pages show too."""
