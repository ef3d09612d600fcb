"""The organisation's records, with transactions that stamp at once and show their work only at commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from connectors.zoho.sandbox import ids, moments
from connectors.zoho.sandbox.errors import LOCKED, RowError
from connectors.zoho.sandbox.order import FIRST, Order
from connectors.zoho.sandbox.people import User
from connectors.zoho.sandbox.schema import Module, Values


@dataclass(frozen=True, slots=True)
class Row:
    """One state of a record. `awaiting` are the ids of users whose approval it waits for."""

    id: int
    values: Values
    in_process: bool = False
    locked: bool = False
    awaiting: frozenset[int] = frozenset()

    @property
    def modified(self) -> datetime:
        """When it was changed last."""
        return stamp(self.values, "Modified_Time")

    @property
    def created(self) -> datetime:
        """When it was made."""
        return stamp(self.values, "Created_Time")


def stamp(values: Values, name: str) -> datetime:
    """Return a stamp of the system."""
    found = values[name]
    if not isinstance(found, datetime):
        raise TypeError(name)
    return found


@dataclass(frozen=True, slots=True)
class Grave:
    """What is known of a deleted record. `purged`: it left the recycle bin."""

    row: Row
    at: datetime
    by: User
    purged: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes, with which stamp (None: the clock's), inside which open transaction (None: at once)."""

    user: User
    stamp: datetime | None = None
    transaction: str | None = None
    quiet: bool = False

    def now(self) -> datetime:
        """Return the stamp to write."""
        return self.stamp or moments.now()


@dataclass(frozen=True, slots=True)
class Event:
    """What the world is told of a change. `fields` are the names whose value is new."""

    module: Module
    operation: str
    row: Row
    fields: frozenset[str]


Listener = Callable[[Sequence[Event]], None]


@dataclass(slots=True)
class Transaction:
    """Rows that are stamped and not yet visible, with what will be told at commit."""

    id: str
    rows: dict[tuple[str, int], Row] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


class Table:
    """The records of one module."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.graves: dict[int, Grave] = {}
        self.orders = {"id": Order(), "Created_Time": Order(), "Modified_Time": Order()}

    def put(self, row: Row) -> None:
        """Write one row over the one of the same id."""
        self.drop(row.id)
        self.rows[row.id] = row
        for name, key in _keys(row):
            self.orders[name].add(key)

    def put_many(self, rows: Sequence[Row]) -> None:
        """Write many new rows."""
        self.rows.update((row.id, row) for row in rows)
        for name, order in self.orders.items():
            order.add_many(dict(_keys(row))[name] for row in rows)

    def drop(self, record_id: int) -> None:
        """Take one row out."""
        old = self.rows.pop(record_id, None)
        if old is not None:
            for name, key in _keys(old):
                self.orders[name].remove(key)


def _keys(row: Row) -> Iterable[tuple[str, tuple[datetime, int]]]:
    return (
        ("id", (FIRST, row.id)),
        ("Created_Time", (row.created, row.id)),
        ("Modified_Time", (row.modified, row.id)),
    )


class Store:
    """All tables. A listener is told of each visible change that is not quiet."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self._tables = {name: Table() for name in modules}
        self._numbers = count(ids.RECORDS + 1)
        self._open: dict[str, Transaction] = {}
        self._transactions = count(1)
        self.listener: Listener = lambda _events: None

    def table(self, module: Module) -> Table:
        """Return the records of a module."""
        return self._tables[module.name]

    def find(self, module_name: str, record_id: object) -> Row | None:
        """Return the present state of a record."""
        table = self._tables.get(module_name)
        return table.rows.get(record_id) if table is not None and isinstance(record_id, int) else None

    def create(self, module: Module, given: Values, change: Change) -> Row:
        """Write a new record from checked values."""
        row = Row(next(self._numbers), self._new_values(module, given, change))
        self._write(module, row, "insert", frozenset(given), change)
        return row

    def seed(self, module: Module, many: Iterable[Values], stamps: Iterable[datetime], user: User) -> int:
        """Write many new records in one go; nobody is told."""
        pairs = zip(many, stamps, strict=False)
        rows = [
            Row(next(self._numbers), self._new_values(module, given, Change(user, moment))) for given, moment in pairs
        ]
        self.table(module).put_many(rows)
        return len(rows)

    def update(self, module: Module, record_id: int, given: Values, change: Change) -> Row:
        """Change a record by checked values. Raises `RowError` when it is unknown."""
        old = self.current(module, record_id, change)
        new = {name for name, value in given.items() if old.values.get(name) != value}
        values = {**old.values, **given, "Modified_Time": change.now(), "Modified_By": change.user.id}
        row = replace(old, values=values)
        self._write(module, row, "update", frozenset(new), change)
        return row

    def set_state(self, module: Module, row: Row) -> None:
        """Write a row whose state apart from its fields changed; no stamp moves."""
        self.table(module).put(row)

    def delete(self, module: Module, record_id: int, change: Change) -> Row:
        """Put a record into the recycle bin. Raises `RowError` when it is unknown."""
        row = self.current(module, record_id, change)
        table = self.table(module)
        table.drop(record_id)
        table.graves[record_id] = Grave(row, change.now(), change.user)
        self._tell([Event(module, "delete", row, frozenset())], change)
        return row

    def restore(self, module: Module, record_id: int, change: Change) -> None:
        """Take a record out of the recycle bin. Raises `RowError` when it is not in it."""
        grave = self.table(module).graves.get(record_id)
        if grave is None or grave.purged:
            raise unknown_row()
        del self.table(module).graves[record_id]
        # A-ZOHO-82: no page says whether a restored record counts as modified
        values = {**grave.row.values, "Modified_Time": change.now(), "Modified_By": change.user.id}
        self._write(module, replace(grave.row, values=values), "update", frozenset(), change)

    def purge(self, module: Module, record_id: int) -> None:
        """Remove a record from the recycle bin for good. Raises `RowError` when it is not in it."""
        graves = self.table(module).graves
        if record_id not in graves:
            raise unknown_row()
        graves[record_id] = replace(graves[record_id], purged=True)

    def buried(self, module: Module, recycle_days: int, deleted_days: int) -> list[Grave]:
        """Return the deleted records that are still told of, the last deleted first."""
        now = moments.now()
        bin_ends, told_ends = now - timedelta(days=recycle_days), now - timedelta(days=deleted_days)
        known = [g for g in self.table(module).graves.values() if g.at > told_ends]
        known.sort(key=lambda g: (g.at, g.row.id), reverse=True)
        return [replace(g, purged=g.purged or g.at <= bin_ends) for g in known]

    def begin(self) -> str:
        """Open a transaction and return its id."""
        opened = Transaction(f"tx{next(self._transactions)}")
        self._open[opened.id] = opened
        return opened.id

    def is_open(self, transaction_id: str) -> bool:
        """Tell whether this transaction still runs."""
        return transaction_id in self._open

    def commit(self, transaction_id: str) -> int:
        """Make a transaction's rows visible, tell of them, and return how many. Raises `KeyError`."""
        closed = self._open.pop(transaction_id)
        for (name, _), row in closed.rows.items():
            self._tables[name].put(row)
        self.listener(closed.events)
        return len(closed.rows)

    def current(self, module: Module, record_id: int, change: Change) -> Row:
        """Return a record as the writer of this change sees it. Raises `RowError` when it is unknown."""
        pending = self._open[change.transaction].rows if change.transaction else {}
        row = pending.get((module.name, record_id)) or self.table(module).rows.get(record_id)
        if row is None:
            raise unknown_row()
        return row

    def rename(self, module: Module, old: str, new: str | None) -> None:
        """Rename a field in all rows, or drop it (None)."""
        table = self.table(module)
        for row in table.rows.values():
            values = dict(row.values)
            if old in values:
                value = values.pop(old)
                if new is not None:
                    values[new] = value
                table.rows[row.id] = replace(row, values=values)

    def recast(self, module: Module, name: str, cast: Callable[[object], object]) -> None:
        """Turn the values of one field in all rows into another type."""
        table = self.table(module)
        for row in table.rows.values():
            table.rows[row.id] = replace(row, values={**row.values, name: cast(row.values.get(name))})

    def _new_values(self, module: Module, given: Values, change: Change) -> Values:
        now = change.now()
        blank = dict.fromkeys(module.fields)
        people = {"Owner": change.user.id, "Created_By": change.user.id, "Modified_By": change.user.id}
        return {**blank, **people, "Created_Time": now, "Modified_Time": now, **given}

    def _write(self, module: Module, row: Row, operation: str, fields: frozenset[str], change: Change) -> None:
        if any((module.name, row.id) in t.rows for t in self._open.values() if t.id != change.transaction):
            raise RowError("RECORD_LOCKED", LOCKED, {"id": str(row.id)})
        event = Event(module, operation, row, fields)
        if change.transaction:
            opened = self._open[change.transaction]
            opened.rows[module.name, row.id] = row
            opened.events += [] if change.quiet else [event]
        else:
            self.table(module).put(row)
            self._tell([event], change)

    def _tell(self, events: Sequence[Event], change: Change) -> None:
        if not change.quiet:
            self.listener(events)


def unknown_row(index: int = 0) -> RowError:
    """Return the answer to the id of a record that is not there."""
    details = {"api_name": "id", "json_path": f"$.data[{index}].id"}
    return RowError("INVALID_DATA", "the id given seems to be invalid", details)
