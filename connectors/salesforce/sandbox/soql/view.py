"""The records and fields that one user's queries see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.salesforce.sandbox.access import Access
from connectors.salesforce.sandbox.catalogue import Catalogue, Child
from connectors.salesforce.sandbox.objects.people import NAME
from connectors.salesforce.sandbox.schema import Field, SObject
from connectors.salesforce.sandbox.store import Row, Store


@dataclass(frozen=True, slots=True)
class Parent:
    """A record that a reference leads to. `shown` is its own object, also where queries see it as a Name."""

    shown: SObject
    row: Row


@dataclass(frozen=True, slots=True)
class View:
    """One user's view of the org. With `any_target`, a relation to several objects has the fields of all of them."""

    store: Store
    catalogue: Catalogue
    access: Access
    user_id: str
    any_target: bool

    def rows(self, sobject: SObject) -> Sequence[Row]:
        """Return the rows that the user may read, deleted ones included."""
        rows = self.store.rows(sobject)
        return [row for row in rows if self.access.sees(self.user_id, sobject, row)]

    def field(self, sobject: SObject, name: str) -> Field | None:
        """Find a field that the user may see."""
        return self._visible(sobject, sobject.field(name))

    def relation(self, sobject: SObject, name: str) -> Field | None:
        """Find the reference behind a relationship that the user may see."""
        return self._visible(sobject, sobject.relation(name))

    def targets(self, hop: Field) -> Sequence[SObject]:
        """Return the objects among whose fields a path goes on behind a reference."""
        objects = [found for name in hop.references if (found := self.catalogue.find(name))]
        if not hop.polymorphic:
            return objects
        # A-SALESFORCE-7: what else may be selected than the fields of Name
        return [NAME, *objects] if self.any_target else [NAME]

    def child(self, sobject: SObject, name: str) -> Child | None:
        """Find the records that refer to an object, unless the user may not see the reference."""
        found = self.catalogue.child(sobject, name)
        return found if found and self._visible(found.sobject, found.field) else None

    def follow(self, hop: Field, row: Row) -> Parent | None:
        """Return the record that a reference leads to, None when there is none or it is not shared with the user."""
        target = row.values.get(hop.name)
        found = self.store.find_any(target) if isinstance(target, str) else None
        if found is None or not self.access.sees(self.user_id, *found):
            return None
        sobject, parent = found
        return Parent(sobject, Row(parent.id, _as_name(sobject, parent)) if hop.polymorphic else parent)

    def _visible(self, sobject: SObject, field: Field | None) -> Field | None:
        return None if field is None or field.name in self.access.hidden(self.user_id, sobject) else field


def _as_name(sobject: SObject, row: Row) -> dict[str, Any]:
    """Return a record's values with those that every Name has."""
    return {**row.values, "Name": row.values.get(sobject.name_field), "Type": sobject.name}
