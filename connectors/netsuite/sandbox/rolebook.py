"""The roles as tables of SuiteQL: what each may, and who has it.

The keys are those of https://system.netsuite.com/help/helpcenter/en_US/APIs/REST_API_Browser/record/v1/2026.1/index.html
(employee, emppermsElement).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.netsuite.sandbox.database import NAME, Database
from connectors.netsuite.sandbox.roles import Feature, Role
from connectors.netsuite.sandbox.schema import Level, Row
from connectors.netsuite.sandbox.tables.rights import LEVELS

UNRESTRICTED = -1
_RECORDS = {
    "customer": ("LIST_CUSTJOB", "Customers"),
    "vendor": ("LIST_VENDOR", "Vendors"),
    "employee": ("LIST_EMPLOYEE", "Employees"),
    "inventoryItem": ("LIST_ITEM", "Items"),
    "currency": ("LIST_CURRENCY", "Currency"),
    "subsidiary": ("LIST_SUBSIDIARY", "Subsidiaries"),
    "location": ("LIST_LOCATION", "Locations"),
    "unitsType": ("LIST_UNIT", "Units"),
    "salesOrder": ("TRAN_SALESORD", "Sales Order"),
    "invoice": ("TRAN_CUSTINVC", "Invoice"),
    "purchaseOrder": ("TRAN_PURCHORD", "Purchase Order"),
    "vendorBill": ("TRAN_VENDBILL", "Bills"),
}
# the vendor has no permission of its own for approving purchase orders
_APPROVALS = {
    "salesOrder": ("TRAN_SALESORDAPPRV", "Sales Order Approval"),
    "invoice": ("TRAN_CUSTINVCAPPRV", "Invoice Approval"),
    "vendorBill": ("TRAN_VENDBILLAPPRV", "Vendor Bill Approval"),
}
_FEATURES = {
    Feature.REST: "ADMI_RESTWEBSERVICES",
    Feature.SOAP: "ADMI_WEBSERVICES",
    Feature.SUITEQL: "REPO_ANALYTICS",
    Feature.OAUTH2: "ADMI_LOGIN_OAUTH2",
    Feature.TOKENS: "ADMI_LOGIN_OAUTH",
    Feature.SCRIPTS: "ADMI_CUSTOMSCRIPT",
    Feature.DELETED: "ADMI_DELETEDRECORD",
    Feature.ROLES: "ADMI_MANAGEROLES",
}
_FULL = len(LEVELS)


class Rolebook:
    """Keeps the tables of roles as the roles are. `assigned` holds the roles of each employee by their ids."""

    def __init__(self, database: Database, roles: Mapping[int, Role]) -> None:
        self._database = database
        self._roles = roles
        self.assigned: dict[int, Sequence[int]] = {}

    def write(self) -> None:
        """Write all rows anew."""
        for table in ("role", "rolepermissions", "employeerolesforsearch"):
            self._database.clear(table)
        self._database.insert("role", (_role(role) for role in self._roles.values()))
        granted = [row for role in self._roles.values() for row in _permissions(role)]
        self._database.insert("rolepermissions", ({"key": at} | row for at, row in enumerate(granted, start=1)))
        pairs = [(employee, role) for employee, roles in self.assigned.items() for role in roles]
        rows = ({"id": at, "entity": who, "role": role} for at, (who, role) in enumerate(pairs, start=1))
        self._database.insert("employeerolesforsearch", rows)
        for employee, roles in self.assigned.items():
            held = {"rolesforsearch": ", ".join(map(str, roles)) or None, "giveaccess": "T" if roles else "F"}
            self._database.update("employee", "id", {"id": employee} | held)


def _role(role: Role) -> Row:
    confined = sorted(role.confined or ())
    return {
        "id": role.id,
        "name": role.name,
        NAME: role.name,
        "scriptid": "customrole_" + role.name.casefold().replace(" ", "_"),
        "isinactive": "F",
        "employeerestriction": "NONE",
        "subsidiaryoption": "SELECTED" if confined else "ALL",
        "subsidiaryrestriction": ", ".join(map(str, confined)) or None,
    }


def _permissions(role: Role) -> Iterator[Row]:
    """Yield what a role may, lists and transactions before setup."""
    order = list(Level)
    for record, (key, name) in _RECORDS.items():
        level = _FULL if role.admin else order.index(role.levels.get(record, Level.NONE))
        if level:
            yield _permission(role, key, name, level)
    for record, (key, name) in _APPROVALS.items():
        if role.admin or record in role.approves:
            yield _permission(role, key, name, _FULL)
    for feature, key in _FEATURES.items():
        if role.has(feature):
            yield _permission(role, key, feature.value, _FULL)


def _permission(role: Role, key: str, name: str, level: int) -> Row:
    return {"name": name, "permkey": key, "permlevel": str(level), "restriction": UNRESTRICTED, "role": role.id}
