"""What a configuration declares by name, taken from the tree so that a mistake in one entry hides no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from config.tree import Items, Table, Text
from pipelines.plan import PUBLIC, FieldType
from pipelines.units import is_known, names


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A mapped field: its type (None when that is mistaken itself), its constant currency or unit, and its class.

    `coded`: its unit stands beside it as a code of the table.
    """

    type: FieldType | None
    constant: str = ""
    coded: bool = False
    data_class: str = PUBLIC


Fields = Mapping[str, DeclaredField]


@dataclass(frozen=True, slots=True)
class Declared:
    """Names that other entries refer to. `complete` is False when a file could not be read: then any name may exist."""

    sources: Mapping[str, Mapping[str, Fields]]
    destinations: frozenset[str]
    classes: frozenset[str]
    connectors: tuple[str, ...]
    complete: bool
    units: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()

    def kind(self, written: str) -> str:
        """Check `source.Kind`. Raises ValueError."""
        source, _, kind = written.partition(".")
        if not source or not kind:
            raise ValueError("write source.Kind, such as crm.Opportunity")
        self._among(source, self.sources, "source")
        if source in self.sources:
            self._among(kind, self.sources[source], f"kind of {source}")
        return written

    def destination(self, name: str) -> str:
        """Check the name of a destination. Raises ValueError."""
        return self._among(name, self.destinations, "destination")

    def route(self, name: str) -> str:
        """Check the name of a route. Raises ValueError."""
        return self._among(name, self.routes, "route")

    def application(self, name: str) -> str:
        """Check the name of an application. Raises ValueError."""
        return self._among(name, self.applications, "application")

    def data_class(self, name: str) -> str:
        """Check the name of a data class. Raises ValueError."""
        return self._among(name, self.classes | {PUBLIC}, "data class")

    def connector(self, name: str) -> str:
        """Check the name of a connector. Raises ValueError."""
        return self._among(name, self.connectors, "connector")

    def unit(self, name: str) -> str:
        """Check the name of a unit: of the table, in any case, or of the file. Raises ValueError."""
        if is_known(name, dict.fromkeys(self.units, "")) or not self.complete:
            return name
        hint = near(name, (*self.units, *names())) if get_close_matches(name, names(), n=1) else ""
        raise ValueError(f"'{name}' is no unit of the table: {hint or 'add it under units'}")

    def fields(self, written: str) -> Fields | None:
        """Return the mapped fields of `source.Kind`, None when they are not known."""
        source, _, kind = written.partition(".")
        return self.sources.get(source, {}).get(kind)

    def _among(self, name: str, known: Iterable[str], what: str) -> str:
        if name in known or not self.complete:
            return name
        raise ValueError(unknown(name, known, what))


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Say that `name` is none of `known`, and which it may be."""
    return f"'{name}' is no {what}: {near(name, known)}"


def near(name: str, known: Iterable[str]) -> str:
    """Suggest the one of `known` that is nearest to `name`, or all where none is near."""
    names = sorted(known)
    matches = get_close_matches(name, names, n=1)
    return f"did you mean '{matches[0]}'?" if matches else f"known: {', '.join(names) or 'none'}"


def declared(root: Table, connectors: tuple[str, ...], *, complete: bool) -> Declared:
    """Collect the names of a tree."""
    return Declared(
        sources={
            source: {kind: _fields(mapping) for kind, mapping in entry.tables("kinds")}
            for source, entry in root.tables("sources")
        },
        destinations=frozenset(root.table("destinations").entries),
        classes=frozenset(texts(root, "classes")),
        connectors=connectors,
        complete=complete,
        units=frozenset(root.table("units").entries),
        routes=frozenset(root.table("routes").entries),
        applications=frozenset(root.table("applications").entries),
    )


def texts(table: Table, key: str) -> tuple[str, ...]:
    """Return the texts of the list under `key`."""
    found = table.entries.get(key)
    return tuple(item.value for item in found.items if isinstance(item, Text)) if isinstance(found, Items) else ()


def _fields(kind: Table) -> Fields:
    known = {each.value: each for each in FieldType}
    return {
        name: DeclaredField(
            type=known.get(entry.text("type") or ""),
            constant=entry.text("currency") or entry.text("unit") or "",
            coded=entry.text("unit_path") is not None,
            data_class=entry.text("class") or PUBLIC,
        )
        for name, entry in kind.tables("fields")
    }
