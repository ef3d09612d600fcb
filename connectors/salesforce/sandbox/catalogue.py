"""The objects of one org. An administrator may change their fields while the twin runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.salesforce.sandbox.schema import Field, SObject, by_name

KEPT = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)
"""Fields that every record needs: nobody can change them."""


@dataclass(frozen=True, slots=True)
class Child:
    """The records of `sobject` that refer by `field` to a record of another object."""

    sobject: SObject
    field: Field

    @property
    def cascades(self) -> bool:
        """Whether they are deleted with the record that they belong to."""
        return self.field.required and self.field.createable


class Catalogue:
    """Objects by name and by the first three characters of their ids."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self._objects = {o.name.casefold(): o for o in objects}

    def all(self) -> Sequence[SObject]:
        """Return the objects."""
        return list(self._objects.values())

    def find(self, name: str) -> SObject | None:
        """Find an object by its name; case does not matter."""
        return self._objects.get(name.casefold())

    def of_id(self, record_id: str) -> SObject | None:
        """Find the object whose records have ids like this one."""
        return next((o for o in self._objects.values() if o.stored and record_id.startswith(o.prefix)), None)

    def children(self, sobject: SObject) -> Sequence[Child]:
        """Return what refers to an object under a name of its own."""
        return [
            Child(other, field)
            for other in self._objects.values()
            for field in other.fields.values()
            if field.children and sobject.name in field.references
        ]

    def child(self, sobject: SObject, name: str) -> Child | None:
        """Find what refers to an object by the relationship's name; case does not matter."""
        wanted = name.casefold()
        return next((c for c in self.children(sobject) if c.field.children.casefold() == wanted), None)

    def drop(self, sobject: SObject, field: Field) -> None:
        """Take a field away from everybody."""
        self._put(sobject, [f for f in sobject.fields.values() if f is not field])

    def swap(self, sobject: SObject, field: Field, new: Field) -> None:
        """Put another field in a field's place."""
        self._put(sobject, [new if f is field else f for f in sobject.fields.values()])

    def _put(self, sobject: SObject, fields: list[Field]) -> None:
        self._objects[sobject.name.casefold()] = replace(sobject, fields=by_name(fields))
