"""The org's records, with transactions that stamp at once and show their work only at commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from connectors.salesforce.sandbox import ids, moments
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.objects import CORPORATE_CURRENCY, OBJECTS
from connectors.salesforce.sandbox.schema import SObject, Type, Values
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


class Store:
    """The tables of one org: all records of all objects. What is purged is kept for the log of deletions."""

    def __init__(self, switches: Callable[[], Switches]) -> None:
        self._switches = switches
        self._tables: dict[str, dict[str, Row]] = {o.name: {} for o in OBJECTS.values()}
        self._purged: dict[str, list[Row]] = {o.name: [] for o in OBJECTS.values()}
        self._numbers = {o.name: count(1) for o in OBJECTS.values()}
        self._open: dict[str, Transaction] = {}
        self._transactions = count(1)

    def rows(self, sobject: SObject) -> Collection[Row]:
        """Return the committed rows, deleted ones included, in no promised order."""
        return self._tables[sobject.name].values()

    def find(self, sobject_name: str, record_id: str) -> Row | None:
        """Return the committed row of this 18-character id, deleted or not."""
        return self._tables[sobject_name].get(record_id)

    def users(self) -> Collection[Row]:
        """Return the rows of User."""
        return self._tables["User"].values()

    def create(self, sobject: SObject, given: Values, change: Change) -> str:
        """Write a new record from checked values and return its id."""
        record_id = ids.make_id(sobject.prefix, next(self._numbers[sobject.name]))
        self._check_references(sobject, given)
        stamp = self._stamp(change)
        values = sobject.blank() | {"Id": record_id, "CreatedDate": stamp, "CreatedById": change.user_id}
        if sobject.field("OwnerId"):
            values["OwnerId"] = change.user_id
        if sobject.field("CurrencyIsoCode"):
            values["CurrencyIsoCode"] = CORPORATE_CURRENCY
        self._write(sobject, Row(record_id, values), given, change)
        return record_id

    def update(self, sobject: SObject, record_id: str, given: Values, change: Change) -> None:
        """Change a record by checked values. Raises `ApiError` 404 when it is deleted or unknown."""
        row = self._current(sobject, record_id, change)
        self._check_references(sobject, given)
        self._write(sobject, row, given, change)

    def delete(self, sobject: SObject, record_id: str, change: Change) -> None:
        """Put a record into the recycle bin: `queryAll` still shows it. Raises `ApiError` 404."""
        row = self._current(sobject, record_id, change)
        gone = replace(row, deleted_at=self._stamp(change))
        self._write(sobject, gone, {"IsDeleted": True}, change)

    def undelete(self, sobject: SObject, record_id: str, change: Change) -> None:
        """Take a record out of the recycle bin. Raises `ApiError` 404 when it was never there."""
        row = self.find(sobject.name, record_id)
        if row is None or row.deleted_at is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
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
        for (name, record_id), row in closed.rows.items():
            self._tables[name][record_id] = row
        return len(closed.rows)

    def oldest_open(self) -> datetime | None:
        """Return when the longest-running open transaction began."""
        return min((t.opened_at for t in self._open.values()), default=None)

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
            values |= {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": change.user_id}
        sobject.derive(values, frozenset(given))
        written = replace(row, values=values)
        if change.transaction:
            self._open[change.transaction].rows[key] = written
        else:
            self._tables[sobject.name][row.id] = written

    def _stamp(self, change: Change) -> datetime:
        return change.stamp or moments.now(whole=not self._switches().hidden_milliseconds)

    def _check_references(self, sobject: SObject, given: Values) -> None:
        for name, value in given.items():
            known = sobject.field(name)
            if known is None or known.type is not Type.REFERENCE or value is None:
                continue
            target = self.find(known.references, value)
            if target is None or target.deleted_at is not None:
                raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
