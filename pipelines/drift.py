"""What the mapped fields of a kind look like as they come, and what is no longer as it always was.

Learned from the records themselves, apart for what is pushed and what is pulled: a push may hold less. Only types and
presence are remembered, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.contract import Choice, Hidden, Money, Quantity, Record, Ref, Value
from pipelines.plan import OWN, Drift, FieldMap, Kind

LEARNED = 20
"""So many records say what is usual."""

GONE_AFTER = 5
"""So many records in a row lack what was in every one before: then it is gone, and not only missing."""

_MOST_SHAPES = 256
_TYPES: Mapping[type, str] = {
    str: "text",
    bool: "bool",
    Decimal: "number",
    Money: "money",
    Quantity: "quantity",
    Choice: "choice",
    Ref: "ref",
    date: "date",
    datetime: "datetime",
    tuple: "list",
    Hidden: "hidden",
}


class _Missing:
    """Stands for a value that a record does not have."""


_MISSING = _Missing()


class Presence(StrEnum):
    """In which records a path is found."""

    UNKNOWN = "unknown"
    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


class Change(StrEnum):
    """What is no longer as it was."""

    GONE = "gone"
    NEW = "new"
    RETYPED = "retyped"


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of one path: the types of its values, and a change that nobody has accepted yet.

    `became` is the new type, `record` the number of the first record that showed the change.
    """

    types: frozenset[str] = frozenset()
    presence: Presence = Presence.UNKNOWN
    change: Change | None = None
    became: str = ""
    record: str = ""

    def accepted(self) -> Sight:
        """Return it with its change as the usual state."""
        types = self.types | ({self.became} if self.became else frozenset())
        moved = self.change in {Change.GONE, Change.NEW}
        return Sight(types, Presence.SOMETIMES if moved else self.presence)


@dataclass(frozen=True, slots=True)
class Seen:
    """A path of which something else is known now than `before`, as the ledger has it."""

    source: str
    kind: str
    pushed: bool
    path: str
    before: Sight
    now: Sight

    def over(self, stored: Sight) -> Sight:
        """Return what is known of it by this worker and by those that wrote `stored` meanwhile."""
        first, second = sorted((stored.presence, self.now.presence), key=list(Presence).index)
        same = first is second or first is Presence.UNKNOWN
        joined = replace(
            self.now,
            types=stored.types | self.now.types,
            presence=second if same else Presence.SOMETIMES,
        )
        if self.now.change is self.before.change:
            return replace(joined, change=stored.change, became=stored.became, record=stored.record)
        return joined


class Watch:
    """Looks at the records of one kind that come one way."""

    def __init__(self, kind: Kind, known: Mapping[str, Sight]) -> None:
        """Begin with what is known of each path."""
        self._mode = kind.drift
        self._names = _names(kind)
        self._columns = {spec.path: tuple(_read(spec.columns)) for spec in kind.fields if spec.columns}
        self._paths = tuple(dict.fromkeys(path for spec in kind.fields for path in _of(spec)))
        self._stored = {path: known.get(path, Sight()) for path in self._names}
        self._sights = dict(self._stored)
        self._learning = {path: [0, 0] for path, sight in self._sights.items() if sight.presence is Presence.UNKNOWN}
        self._absent: dict[str, int] = {}
        self._usual: set[tuple[object, ...]] = set()
        self._moved = False
        self._open = self._doubted()

    def look(self, record: Record) -> frozenset[str]:
        """Return the names of the fields that must not be told of this record as they come."""
        if record.deleted:
            return self._open
        source = {**record.context, **record.fields} if record.context else record.fields
        shape = self._shape(source)
        if shape in self._usual and not self._absent:
            return self._open
        return self._judge(source, shape, record.number or record.id)

    def changes(self) -> Iterator[tuple[str, Sight, Sight]]:
        """Give path, what the ledger has of it, and what is known now, where these differ."""
        for path, sight in self._sights.items() if self._moved else ():
            if sight != self._stored[path] and (path not in self._learning or not self._stored[path].types):
                yield path, self._stored[path], sight

    def written(self) -> None:
        """Take it that the ledger has all changes now."""
        for path, _, sight in list(self.changes()):
            self._stored[path] = sight
        self._moved = bool(self._learning)

    def _shape(self, source: Mapping[str, Value]) -> tuple[object, ...]:
        shape: list[object] = [type(source.get(path, _MISSING)) for path in self._paths]
        for path, columns in self._columns.items():
            rows = source.get(path)
            if isinstance(rows, tuple):
                cells = [row for row in rows if isinstance(row, Mapping)]
                shape.append(frozenset(tuple(type(row.get(each, _MISSING)) for each in columns) for row in cells))
        return tuple(shape)

    def _judge(self, source: Mapping[str, Value], shape: tuple[object, ...], record: str) -> frozenset[str]:
        before = dict(self._sights)
        lacking: set[str] = set()
        for path, types in self._observed(source):
            if path in self._learning:
                self._learn(path, types)
            elif types is None:
                lacking |= self._missed(path, record)
            else:
                self._found(path, types, record)
        if self._sights != before:
            self._moved = True
            self._usual.clear()
            self._open = self._doubted()
        elif not self._learning and not self._absent and len(self._usual) < _MOST_SHAPES:
            self._usual.add(shape)
        return self._open | lacking if self._mode is not Drift.EVOLVE else self._open

    def _observed(self, source: Mapping[str, Value]) -> Iterator[tuple[str, frozenset[str] | None]]:
        """Give the types at each path, None where it is missing; of the columns of a table without rows nothing."""
        for path in self._paths:
            value = source.get(path, _MISSING)
            yield path, None if value is _MISSING else _types(value)
        for path, columns in self._columns.items():
            value = source.get(path)
            rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, tuple) else []
            for column in columns if rows else ():
                cells = [row[column] for row in rows if column in row]
                yield f"{path}.{column}", _several(map(_types, cells)) if cells else None

    def _learn(self, path: str, types: frozenset[str] | None) -> None:
        counts = self._learning[path]
        counts[0] += types is not None
        counts[1] += 1
        sight = replace(self._sights[path], types=self._sights[path].types | (types or frozenset()))
        if counts[1] >= LEARNED:
            del self._learning[path]
            whole = Presence.ALWAYS if counts[0] == counts[1] else Presence.SOMETIMES
            sight = replace(sight, presence=whole if counts[0] else Presence.NEVER)
        self._sights[path] = sight

    def _missed(self, path: str, record: str) -> frozenset[str]:
        sight = self._sights[path]
        if sight.presence is not Presence.ALWAYS or sight.change is Change.GONE:
            return frozenset()
        self._absent[path] = self._absent.get(path, 0) + 1
        if self._absent[path] >= GONE_AFTER and (sight.change is None or self._mode is Drift.EVOLVE):
            del self._absent[path]
            self._sights[path] = replace(sight, change=Change.GONE, became="", record=record)
        return self._names[path]

    def _found(self, path: str, types: frozenset[str], record: str) -> None:
        self._absent.pop(path, None)
        sight, evolves = self._sights[path], self._mode is Drift.EVOLVE
        if evolves and sight.change is Change.GONE:
            sight = replace(sight, change=None, record="")
        other = types - sight.types
        if sight.presence is Presence.NEVER and evolves:
            # more than there was misleads nobody
            sight = replace(sight, presence=Presence.SOMETIMES, types=types)
        elif sight.presence is Presence.NEVER:
            if sight.change is None:
                sight = replace(sight, change=Change.NEW, became=min(types, default=""), record=record)
        elif not sight.types:
            sight = replace(sight, types=types)
        elif other and (evolves or sight.change is None):
            usual = sight.types | types if evolves else sight.types
            sight = Sight(usual, sight.presence, Change.RETYPED, min(other), record)
        self._sights[path] = sight

    def _doubted(self) -> frozenset[str]:
        if self._mode is Drift.EVOLVE:
            return frozenset()
        return _several(self._names[path] for path, sight in self._sights.items() if sight.change)


@dataclass
class Watches:
    """One watch for each kind and way, made when its first record comes; `known` is what the ledger has."""

    known: Mapping[tuple[str, str, bool], Mapping[str, Sight]] = field(default_factory=dict)
    _made: dict[tuple[str, str, bool], Watch] = field(default_factory=dict)

    def look(self, kind: Kind, record: Record, *, pushed: bool) -> frozenset[str]:
        """Return the names of the fields that must not be told of this record as they come."""
        if kind.source == OWN:
            return frozenset()
        key = (kind.source, kind.kind, pushed)
        watch = self._made.get(key)
        if watch is None:
            watch = self._made[key] = Watch(kind, self.known.get(key, {}))
        return watch.look(record)

    def changes(self) -> list[Seen]:
        """Return what the ledger does not have yet."""
        return [Seen(*key, *each) for key, watch in self._made.items() for each in watch.changes()]

    def written(self) -> None:
        """Take it that the ledger has all changes now."""
        for watch in self._made.values():
            watch.written()


def is_mapped(kind: Kind, path: str) -> bool:
    """Tell whether a field of today's mapping is read from `path`."""
    return path in _names(kind)


def _of(spec: FieldMap) -> Iterator[str]:
    yield from (path for path in (spec.path, spec.currency_path, spec.unit_path) if path)


def _read(columns: tuple[FieldMap, ...]) -> Iterator[str]:
    yield from dict.fromkeys(path for column in columns for path in _of(column))


def _names(kind: Kind) -> dict[str, frozenset[str]]:
    """Return which fields are read from each path; a column's is its table's."""
    found: dict[str, set[str]] = {}
    for spec in kind.fields:
        for path in (*_of(spec), *(f"{spec.path}.{each}" for each in _read(spec.columns))):
            found.setdefault(path, set()).add(spec.name)
    return {path: frozenset(names) for path, names in found.items()}


def _types(value: Value | _Missing) -> frozenset[str]:
    name = _TYPES.get(type(value))
    return frozenset({name}) if name else frozenset()


def _several(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(each for one in sets for each in one)
