"""Who may see and do what: field permissions, and the level of access to each record."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Row

Entry = TypeVar("Entry")


class Level(Enum):
    """Access to one record, from nothing to everything, by the names of UserRecordAccess."""

    NONE = "None"
    READ = "Read"
    EDIT = "Edit"
    DELETE = "Delete"
    TRANSFER = "Transfer"
    ALL = "All"

    def allows(self, other: Level) -> bool:
        """Tell whether this level holds another."""
        order = list(Level)
        return order.index(self) >= order.index(other)


class Access:
    """The permissions of one org. Whoever is not restricted has everything."""

    def __init__(self) -> None:
        self._hidden: set[tuple[str, str, str]] = set()
        self._fixed: set[tuple[str, str, str]] = set()
        self._levels: dict[tuple[str, str], Level] = {}
        self._admins: set[str] = set()

    def hide(self, user_id: str, sobject: SObject, field_name: str, *, hidden: bool) -> None:
        """Take a field from a user, or give it back."""
        _put(self._hidden, (user_id, sobject.name, field_name), present=hidden)

    def fix(self, user_id: str, sobject: SObject, field_name: str, *, fixed: bool) -> None:
        """Let a user only read a field, or write it again."""
        _put(self._fixed, (user_id, sobject.name, field_name), present=fixed)

    def hidden(self, user_id: str, sobject: SObject) -> frozenset[str]:
        """Return the names of the fields that this user may not see."""
        return frozenset(f for user, name, f in self._hidden if (user, name) == (user_id, sobject.name))

    def fixed(self, user_id: str, sobject: SObject) -> frozenset[str]:
        """Return the names of the fields that this user may see and not write."""
        return frozenset(f for user, name, f in self._fixed if (user, name) == (user_id, sobject.name))

    def share(self, user_id: str, target: str, level: Level) -> None:
        """Set a user's access to a record (by id) or to all records of an object (by name)."""
        self._levels[user_id, target] = level

    def level(self, user_id: str, sobject: SObject, record_id: str) -> Level:
        """Return what a user may do with a record; what is said of the record itself comes first."""
        if user_id in self._admins:
            return Level.ALL
        known = self._levels
        return known.get((user_id, record_id)) or known.get((user_id, sobject.name)) or Level.ALL

    def sees(self, user_id: str, sobject: SObject, row: Row) -> bool:
        """Tell whether a record exists for a user."""
        return self.level(user_id, sobject, row.id).allows(Level.READ)

    def promote(self, user_id: str, *, admin: bool) -> None:
        """Give a user "Modify All Data", or take it."""
        _put(self._admins, user_id, present=admin)

    def is_admin(self, user_id: str) -> bool:
        """Tell whether a user has "Modify All Data"."""
        return user_id in self._admins


def _put(entries: set[Entry], entry: Entry, *, present: bool) -> None:
    if present:
        entries.add(entry)
    else:
        entries.discard(entry)
