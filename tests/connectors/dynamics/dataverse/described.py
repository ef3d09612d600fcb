"""Descriptions of tables as Microsoft's pages show them, less the columns that no test needs.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
https://learn.microsoft.com/dynamics365/developer/reference/entities/salesorder
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.connectors.dynamics.dataverse.vendor import Said, Vendor

STAMPED = {
    "modifiedon": "DateTime",
    "modifiedby": "Lookup:systemuser",
    "modifiedonbehalfby": "Lookup:systemuser",
    "createdon": "DateTime",
}
PRICED = {"transactioncurrencyid": "Lookup:transactioncurrency", "exchangerate": "Decimal"}

SALESORDER = {
    "salesorderid": "Uniqueidentifier",
    "ordernumber": "String",
    "name": "String",
    "totalamount": "Money",
    "totalamount_base": "Money",
    "customerid": "Customer:account,contact",
    "ownerid": "Owner:systemuser,team",
    "statecode": "State",
    "statuscode": "Status",
    "freighttermscode": "Picklist",
    "isrevisionlocked": "Boolean",
    "requestdeliveryby": "DateTime:DateOnly:DateOnly",
    "submitdate": "DateTime:UserLocal:DateOnly",
    "new_pickupat": "DateTime:TimeZoneIndependent:DateAndTime",
    "new_feastday": "DateTime:TimeZoneIndependent:DateOnly",
    "new_channels": "Virtual:MultiSelectPicklistType",
    "new_margin": "Decimal!",
    "new_tons": "Decimal",
    "new_weightunit": "Lookup:uom",
    "entityimage": "Virtual:ImageType",
    **STAMPED,
    **PRICED,
}
SALESORDERDETAIL = {
    "salesorderdetailid": "Uniqueidentifier",
    "salesorderid": "Lookup:salesorder",
    "lineitemnumber": "Integer",
    "productdescription": "String",
    "productid": "Lookup:product",
    "quantity": "Decimal",
    "uomid": "Lookup:uom",
    "priceperunit": "Money",
    **STAMPED,
    **PRICED,
}
INCIDENT = {
    "incidentid": "Uniqueidentifier",
    "ticketnumber": "String",
    "title": "String",
    "prioritycode": "Picklist",
    **STAMPED,
}


def describe(vendor: Vendor, name: str, entity_set: str, columns: Mapping[str, str], *, tracked: bool = True) -> None:
    """Script the three calls that describe a table. A column is `Type`, `Type:more`; `!` is column security."""
    path = f"EntityDefinitions(LogicalName='{name}')"
    read = {column: text.rstrip("!").split(":") for column, text in columns.items()}
    body = {
        "LogicalName": name,
        "EntitySetName": entity_set,
        "PrimaryIdAttribute": f"{name}id",
        "PrimaryNameAttribute": "name",
        "ChangeTrackingEnabled": tracked,
        "Attributes": [_attribute(column, text) for column, text in columns.items()],
    }
    dates = [
        {
            "LogicalName": column,
            "DateTimeBehavior": {"Value": (parts[1:2] or ["UserLocal"])[0]},
            "Format": (parts[2:3] or ["DateAndTime"])[0],
        }
        for column, parts in read.items()
        if parts[0] == "DateTime"
    ]
    links = [
        {"LogicalName": column, "Targets": parts[1].split(",")}
        for column, parts in read.items()
        if parts[0] in {"Lookup", "Customer", "Owner"}
    ]
    vendor.on(path, Said(200, body))
    vendor.on(f"{path}/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata", Said(200, {"value": dates}))
    vendor.on(f"{path}/Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata", Said(200, {"value": links}))


def _attribute(column: str, text: str) -> dict[str, Any]:
    kind, _, more = text.rstrip("!").partition(":")
    return {
        "LogicalName": column,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": more if kind == "Virtual" else f"{kind}Type"},
        "IsSecured": text.endswith("!"),
        "IsValidForRead": True,
        "DisplayName": {"UserLocalizedLabel": {"Label": column.title(), "LanguageCode": 1033}},
    }
