"""Which element stands for which field of a record."""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import Column, RecordType, Table, Type
from connectors.netsuite.sandbox.tables import RECORDS, TABLES

_TYPES = {
    Type.NUMBER: "xsd:double",
    Type.INTEGER: "xsd:long",
    Type.BOOLEAN: "xsd:boolean",
    Type.DATE: "xsd:dateTime",
    Type.DATETIME: "xsd:dateTime",
    Type.REFERENCE: "platformCore:RecordRef",
}


Member = tuple[str, Column]
"""An element of SOAP and the column that it shows."""

# a reader that goes by the vendor's schema takes the elements in its order alone
_TRANSACTION = "memo approvalStatus exchangeRate nextApprover currency total subsidiary status"
_RECORDS = {
    "customer": "entityId companyName phone email isInactive dateCreated subsidiary salesRep creditLimit currency"
    " lastModifiedDate",
    "vendor": "entityId companyName email isInactive lastModifiedDate dateCreated subsidiary currency",
    "employee": "entityId firstName lastName email isInactive lastModifiedDate dateCreated subsidiary"
    " purchaseOrderApprovalLimit supervisor approvalLimit title",
    "inventoryItem": "createdDate lastModifiedDate salesDescription unitsType stockUnit purchaseUnit saleUnit itemId"
    " displayName isInactive",
    "currency": "name symbol isBaseCurrency isInactive exchangeRate",
    "subsidiary": "name parent isInactive currency",
    "location": "name isInactive",
    "unitsType": "name isInactive",
    "salesOrder": "createdDate entity currency tranDate tranId otherRefNum memo exchangeRate total subsidiary"
    " lastModifiedDate status",
    "invoice": "createdDate lastModifiedDate nextApprover entity tranDate tranId subsidiary currency dueDate"
    " otherRefNum memo exchangeRate total status",
    "purchaseOrder": f"createdDate lastModifiedDate entity tranDate tranId {_TRANSACTION}",
    "vendorBill": "createdDate lastModifiedDate entity subsidiary approvalStatus nextApprover tranDate exchangeRate"
    " dueDate tranId memo userTotal currency status",
}
_LINES = {
    "unitsType": "internalId unitName pluralName abbreviation conversionRate baseUnit",
    "salesOrder": "item quantity units description rate amount location isClosed line",
    "invoice": "item line description amount quantity units rate location",
    "purchaseOrder": "item line quantity units description rate amount location isClosed",
    "vendorBill": "item line quantity units description rate amount location",
}
_BEHIND_LINES = {"invoice": "approvalStatus"}
_OTHER_NAMES = {"userTotal": "total"}
WITHOUT_CUSTOM_FIELDS = frozenset({"currency", "unitsType"})


def record_members(record: RecordType) -> list[Member]:
    """Return the standard fields of a record in the order of the vendor's schema, as they were from the first day."""
    return _members(_RECORDS[record.name], record.table)


def members_behind(record: RecordType) -> list[Member]:
    """Return the fields that stand behind the lines."""
    return _members(_BEHIND_LINES.get(record.name, ""), record.table)


def line_members(record: RecordType) -> list[Member]:
    """Return the standard fields of a record's lines, in order."""
    return _members(_LINES[record.name], record.sublist.table) if record.sublist else []


def _members(names: str, table: str) -> list[Member]:
    by_name = {column.rest: column for column in _table(table).columns if column.rest}
    return [(name, by_name[_OTHER_NAMES.get(name, name)]) for name in names.split()]


def element_type(column: Column) -> str:
    """Return the XML type of a field."""
    if column.rest == "rate":
        return "xsd:string"  # of a line: the vendor's may be a percentage
    if column.rest == "approvalStatus":
        return "platformCore:RecordRef"
    return _TYPES.get(column.type, "xsd:string")


def of_type(name: str) -> RecordType | None:
    """Find a record type by the name that SOAP has for it in `type` attributes and enumerations."""
    wanted = name.lstrip("_").casefold()
    return next((record for record in RECORDS if record.name.casefold() == wanted), None)


def _table(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)
