"""Which searches there are, which fields each may name, and which columns it may return.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3516862.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.netsuite.sandbox.schema import Column, Table, Type
from connectors.netsuite.sandbox.tables import TABLES

DATE, TEXT, FLAG, REFS, ENUMS = (
    "SearchDateField",
    "SearchStringField",
    "SearchBooleanField",
    "SearchMultiSelectField",
    "SearchEnumMultiSelectField",
)
SELECT, ENUM = "SearchColumnSelectField", "SearchColumnEnumSelectField"
_COLUMN_TYPES = {
    Type.ID: SELECT,
    Type.REFERENCE: SELECT,
    Type.CHOICE: ENUM,
    Type.TEXT: "SearchColumnStringField",
    Type.NUMBER: "SearchColumnDoubleField",
    Type.INTEGER: "SearchColumnLongField",
    Type.BOOLEAN: "SearchColumnBooleanField",
    Type.DATE: "SearchColumnDateField",
    Type.DATETIME: "SearchColumnDateField",
}
LINE = "transactionline"
Fields = Mapping[str, tuple[str, str]]
"""Column and kind of each field that a search may name."""


@dataclass(frozen=True, slots=True)
class SearchColumn:
    """A column that an advanced search may return; `table` holds its value."""

    name: str
    table: str
    column: Column

    @property
    def type(self) -> str:
        """The type of the WSDL."""
        # of purchases it is text, of customers a number
        return "SearchColumnTextNumberField" if self.name == "otherRefNum" else _COLUMN_TYPES[self.column.type]


@dataclass(frozen=True, slots=True)
class SearchType:
    """A kind of search: the table that it goes through, and its fields; those of `line_fields` belong to the lines.

    `returns` names the columns that it may return, in the order of the vendor's schema: a name, and the key where it
    has another; behind a dot where it belongs to a line.
    """

    name: str
    area: str
    table: str
    fields: Fields
    returns: str
    line_fields: Fields = field(default_factory=dict)
    custom: bool = True

    @property
    def columns(self) -> Sequence[SearchColumn]:
        """What it may return, less the fields of the account's own."""
        return [self._column(*one.partition("=")[::2]) for one in self.returns.split()]

    def _column(self, name: str, key: str) -> SearchColumn:
        of_line = key.startswith(".")
        table = _table(LINE if of_line else self.table)
        wanted = key.removeprefix(".")
        found = next(c for c in table.columns if (c.key == wanted if wanted else c.rest == name))
        return SearchColumn(name, table.name, found)


_LIST = {
    "externalIdString": ("externalid", TEXT),
    "internalId": ("id", REFS),
    "isInactive": ("isinactive", FLAG),
    "lastModifiedDate": ("lastmodifieddate", DATE),
}
_NAMED = {"internalId": ("id", REFS), "name": ("name", TEXT)}
_ENTITY = {**_LIST, "email": ("email", TEXT), "entityId": ("entityid", TEXT), "dateCreated": ("datecreated", DATE)}
SEARCHES = (
    SearchType(
        "Customer",
        "relationships",
        "customer",
        _ENTITY,
        "companyName creditLimit currency dateCreated email entityId internalId=id isInactive lastModifiedDate phone"
        " salesRep subsidiary",
    ),
    SearchType(
        "Vendor",
        "relationships",
        "vendor",
        _ENTITY,
        "companyName currency dateCreated email entityId internalId=id isInactive lastModifiedDate subsidiary",
    ),
    SearchType(
        "Employee",
        "employees",
        "employee",
        _ENTITY,
        "approvalLimit dateCreated email entityId firstName internalId=id isInactive lastModifiedDate lastName"
        " purchaseOrderApprovalLimit subsidiary supervisor title",
    ),
    SearchType(
        "Item",
        "accounting",
        "item",
        {**_LIST, "itemId": ("itemid", TEXT), "created": ("createddate", DATE)},
        "created=createddate displayName internalId=id isInactive itemId modified=lastmodifieddate purchaseUnit"
        " salesDescription saleUnit stockUnit type=itemtype unitsType",
    ),
    SearchType("Subsidiary", "accounting", "subsidiary", _NAMED, "currency internalId=id isInactive name"),
    SearchType("Location", "accounting", "location", _NAMED, "internalId=id isInactive name subsidiary=subsidiary"),
    SearchType("UnitsType", "accounting", "unitstype", _NAMED, "internalId=id name", custom=False),
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
        "approvalStatus closed=.isclosed currency dateCreated=createddate dueDate entity exchangeRate internalId=id"
        " item=.item lastModifiedDate line=.id lineSequenceNumber=.linesequencenumber location=.location"
        " mainLine=.mainline memoMain=memo nextApprover otherRefNum recordType=recordtype status subsidiary"
        " taxLine=.taxline tranDate tranId type=type",
        {
            "cogs": ("iscogs", FLAG),
            "item": ("item", REFS),
            "location": ("location", REFS),
            "mainLine": ("mainline", FLAG),
            "taxLine": ("taxline", FLAG),
        },
    ),
)


def _table(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)
