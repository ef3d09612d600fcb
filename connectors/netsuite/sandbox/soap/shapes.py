"""Which element stands for which field, and which fields a search may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class SearchType:
    """A kind of search: the table that it goes through, and the column and kind of each field that it may name."""

    name: str
    area: str
    table: str
    fields: Mapping[str, tuple[str, str]]


DATE, TEXT, FLAG, REFS, ENUMS = (
    "SearchDateField",
    "SearchStringField",
    "SearchBooleanField",
    "SearchMultiSelectField",
    ("SearchEnumMultiSelectField"),
)
_LIST = {
    "externalIdString": ("externalid", TEXT),
    "internalId": ("id", REFS),
    "isInactive": ("isinactive", FLAG),
    "lastModifiedDate": ("lastmodifieddate", DATE),
}
_ENTITY = {**_LIST, "email": ("email", TEXT), "entityId": ("entityid", TEXT), "dateCreated": ("datecreated", DATE)}
SEARCHES = (
    SearchType("Customer", "relationships", "customer", _ENTITY),
    SearchType("Vendor", "relationships", "vendor", _ENTITY),
    SearchType("Employee", "employees", "employee", _ENTITY),
    SearchType("Item", "accounting", "item", {**_LIST, "itemId": ("itemid", TEXT), "created": ("createddate", DATE)}),
    SearchType("Currency", "accounting", "currency", {**_LIST, "name": ("name", TEXT)}),
    SearchType("Subsidiary", "accounting", "subsidiary", {**_LIST, "name": ("name", TEXT)}),
    SearchType("UnitsType", "accounting", "unitstype", {**_LIST, "name": ("name", TEXT)}),
    SearchType(
        "Transaction",
        "sales",
        "transaction",
        {
            "approvalStatus": ("approvalstatus", ENUMS),
            "dateCreated": ("createddate", DATE),
            "entity": ("entity", REFS),
            "externalIdString": ("externalid", TEXT),
            "internalId": ("id", REFS),
            "lastModifiedDate": ("lastmodifieddate", DATE),
            "tranDate": ("trandate", DATE),
            "tranId": ("tranid", TEXT),
            "type": ("type", ENUMS),
        },
    ),
)


def record_columns(record: RecordType) -> list[Column]:
    """Return the standard fields of a record, as the WSDL has them from the first day."""
    columns = _table(record.table).columns
    return [c for c in columns if c.rest and not c.custom and (not c.records or record.name in c.records)]


def line_columns(record: RecordType) -> list[Column]:
    """Return the standard fields of a record's lines."""
    if record.sublist is None:
        return []
    return [column for column in _table(record.sublist.table).columns if column.rest and not column.custom]


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
