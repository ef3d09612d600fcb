"""What an API says of its entity sets: the document `$metadata`, read as it streams by.

https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part3-csdl.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Never
from xml.parsers import expat

from connectors.contract import Malformed


@dataclass(frozen=True, slots=True)
class Link:
    """A navigation property: the entity type that it leads to, whether to many, and the property that holds the key."""

    target: str
    many: bool
    key: str = ""


@dataclass(slots=True)
class EntityType:
    """An entity type: the names of its key, its properties with their types, its links, and its bound actions."""

    keys: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Model:
    """An API: its entity types and enumerations by name without namespace, and the type of each entity set."""

    types: dict[str, EntityType] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    sets: dict[str, str] = field(default_factory=dict)

    def entity(self, entity_set: str) -> EntityType | None:
        """Return the type of an entity set, None where there is none."""
        return self.types.get(self.sets.get(entity_set, ""))

    def set_of(self, entity_type: str) -> str:
        """Return the entity set of a type, or the type's own name where it has none."""
        return next((name for name, of in self.sets.items() if of == entity_type), entity_type)


def parse(content: bytes) -> Model:
    """Read a `$metadata` document. Raises Malformed for what is none; entities of a document type are not expanded."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, KeyError, ValueError) as fault:
        raise Malformed(
            "Business Central's $metadata is not what the standard describes.",
            body=content[:4096],
            detail=type(fault).__name__,
        ) from None
    return reader.model


class _Reader:
    """Collects what matters of each element; what is unknown is passed over."""

    def __init__(self) -> None:
        self.model = Model()
        self._entity: EntityType | None = None
        self._members: list[str] | None = None
        self._link = ""
        self._action = ""

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        element = name.rpartition(" ")[2]
        if element == "EntityType":
            self._entity = self.model.types.setdefault(attributes["Name"], EntityType())
        elif element == "EnumType":
            self._members = self.model.enums.setdefault(attributes["Name"], [])
        elif element == "Member" and self._members is not None:
            self._members.append(attributes["Name"])
        elif element == "EntitySet":
            self.model.sets[attributes["Name"]] = bare(attributes["EntityType"])
        elif element == "Action":
            self._action = bare(attributes["Name"]) if attributes.get("IsBound") == "true" else ""
        elif element == "Parameter" and self._action:
            # The first parameter of a bound action is what it is bound to.
            self.model.types.setdefault(bare(attributes["Type"]), EntityType()).actions.add(self._action)
            self._action = ""
        elif self._entity is not None:
            self._inside(self._entity, element, attributes)

    def end(self, name: str) -> None:
        element = name.rpartition(" ")[2]
        if element == "EntityType":
            self._entity = None
        elif element == "EnumType":
            self._members = None

    def _inside(self, entity: EntityType, element: str, attributes: Mapping[str, str]) -> None:
        if element == "PropertyRef":
            entity.keys.append(attributes["Name"])
        elif element == "Property":
            entity.properties[attributes["Name"]] = attributes["Type"]
        elif element == "NavigationProperty":
            self._link = attributes["Name"]
            many = attributes["Type"].startswith("Collection(")
            entity.links[self._link] = Link(bare(attributes["Type"]), many)
        elif element == "ReferentialConstraint" and self._link in entity.links:
            link = entity.links[self._link]
            entity.links[self._link] = Link(link.target, link.many, attributes["Property"])


def bare(name: str) -> str:
    """Return a type's name without its namespace: salesOrder for Collection(Microsoft.NAV.salesOrder)."""
    return name.removeprefix("Collection(").removesuffix(")").rpartition(".")[2]


def _refuse(*_declared: object) -> Never:
    raise ValueError("an entity is declared")
