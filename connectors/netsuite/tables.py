"""What the bridge knows of the vendor's standard types: their tables, and how the usual fields are typed.

A field that is not here is read by its own name, as text unless the settings type it. `total` of the record is
`foreigntotal` in SuiteQL, `amount` of a line `foreignamount`: both in the transaction's currency (A-NETSUITE-105).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.netsuite.settings import Form


@dataclass(frozen=True, slots=True)
class Known:
    """Where a field stands and how it arrives; `target` is the kind that a link points to."""

    sql: str
    form: Form
    target: str = ""


TRANSACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "assemblybuild": "Build",
        "cashrefund": "CashRfnd",
        "cashsale": "CashSale",
        "check": "Check",
        "creditmemo": "CustCred",
        "customerdeposit": "CustDep",
        "customerpayment": "CustPymt",
        "customerrefund": "CustRfnd",
        "deposit": "Deposit",
        "estimate": "Estimate",
        "expensereport": "ExpRept",
        "inventoryadjustment": "InvAdjst",
        "inventorytransfer": "InvTrnfr",
        "invoice": "CustInvc",
        "itemfulfillment": "ItemShip",
        "itemreceipt": "ItemRcpt",
        "journalentry": "Journal",
        "opportunity": "Opprtnty",
        "purchaseorder": "PurchOrd",
        "purchaserequisition": "PurchReq",
        "returnauthorization": "RtnAuth",
        "salesorder": "SalesOrd",
        "transferorder": "TrnfrOrd",
        "vendorbill": "VendBill",
        "vendorcredit": "VendCred",
        "vendorpayment": "VendPymt",
        "vendorreturnauthorization": "VendAuth",
        "workorder": "WorkOrd",
    }
)
"""Record type of REST, in lower case -> the type's code in SuiteQL (A-NETSUITE-104)."""

TWO_SIDED = frozenset({"Journal", "InvAdjst", "InvTrnfr", "TrnfrOrd", "WorkOrd", "Build"})
"""Transactions whose lines take from one side and give to another: their signs mean something."""

OTHERS: Mapping[str, str] = MappingProxyType(
    {
        "contact": "contact",
        "customer": "customer",
        "employee": "employee",
        "inventoryitem": "item",
        "item": "item",
        "partner": "partner",
        "supportcase": "supportcase",
        "vendor": "vendor",
    }
)
PAGES: Mapping[str, str] = MappingProxyType(
    {
        "transaction": "/app/accounting/transactions/transaction.nl?id=",
        "item": "/app/common/item/item.nl?id=",
        **dict.fromkeys(("contact", "customer", "employee", "partner", "vendor"), "/app/common/entity/entity.nl?id="),
        "supportcase": "/app/crm/support/supportcase.nl?id=",
    }
)
"""Where a record opens for people, by table (A-NETSUITE-106)."""


def _typed(prefix: str, form: Form, *names: str) -> dict[str, Known]:
    return {name: Known(f"{prefix}.{name}", form) for name in names}


HEADER: Mapping[str, Known] = MappingProxyType(
    {
        **_typed("t", Form.DATE, "trandate", "duedate", "shipdate", "startdate", "enddate", "closedate"),
        **_typed("t", Form.DATE, "expectedclosedate", "reversaldate", "actualshipdate"),
        **_typed("t", Form.MOMENT, "createddate", "lastmodifieddate"),
        **_typed("t", Form.MONEY, "foreigntotal", "foreignamountpaid", "foreignamountunpaid", "projectedtotal"),
        "total": Known("t.foreigntotal", Form.MONEY),
        "amountpaid": Known("t.foreignamountpaid", Form.MONEY),
        "amountremaining": Known("t.foreignamountunpaid", Form.MONEY),
        **_typed("t", Form.NUMBER, "exchangerate", "probability"),
        **_typed("t", Form.TRUTH, "posting", "voided", "void", "tobeprinted", "paymenthold", "isreversal"),
        **_typed("t", Form.CHOICE, "status", "approvalstatus", "billingstatus", "source", "shipcarrier"),
        "orderstatus": Known("t.status", Form.CHOICE),
        "currency": Known("t.currency", Form.LINK, "currency"),
        "entity": Known("t.entity", Form.LINK, "entity"),
        "employee": Known("t.employee", Form.LINK, "employee"),
        "salesrep": Known("t.employee", Form.LINK, "employee"),
        "nextapprover": Known("t.nextapprover", Form.LINK, "employee"),
        "createdby": Known("t.createdby", Form.LINK, "employee"),
        "lastmodifiedby": Known("t.lastmodifiedby", Form.LINK, "employee"),
        "terms": Known("t.terms", Form.LINK, "term"),
        "postingperiod": Known("t.postingperiod", Form.LINK, "accountingperiod"),
        "transferlocation": Known("t.transferlocation", Form.LINK, "location"),
        # These stand on the main line, not in the table of transactions.
        "subsidiary": Known("m.subsidiary", Form.LINK, "subsidiary"),
        "location": Known("m.location", Form.LINK, "location"),
        "department": Known("m.department", Form.LINK, "department"),
        "class": Known("m.class", Form.LINK, "classification"),
        "createdfrom": Known("m.createdfrom", Form.LINK, "transaction"),
    }
)

LINE: Mapping[str, Known] = MappingProxyType(
    {
        **_typed("n", Form.QUANTITY, "quantity", "quantitybackordered", "quantitybilled", "quantitycommitted"),
        **_typed("n", Form.QUANTITY, "quantitypacked", "quantitypicked", "quantityrejected", "quantityshiprecv"),
        "quantityreceived": Known("n.quantityshiprecv", Form.QUANTITY),
        "quantityfulfilled": Known("n.quantityshiprecv", Form.QUANTITY),
        "amount": Known("n.foreignamount", Form.MONEY),
        "foreignamount": Known("n.foreignamount", Form.MONEY),
        **_typed("n", Form.TRUTH, "isclosed", "isbillable", "isfullyshipped", "dropship", "specialorder"),
        **_typed("n", Form.DATE, "expectedshipdate", "expectedreceiptdate", "actualshipdate", "closedate"),
        **_typed("n", Form.NUMBER, "linesequencenumber", "ratepercent"),
        "line": Known("n.linesequencenumber", Form.NUMBER),
        "description": Known("n.memo", Form.TEXT),
        "item": Known("n.item", Form.LINK, "item"),
        "units": Known("n.units", Form.CHOICE),
        "location": Known("n.location", Form.LINK, "location"),
        "department": Known("n.department", Form.LINK, "department"),
        "class": Known("n.class", Form.LINK, "classification"),
        "entity": Known("n.entity", Form.LINK, "entity"),
        "createdfrom": Known("n.createdfrom", Form.LINK, "transaction"),
        "expenseaccount": Known("n.expenseaccount", Form.LINK, "account"),
        "category": Known("n.category", Form.LINK, "expensecategory"),
    }
)

OWN_BOOKS = frozenset({"netamount"})
"""Amounts of a line in the currency of its subsidiary's books, which no answer names (A-NETSUITE-105)."""

STOCK: Mapping[str, Known] = MappingProxyType(
    {
        **_typed("a", Form.QUANTITY, "quantityonhand", "quantityavailable", "quantitycommitted", "quantityonorder"),
        **_typed("a", Form.QUANTITY, "quantitybackordered", "quantityintransit", "reorderpoint", "preferredstocklevel"),
        "item": Known("a.item", Form.LINK, "item"),
        "location": Known("a.location", Form.LINK, "location"),
    }
)
