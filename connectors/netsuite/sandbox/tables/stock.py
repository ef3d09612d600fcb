"""Locations, and how much of each item lies there.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_159367781370.html (Records Catalog)
"""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import Column, Table, Type
from connectors.netsuite.sandbox.tables.columns import external, flag, ident, number, refers, stamp, text

_BALANCE = (
    Column("key", Type.ID, ""),
    refers("item", "", "item"),
    refers("location", "", "location"),
    number("quantityonhand"),
    number("quantityavailable"),
)
_ORDERS = (number("quantitycommitted"), number("quantityonorder"), number("quantitybackordered"))

LOCATION = Table(
    "location",
    "id",
    (
        ident(),
        external(),
        text("name", "name", required=True),
        Column("fullname", Type.TEXT, "fullname", "fullName", writable=False),
        refers("subsidiary", "", "subsidiary"),
        flag("isinactive", "isInactive"),
        stamp("lastmodifieddate", "lastModifiedDate"),
    ),
)
# A-NETSUITE-42: three tables that integrators' queries name, and what they count
BALANCES = (
    Table("aggregateitemlocation", "key", (*_BALANCE, *_ORDERS)),
    Table("inventoryitemlocations", "key", (*_BALANCE, *_ORDERS)),
    Table("inventorybalance", "key", _BALANCE),
)
NAMES = frozenset(table.name for table in BALANCES)

# what is left of the orders of one type that were approved, in the base unit
_OPEN = """(SELECT COALESCE(SUM(MAX(l.quantity - COALESCE(l.quantityshiprecv, 0), 0) * l._factor), 0)
    FROM t_transactionline AS l JOIN t_transaction AS t ON t.id = l."transaction"
    WHERE l.location = s.location AND l.item = s.item AND l.isclosed = 'F' AND t.status IN ('B', 'D')
    AND t.type = '{type}') AS {name}"""
COMPUTED = " ".join(
    (
        "SELECT key, item, location, onhand AS quantityonhand, MAX(onhand - promised, 0) AS quantityavailable,",
        "MAX(MIN(onhand, promised), 0) AS quantitycommitted, expected AS quantityonorder,",
        "MAX(promised - MAX(onhand, 0), 0) AS quantitybackordered, NULL AS _name FROM (SELECT s.*,",
        _OPEN.format(type="SalesOrd", name="promised"),
        ",",
        _OPEN.format(type="PurchOrd", name="expected"),
        "FROM t_stock AS s)",
    )
)
"""The rows of `BALANCES`: what lies there is counted, what is promised and expected follows from the orders."""
