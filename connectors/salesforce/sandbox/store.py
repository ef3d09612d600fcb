"""The org's records, with transactions that stamp at once and show their work only at commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

from connectors.salesforce.sandbox import ids, moments
from connectors.salesforce.sandbox.catalogue import Catalogue
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.objects.fields import CORPORATE_CURRENCY
from connectors.salesforce.sandbox.schema import Field, SObject, Type, Values
from connectors.salesforce.sandbox.switches import Switches


@dataclass(frozen=True, slots=True)
class Row:
    """One state of a record. A change makes a new row, so that a cursor keeps what it has read."""

    id: str
    values: Mapping[str, object]
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes, with which stamp (None: the clock's), inside which open transaction (None: at once)."""

    user_id: str
    stamp: datetime | None = None
    transaction: str | None = None


@dataclass(slots=True)
class Transaction:
    """Rows that are stamped and not yet visible."""

    id: str
    opened_at: datetime
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """One record that became visible in a new state."""

    object_name: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Savepoint:
    """All that was visible at one moment, and how much of it had been told."""

    tables: Mapping[str, dict[str, Row]]
    told: int


class Store:
    """The tables of one org: all records of all objects. What is purged is kept for the log of deletions."""

    def __init__(self, catalogue: Catalogue, switches: Callable[[], Switches]) -> None:
        self._catalogue = catalogue
        self._switches = switches
        self._tables: dict[str, dict[str, Row]] = {o.name: {} for o in catalogue.all()}
        self._purged: dict[str, list[Row]] = defaultdict(list)
        self._numbers = {o.name: count(1) for o in catalogue.all()}
        self._open: dict[str, Transaction] = {}
        self._transactions = count(1)
        self._written: list[Written] = []

    def rows(self, sobject: SObject) -> Collection[Row]:
        """Return the committed rows, deleted ones included, in no promised order."""
        return self._tables[sobject.name].values()

    def find(self, sobject_name: str, record_id: str) -> Row | None:
        """Return the committed row of this 18-character id, deleted or not."""
        return self._tables[sobject_name].get(record_id)

    def find_any(self, record_id: str) -> tuple[SObject, Row] | None:
        """Return the committed row of this 18-character id, of whichever object."""
        sobject = self._catalogue.of_id(record_id)
        row = self.find(sobject.name, record_id) if sobject else None
        return (sobject, row) if sobject and row else None

    def users(self) -> Collection[Row]:
        """Return the rows of User."""
        return self._tables["User"].values()

    def create(self, sobject: SObject, given: Values, change: Change) -> str:
        """Write a new record from checked values and return its id."""
        number = next(self._numbers[sobject.name])
        record_id = ids.make_id(sobject.prefix, number)
        self._check(sobject, record_id, given)
        stamp = self._stamp(change)
        values = sobject.blank() | {"Id": record_id, "CreatedDate": stamp, "CreatedById": change.user_id}
        if sobject.auto_number:
            values[sobject.auto_number] = f"{number:08d}"
        if sobject.field("OwnerId"):
            values["OwnerId"] = change.user_id
        if sobject.field("CurrencyIsoCode"):
            values["CurrencyIsoCode"] = CORPORATE_CURRENCY
        self._write(sobject, Row(record_id, values), given, change)
        return record_id

    def update(self, sobject: SObject, record_id: str, given: Values, change: Change) -> None:
        """Change a record by checked values. Raises `ApiError` 404 when it is deleted or unknown."""
        row = self._current(sobject, record_id, change)
        self._check(sobject, record_id, given)
        self._write(sobject, row, given, change)

    def delete(self, sobject: SObject, record_id: str, change: Change) -> None:
        """Put a record, with what belongs to it, into the recycle bin: `queryAll` still shows it.

        Raises `ApiError` 404.
        """
        row = self._current(sobject, record_id, change)
        change = replace(change, stamp=self._stamp(change))
        for child, below in self._below(sobject, row):
            if below.deleted_at is None:
                self._write(child, replace(below, deleted_at=change.stamp), {"IsDeleted": True}, change)
        self._write(sobject, replace(row, deleted_at=change.stamp), {"IsDeleted": True}, change)

    def undelete(self, sobject: SObject, record_id: str, change: Change) -> None:
        """Take a record, with what went there with it, out of the recycle bin.

        Raises `ApiError` 404 when it was never there.
        """
        row = self.find(sobject.name, record_id)
        if row is None or row.deleted_at is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        for child, below in self._below(sobject, row):
            if below.deleted_at == row.deleted_at:
                self._write(child, replace(below, deleted_at=None), {"IsDeleted": False}, change)
        self._write(sobject, replace(row, deleted_at=None), {"IsDeleted": False}, change)

    def purge(self, sobject: SObject, record_id: str) -> None:
        """Remove a deleted record from the recycle bin: only the log of deletions still knows it."""
        row = self.find(sobject.name, record_id)
        if row is None or row.deleted_at is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        self._purged[sobject.name].append(self._tables[sobject.name].pop(record_id))

    def log_of_deletions(self, sobject: SObject) -> Sequence[Row]:
        """Return the deleted rows, purged ones included."""
        return [*self._purged[sobject.name], *(row for row in self.rows(sobject) if row.deleted_at is not None)]

    def begin(self, opened_at: datetime) -> Transaction:
        """Open a transaction that has run since `opened_at`."""
        opened = Transaction(f"tx{next(self._transactions)}", opened_at)
        self._open[opened.id] = opened
        return opened

    def is_open(self, transaction_id: str) -> bool:
        """Tell whether this transaction still runs."""
        return transaction_id in self._open

    def commit(self, transaction_id: str) -> int:
        """Make a transaction's rows visible and return how many. Raises `KeyError` when none such is open."""
        closed = self._open.pop(transaction_id)
        for (name, _record_id), row in closed.rows.items():
            self._show(name, row)
        return len(closed.rows)

    def oldest_open(self) -> datetime | None:
        """Return when the longest-running open transaction began."""
        return min((t.opened_at for t in self._open.values()), default=None)

    def save(self) -> Savepoint:
        """Remember what is visible now."""
        return Savepoint({name: dict(table) for name, table in self._tables.items()}, len(self._written))

    def restore(self, savepoint: Savepoint) -> None:
        """Undo everything since then; ids that were given out are not given again."""
        self._tables = {name: dict(table) for name, table in savepoint.tables.items()}
        del self._written[savepoint.told :]

    def take_written(self) -> Sequence[Written]:
        """Return what became visible since the last time this was asked."""
        told, self._written = self._written, []
        return told

    def convert(self, sobject: SObject, old: str, new: Field, values_of: Callable[[Any], Any]) -> None:
        """Move the values of field `old` to `new` in all rows, each through `values_of`."""
        for row in list(self.rows(sobject)):
            values = {n: v for n, v in row.values.items() if n != old}
            values[new.name] = values_of(row.values.get(old))
            self._tables[sobject.name][row.id] = replace(row, values=values)

    def _below(self, sobject: SObject, row: Row) -> Sequence[tuple[SObject, Row]]:
        """Return what belongs to a record: its products, its quotes."""
        return [
            (child.sobject, below)
            for child in self._catalogue.children(sobject)
            if child.cascades
            for below in self.rows(child.sobject)
            if below.values.get(child.field.name) == row.id
        ]

    def _current(self, sobject: SObject, record_id: str, change: Change) -> Row:
        key = (sobject.name, record_id)
        pending = self._open[change.transaction].rows.get(key) if change.transaction else None
        row = pending or self.find(*key)
        if row is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if row.deleted_at is not None:
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
        return row

    def _write(self, sobject: SObject, row: Row, given: Values, change: Change) -> None:
        key = (sobject.name, row.id)
        # A-SALESFORCE-59: the vendor waits some seconds for the lock before it says so
        if any(key in t.rows for t in self._open.values() if t.id != change.transaction):
            message = f"unable to obtain exclusive access to this record or 1 records: {row.id}"
            raise ApiError(400, "UNABLE_TO_LOCK_ROW", message, ())
        values = {**row.values, **given}
        if not given.get("IsDeleted") or self._switches().deletion_moves_stamp:
            # A-SALESFORCE-2: no page says what a deletion does to these
            stamp = self._stamp(change)
            stamps = {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": change.user_id}
            values |= {name: value for name, value in stamps.items() if sobject.field(name)}
        self._inherit_account(sobject, values)
        sobject.derive(values, frozenset(given))
        written = replace(row, values=values)
        if change.transaction:
            self._open[change.transaction].rows[key] = written
        else:
            self._show(sobject.name, written)

    def _show(self, object_name: str, row: Row) -> None:
        self._tables[object_name][row.id] = row
        self._written.append(Written(object_name, row.id))

    def _inherit_account(self, sobject: SObject, values: Values) -> None:
        """Set the account of what belongs to it through another record: quotes, tasks, events."""
        account = sobject.field("AccountId")
        if account is None or account.createable:
            return
        above = values.get("OpportunityId") or values.get("WhatId")
        found = self.find_any(above) if isinstance(above, str) else None
        if found is None:
            values["AccountId"] = None
        else:
            parent, row = found
            values["AccountId"] = row.id if parent.name == "Account" else row.values.get("AccountId")

    def _stamp(self, change: Change) -> datetime:
        return change.stamp or moments.now(whole=not self._switches().hidden_milliseconds)

    def _check(self, sobject: SObject, record_id: str, given: Values) -> None:
        for name, value in given.items():
            known = sobject.field(name)
            if known is None or value is None:
                continue
            if known.type is Type.REFERENCE:
                self._check_reference(known, value)
            if known.unique:
                self._check_unique(sobject, known, record_id, value)

    def _check_reference(self, known: Field, value: str) -> None:
        found = self.find_any(value)
        if found is None or found[0].name not in known.references or found[1].deleted_at is not None:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())

    def _check_unique(self, sobject: SObject, known: Field, record_id: str, value: str) -> None:
        for row in self.rows(sobject):
            other = row.values.get(known.name)
            if row.id != record_id and isinstance(other, str) and other.casefold() == value.casefold():
                message = f"duplicate value found: {known.name} duplicates value on record with id: {row.id[:15]}"
                raise ApiError(400, "DUPLICATE_VALUE", message, ())
