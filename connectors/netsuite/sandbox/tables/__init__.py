"""The tables and record types of the account: a small part of the vendor's, with the vendor's names."""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import RecordType, Sublist, Table
from connectors.netsuite.sandbox.tables.lists import (
    CURRENCY,
    CUSTOMER,
    DELETED,
    EMPLOYEE,
    ENTITY,
    ITEM,
    SUBSIDIARY,
    UNITS_TYPE,
    UOM,
    VENDOR,
)
from connectors.netsuite.sandbox.tables.rights import ASSIGNED, PERMISSIONS, ROLE
from connectors.netsuite.sandbox.tables.stock import BALANCES, LOCATION
from connectors.netsuite.sandbox.tables.transactions import LINE, TRANSACTION

__all__ = ["RECORDS", "TABLES"]

_ITEMS = Sublist("item", LINE.name, "transaction", "linesequencenumber", "itemList")
_UOM = Sublist("uom", UOM.name, "unitstype", "internalid", "uomList")

TABLES: tuple[Table, ...] = (
    TRANSACTION,
    LINE,
    CUSTOMER,
    VENDOR,
    EMPLOYEE,
    ENTITY,
    ITEM,
    CURRENCY,
    SUBSIDIARY,
    UNITS_TYPE,
    UOM,
    DELETED,
    LOCATION,
    *BALANCES,
    ROLE,
    PERMISSIONS,
    ASSIGNED,
)

RECORDS: tuple[RecordType, ...] = (
    RecordType("customer", "customer", "Customer", "relationships", "Customer"),
    RecordType("vendor", "vendor", "Vendor", "relationships", "Vendor"),
    RecordType("employee", "employee", "Employee", "employees", "Employee"),
    RecordType("inventoryItem", "item", "Inventory Item", "accounting", "InventoryItem"),
    RecordType("currency", "currency", "Currency", "accounting", "Currency"),
    RecordType("subsidiary", "subsidiary", "Subsidiary", "accounting", "Subsidiary"),
    RecordType("location", "location", "Location", "accounting", "Location"),
    RecordType("unitsType", "unitstype", "Units Type", "accounting", "UnitsType", _UOM),
    RecordType("salesOrder", "transaction", "Sales Order", "sales", "SalesOrder", _ITEMS, "SalesOrd"),
    RecordType("invoice", "transaction", "Invoice", "sales", "Invoice", _ITEMS, "CustInvc"),
    RecordType("purchaseOrder", "transaction", "Purchase Order", "purchases", "PurchaseOrder", _ITEMS, "PurchOrd"),
    RecordType("vendorBill", "transaction", "Bill", "purchases", "VendorBill", _ITEMS, "VendBill"),
)
