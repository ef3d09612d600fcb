"""Lists: customers, vendors, employees, items with their units, currencies, subsidiaries, and what was deleted.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_159367781370.html (Records Catalog)
"""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import Column, Table, Type
from connectors.netsuite.sandbox.tables.columns import external, flag, ident, number, refers, stamp, text

_ENTITY = (
    ident(),
    external(),
    text("entityid", "entityId"),
    text("email", "email"),
    refers("subsidiary", "subsidiary", "subsidiary"),
    flag("isinactive", "isInactive"),
    stamp("datecreated", "dateCreated"),
    stamp("lastmodifieddate", "lastModifiedDate"),
)

CUSTOMER = Table(
    "customer",
    "id",
    (
        *_ENTITY,
        text("companyname", "companyName", required=True),
        text("phone", "phone"),
        refers("currency", "currency", "currency"),
        refers("salesrep", "salesRep", "employee"),
        number("creditlimit", "creditLimit"),
        text("custentity_tier", "custentity_tier"),
    ),
)
VENDOR = Table(
    "vendor",
    "id",
    (*_ENTITY, text("companyname", "companyName", required=True), refers("currency", "currency", "currency")),
)
EMPLOYEE = Table(
    "employee",
    "id",
    (
        *_ENTITY,
        text("firstname", "firstName"),
        text("lastname", "lastName", required=True),
        text("title", "title"),
        refers("supervisor", "supervisor", "employee"),
        number("approvallimit", "approvalLimit"),
        number("purchaseorderapprovallimit", "purchaseOrderApprovalLimit"),
        flag("giveaccess", "giveAccess"),
        text("rolesforsearch"),
    ),
)
ENTITY = Table(
    "entity",
    "id",
    (
        ident(),
        Column("externalid", Type.TEXT, ""),
        text("entityid"),
        text("type"),
        text("email"),
        flag("isinactive"),
        stamp("datecreated"),
        stamp("lastmodifieddate"),
    ),
)
ITEM = Table(
    "item",
    "id",
    (
        ident(),
        external(),
        text("itemid", "itemId", required=True),
        Column("itemtype", Type.CHOICE, "itemtype", choices={"InvtPart": "Inventory Item"}, writable=False),
        text("displayname", "displayName"),
        text("description", "salesDescription"),
        refers("unitstype", "unitsType", "unitstype"),
        refers("stockunit", "stockUnit", "unitstypeuom"),
        refers("saleunit", "saleUnit", "unitstypeuom"),
        refers("purchaseunit", "purchaseUnit", "unitstypeuom"),
        number("averagecost", "averageCost"),
        flag("isinactive", "isInactive"),
        stamp("createddate", "createdDate"),
        stamp("lastmodifieddate", "lastModifiedDate"),
    ),
)
CURRENCY = Table(
    "currency",
    "id",
    (
        ident(),
        external(),
        text("name", "name", required=True),
        text("symbol", "symbol"),
        number("exchangerate", "exchangeRate"),
        flag("isbasecurrency", "isBaseCurrency"),
        flag("isinactive", "isInactive"),
        stamp("lastmodifieddate", "lastModifiedDate"),
    ),
)
SUBSIDIARY = Table(
    "subsidiary",
    "id",
    (
        ident(),
        external(),
        text("name", "name", required=True),
        refers("currency", "currency", "currency"),
        refers("parent", "parent", "subsidiary"),
        flag("isinactive", "isInactive"),
        stamp("lastmodifieddate", "lastModifiedDate"),
    ),
)
UNITS_TYPE = Table(
    "unitstype",
    "id",
    (
        ident(),
        external(),
        text("name", "name", required=True),
        flag("isinactive", "isInactive"),
        stamp("lastmodifieddate", "lastModifiedDate"),
    ),
)
UOM = Table(
    "unitstypeuom",
    "internalid",
    (
        Column("internalid", Type.ID, "internalid", "internalId"),
        refers("unitstype", "", "unitstype"),
        text("unitname", "unitName"),
        text("pluralname", "pluralName"),
        text("abbreviation", "abbreviation"),
        number("conversionrate", "conversionRate"),
        flag("baseunit", "baseUnit"),
    ),
)
# A-NETSUITE-33: the names of these columns
DELETED = Table(
    "deletedrecord",
    "key",
    (
        Column("key", Type.ID, ""),
        stamp("deleteddate"),
        refers("deletedby", "", "employee"),
        text("context"),
        text("name"),
        Column("recordid", Type.INTEGER, "recordid"),
        text("type"),
        Column("externalid", Type.TEXT, ""),
    ),
)
