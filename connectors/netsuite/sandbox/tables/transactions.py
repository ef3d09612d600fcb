"""Transactions and their lines.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_159367781370.html (Records Catalog)
"""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import Column, Table, Type
from connectors.netsuite.sandbox.tables.columns import external, flag, ident, number, refers, stamp, text

PENDING, APPROVED, REJECTED = "1", "2", "3"
APPROVAL = {PENDING: "Pending Approval", APPROVED: "Approved", REJECTED: "Rejected"}
"""A-NETSUITE-20: the codes of the standard list."""

TYPES = {"SalesOrd": "Sales Order", "CustInvc": "Invoice", "PurchOrd": "Purchase Order", "VendBill": "Bill"}
STATUS = {
    "SalesOrd:A": "Sales Order : Pending Approval",
    "SalesOrd:B": "Sales Order : Pending Fulfillment",
    "SalesOrd:C": "Sales Order : Cancelled",
    "SalesOrd:D": "Sales Order : Partially Fulfilled",
    "SalesOrd:F": "Sales Order : Pending Billing",
    "SalesOrd:G": "Sales Order : Billed",
    "SalesOrd:H": "Sales Order : Closed",
    "CustInvc:A": "Invoice : Open",
    "CustInvc:B": "Invoice : Paid In Full",
    "CustInvc:D": "Invoice : Pending Approval",
    "CustInvc:E": "Invoice : Rejected",
    "PurchOrd:A": "Purchase Order : Pending Supervisor Approval",
    "PurchOrd:B": "Purchase Order : Pending Receipt",
    "PurchOrd:C": "Purchase Order : Rejected by Supervisor",
    "PurchOrd:D": "Purchase Order : Partially Received",
    "PurchOrd:F": "Purchase Order : Pending Bill",
    "PurchOrd:G": "Purchase Order : Fully Billed",
    "PurchOrd:H": "Purchase Order : Closed",
    "VendBill:A": "Bill : Open",
    "VendBill:B": "Bill : Paid In Full",
    "VendBill:D": "Bill : Pending Approval",
    "VendBill:E": "Bill : Rejected",
}
AFTER = {
    "SalesOrd": {PENDING: "A", APPROVED: "B", REJECTED: "C"},
    "CustInvc": {PENDING: "D", APPROVED: "A", REJECTED: "E"},
    "PurchOrd": {PENDING: "A", APPROVED: "B", REJECTED: "C"},
    "VendBill": {PENDING: "D", APPROVED: "A", REJECTED: "E"},
}
"""The status that follows from approvalStatus."""

TRANSACTION = Table(
    "transaction",
    "id",
    (
        ident(),
        external(),
        text("tranid", "tranId"),
        Column("type", Type.CHOICE, "type", choices=TYPES, writable=False),
        Column("recordtype", Type.TEXT, "recordtype", writable=False),
        refers("entity", "entity", "entity", required=True),
        Column("trandate", Type.DATE, "trandate", "tranDate"),
        Column("duedate", Type.DATE, "duedate", "dueDate", records=frozenset({"invoice", "vendorBill"})),
        Column("status", Type.CHOICE, "status", "status", choices=STATUS, typed=True, writable=False),
        Column("approvalstatus", Type.CHOICE, "approvalstatus", "approvalStatus", choices=APPROVAL),
        refers("nextapprover", "nextApprover", "employee"),
        # A-NETSUITE-34: SuiteQL has it on the lines alone
        Column("subsidiary", Type.REFERENCE, "", "subsidiary", "subsidiary"),
        refers("currency", "currency", "currency"),
        number("exchangerate", "exchangeRate"),
        Column("foreigntotal", Type.NUMBER, "foreigntotal", "total", writable=False),
        text("memo", "memo"),
        Column("otherrefnum", Type.TEXT, "otherrefnum", "otherRefNum", records=frozenset({"salesOrder", "invoice"})),
        text("custbody_priority", "custbody_priority"),
        Column("createdby", Type.REFERENCE, "createdby", target="employee", writable=False),
        Column("lastmodifiedby", Type.REFERENCE, "lastmodifiedby", target="employee", writable=False),
        stamp("createddate", "createdDate"),
        stamp("lastmodifieddate", "lastModifiedDate"),
    ),
)
LINE = Table(
    "transactionline",
    "uniquekey",
    (
        Column("uniquekey", Type.ID, "uniquekey", writable=False),
        Column("transaction", Type.REFERENCE, "transaction", target="transaction", writable=False),
        Column("id", Type.INTEGER, "id", writable=False),
        Column("linesequencenumber", Type.INTEGER, "linesequencenumber", "line"),
        Column("mainline", Type.BOOLEAN, "mainline", writable=False),
        Column("taxline", Type.BOOLEAN, "taxline", writable=False),
        Column("iscogs", Type.BOOLEAN, "iscogs", writable=False),
        refers("item", "item", "item", required=True),
        number("quantity", "quantity"),
        refers("units", "units", "unitstypeuom"),
        # A-NETSUITE-44: in the base unit, without a sign
        number("quantityshiprecv"),
        number("rate", "rate"),
        Column("foreignamount", Type.NUMBER, "foreignamount", "amount"),
        Column("netamount", Type.NUMBER, "netamount", writable=False),
        Column("memo", Type.TEXT, "memo", "description"),
        refers("subsidiary", "", "subsidiary"),
        refers("location", "location", "location"),
        flag("isclosed", "isClosed"),
        stamp("linelastmodifieddate"),
    ),
)
