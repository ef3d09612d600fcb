"""Roles, their permissions, and who has them.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_0210123130.html (permissions of a role) and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_0210124841.html (roles of an employee)
"""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import Column, Table, Type
from connectors.netsuite.sandbox.tables.columns import flag, ident, refers, text

LEVELS = {"1": "View", "2": "Create", "3": "Edit", "4": "Full"}
# A-NETSUITE-40: what integrators' queries name
ROLE = Table(
    "role",
    "id",
    (
        ident(),
        text("name"),
        text("scriptid"),
        flag("isinactive"),
        text("employeerestriction"),
        text("subsidiaryoption"),
        text("subsidiaryrestriction"),
    ),
)
PERMISSIONS = Table(
    "rolepermissions",
    "key",
    (
        Column("key", Type.ID, ""),
        text("name"),
        text("permkey"),
        Column("permlevel", Type.CHOICE, "permlevel", choices=LEVELS),
        Column("restriction", Type.INTEGER, "restriction"),
        refers("role", "", "role"),
    ),
)
ASSIGNED = Table(
    "employeerolesforsearch",
    "id",
    (ident(), refers("entity", "", "employee"), refers("role", "", "role")),
)
