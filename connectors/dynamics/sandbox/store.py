"""The rows of one database, with a row version for all tables and transactions that commit late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.schema import Catalogue, Table

FIRST_VERSION = 915_000
DOCUMENT = "documentId"
"""The column by which a line belongs to its document."""


@dataclass(frozen=True, slots=True)
class Row:
    """One state of a row. A change makes a new one, so that a page keeps what it has read."""

    id: str
    values: Mapping[str, Any]
    version: int


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That a row was deleted, with the version and the time of its deletion."""

    id: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes, on whose behalf, with which stamp (None: the clock's), in which open transaction (empty: none)."""

    user_id: str
    behalf_of: str = ""
    stamp: datetime | None = None
    transaction: str = ""

    @property
    def at(self) -> datetime:
        """When the change is stamped."""
        return self.stamp or moments.now()


class Kind(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Written:
    """One change that became visible; `names` are the columns that were given."""

    table: str
    kind: Kind
    version: int
    before: Row | None
    after: Row | None
    names: tuple[str, ...]
    change: Change

    @property
    def id(self) -> str:
        """The id of the row."""
        row = self.after or self.before
        return row.id if row else ""


@dataclass(slots=True)
class Transaction:
    """Changes that have their stamps and versions, and that nobody sees yet."""

    id: str
    first_version: int
    rows: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Savepoint:
    """All that was visible at one moment."""

    tables: Mapping[str, dict[str, Row]]
    deleted: Mapping[str, list[Tombstone]]
    told: int


class Locked(Exception):
    """Another transaction has the row."""


class Store:
    """All rows of all tables."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._tables: dict[str, dict[str, Row]] = {table.name: {} for table in catalogue.all()}
        self._lines = {table.name: defaultdict[str, dict[str, Row]](dict) for table in catalogue.all() if table.parent}
        self._deleted: dict[str, list[Tombstone]] = defaultdict(list)
        self._revision = 0
        self._version = FIRST_VERSION
        self._open: dict[str, Transaction] = {}
        self._numbers = count(1)
        self._written: list[Written] = []

    @property
    def version(self) -> int:
        """The highest version that was given to a change."""
        return self._version

    def skip(self) -> int:
        """Use up a version, so that what was is told from what comes, and return it."""
        return self._next_version()

    def settled(self) -> int:
        """Return the version up to which no open transaction can still bring something."""
        return min((t.first_version - 1 for t in self._open.values()), default=self._version)

    @property
    def revision(self) -> int:
        """A number that rises with each visible change."""
        return self._revision

    def rows(self, table: str) -> Collection[Row]:
        """Return the visible rows of a table."""
        return self._tables[table].values()

    def lines(self, table: str, document: str) -> Collection[Row]:
        """Return the visible rows of a table of lines that belong to a document."""
        return self._lines[table].get(document, {}).values()

    def find(self, table: str, row_id: str) -> Row | None:
        """Return a visible row."""
        return self._tables[table].get(row_id)

    def deleted(self, table: str) -> Sequence[Tombstone]:
        """Return what was deleted of a table, in order."""
        return self._deleted[table]

    def present(self, table: str, row_id: str, change: Change) -> Row | None:
        """Return a row as its writer sees it: with what the same transaction wrote. Raises `Locked`."""
        key = (table, row_id)
        if any(key in t.rows for t in self._open.values() if t.id != change.transaction):
            raise Locked(row_id)
        if change.transaction and key in self._open[change.transaction].rows:
            return self._open[change.transaction].rows[key]
        return self.find(table, row_id)

    def write(
        self, table: Table, row_id: str, values: Mapping[str, Any], given: Collection[str], change: Change
    ) -> Row:
        """Write the whole state of a row. Raises `Locked`."""
        before = self.present(table.name, row_id, change)
        row = Row(row_id, values, self._next_version())
        kind = Kind.UPDATED if before else Kind.CREATED
        self._take(Written(table.name, kind, row.version, before, row, tuple(given), change))
        return row

    def delete(self, table: Table, row_id: str, change: Change) -> None:
        """Delete a row that is there. Raises `Locked`."""
        before = self.present(table.name, row_id, change)
        self._take(Written(table.name, Kind.DELETED, self._next_version(), before, None, (), change))

    def begin(self) -> Transaction:
        """Open a transaction: whatever is written from now on may come before it."""
        opened = Transaction(f"tx{next(self._numbers)}", self._version + 1)
        self._open[opened.id] = opened
        return opened

    def is_open(self, transaction: str) -> bool:
        """Tell whether this transaction still runs."""
        return transaction in self._open

    def commit(self, transaction: str) -> int:
        """Make a transaction visible and return how many changes it had. Raises `KeyError`."""
        closed = self._open.pop(transaction)
        for written in closed.written:
            self._show(written)
        return len(closed.written)

    def save(self) -> Savepoint:
        """Remember what is visible now."""
        tables = {name: dict(rows) for name, rows in self._tables.items()}
        return Savepoint(tables, {name: list(gone) for name, gone in self._deleted.items()}, len(self._written))

    def restore(self, savepoint: Savepoint) -> None:
        """Undo everything since then; versions that were given are not given again."""
        for name, rows in savepoint.tables.items():
            self._tables[name] = dict(rows)
            if name in self._lines:
                self._lines[name].clear()
                for row in rows.values():
                    self._lines[name][row.values[DOCUMENT]][row.id] = row
        self._deleted = defaultdict(list, {name: list(gone) for name, gone in savepoint.deleted.items()})
        self._revision += 1
        del self._written[savepoint.told :]

    def take_written(self) -> Sequence[Written]:
        """Return what became visible since the last time this was asked."""
        told, self._written = self._written, []
        return told

    def amend(self, table: str, row: Row) -> None:
        """Put a state in the place of another with the same version; nobody is told."""
        self._put(table, row)
        self._revision += 1

    def convert(self, table: str, old: str, new: str, value_of: Callable[[Any], Any]) -> None:
        """Move the values of column `old` to `new`, each through `value_of`; nobody is told."""
        for row in list(self._tables[table].values()):
            values = {name: value for name, value in row.values.items() if name != old}
            values[new] = value_of(row.values.get(old))
            self._put(table, Row(row.id, values, row.version))
        self._revision += 1

    def _next_version(self) -> int:
        self._version += 1
        return self._version

    def _take(self, written: Written) -> None:
        if written.change.transaction:
            opened = self._open[written.change.transaction]
            opened.rows[written.table, written.id] = written.after
            opened.written.append(written)
        else:
            self._show(written)

    def _put(self, table: str, row: Row) -> None:
        self._tables[table][row.id] = row
        if table in self._lines:
            self._lines[table][row.values[DOCUMENT]][row.id] = row

    def _show(self, written: Written) -> None:
        if written.after is not None:
            self._put(written.table, written.after)
        else:
            gone = self._tables[written.table].pop(written.id, None)
            if gone is not None and written.table in self._lines:
                self._lines[written.table][gone.values[DOCUMENT]].pop(gone.id, None)
            self._deleted[written.table].append(Tombstone(written.id, written.version, written.change.at))
        self._revision += 1
        self._written.append(written)
