"""Roles: what whoever logs in with one may read, write and decide.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_N3424144.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from connectors.netsuite.sandbox.schema import Column, Level, RecordType, Row


class Feature(StrEnum):
    """Permissions that are not about one type of record, by the vendor's names."""

    REST = "REST Web Services"
    SOAP = "SOAP Web Services"
    SUITEQL = "SuiteAnalytics Workbook"
    OAUTH2 = "Log in using OAuth 2.0 Access Tokens"
    TOKENS = "Log in using Access Tokens"
    SCRIPTS = "SuiteScript"
    DELETED = "Deleted Records"
    ROLES = "Bulk Manage Roles"


@dataclass(slots=True)
class Role:
    """One role. `levels` are by record type, `subsidiaries` restrict rows (None: all of them).

    `hidden` holds table and key of the columns that it does not see; `approves` the types that it decides on.
    """

    id: int
    name: str
    admin: bool = False
    levels: dict[str, Level] = field(default_factory=dict)
    features: set[Feature] = field(default_factory=set)
    subsidiaries: frozenset[int] | None = None
    hidden: set[tuple[str, str]] = field(default_factory=set)
    approves: set[str] = field(default_factory=set)

    def has(self, feature: Feature) -> bool:
        """Tell whether the role has a permission."""
        return self.admin or feature in self.features

    def may(self, level: Level, record: RecordType) -> bool:
        """Tell whether the role goes as far as `level` with the records of this type."""
        return self.admin or self.levels.get(record.name, Level.NONE).covers(level)

    def decides(self, record: RecordType) -> bool:
        """Tell whether the role approves and rejects records of this type."""
        return self.admin or record.name in self.approves

    def sees(self, table: str, column: Column) -> bool:
        """Tell whether the role sees a column."""
        return (table, column.key) not in self.hidden

    @property
    def confined(self) -> frozenset[int] | None:
        """The subsidiaries whose rows it sees, None for all of them."""
        return None if self.admin else self.subsidiaries

    def reaches(self, row: Row) -> bool:
        """Tell whether a row belongs to a subsidiary of the role."""
        if self.confined is None or row.get("subsidiary") is None:
            return True
        return row["subsidiary"] in self.confined


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: an employee, in a role, through an integration."""

    employee: int
    role: Role
    integration: str
    scopes: frozenset[str] | None = None
