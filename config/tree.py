"""A configuration file as a tree in which every scalar is text and everything knows where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pydantic import TypeAdapter

from config.problem import Place


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it was written. `inline` is how far its first character is from `place`; None where lines fold."""

    value: str
    place: Place
    inline: int | None = None

    def at(self, column: int) -> Place:
        """Find the character that is `column` (from 1) of the text; the start of the text where lines are folded."""
        if self.inline is None:
            return self.place
        return replace(self.place, column=self.place.column + self.inline + column - 1)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping. `place` is its first key, or the key that it belongs to; `keys` is where each key stands."""

    entries: Mapping[str, Node]
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)

    def table(self, key: str) -> Table:
        """Return the mapping under `key`, an empty one where there is none."""
        found = self.entries.get(key)
        return found if isinstance(found, Table) else Table({}, self.place)

    def text(self, key: str) -> str | None:
        """Return the text under `key`, None where there is none."""
        found = self.entries.get(key)
        return found.value if isinstance(found, Text) else None

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """Go through the mappings in the mapping under `key`."""
        for name, found in self.table(key).entries.items():
            if isinstance(found, Table):
                yield name, found


Node: TypeAlias = Text | Items | Table
Data: TypeAlias = "str | list[Data] | dict[str, Data]"


_JSON = TypeAdapter(Table)


def dumped(root: Table) -> bytes:
    """Return a tree as JSON, with its places, so that what is found wrong with it later is found in the file."""
    return _JSON.dump_json(root)


def restored(content: bytes) -> Table:
    """Return the tree that was dumped."""
    return _JSON.validate_json(content)


def with_start(root: Table, start: str) -> Table:
    """Return the tree with this `start` in each kind of each source."""

    def in_each(table: Table, names: Sequence[str]) -> Table:
        if not names:
            place = table.keys.get("start", table.place)
            entries = {**table.entries, "start": Text(start, place)}
            return replace(table, entries=entries, keys={**table.keys, "start": place})
        first, *rest = names
        below = table.entries.items() if first == "*" else [(first, table.table(first))]
        changed = {name: in_each(node, rest) for name, node in below if isinstance(node, Table)}
        return replace(table, entries={**table.entries, **changed})

    return in_each(root, ("sources", "*", "kinds", "*"))


def plain(node: Node) -> Data:
    """Return the texts alone, in lists and dictionaries."""
    match node:
        case Text(value):
            return value
        case Items(items):
            return [plain(item) for item in items]
        case Table(entries):
            return {key: plain(entry) for key, entry in entries.items()}


def locate(node: Node, key: Place, location: Sequence[str | int], *, at_key: bool = False) -> Place:
    """Find what a validator's location names, below `node`, whose key stands at `key`.

    Steps that are no keys of the file (names of alternatives, keys that are missing) are passed over. A scalar is
    found where its value stands, unless `at_key`; a mapping, and a list under a key, where the key stands.
    """
    place = key
    for step in location:
        match node:
            case Table(entries, _, keys) if step in entries:
                place, node = keys[str(step)], entries[str(step)]
            case Items(items) if isinstance(step, int) and step < len(items):
                node = items[step]
                place = node.place
            case _:
                pass
    return node.place if isinstance(node, Text) and not at_key else place
