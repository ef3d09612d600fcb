"""The account's records, with transactions that stamp at once and show their work only at commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.catalogue import Catalogue
from connectors.netsuite.sandbox.database import NAME, Database
from connectors.netsuite.sandbox.derive import Books
from connectors.netsuite.sandbox.schema import Column, RecordType, Row
from connectors.netsuite.sandbox.switches import Switches

FIRST_ID = 1001
SPACES = {"customer": "entity", "vendor": "entity", "employee": "entity"}
"""Tables whose ids are given out together."""


class Event(StrEnum):
    """What happened to a record, as a user event script sees it."""

    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes, with which stamp (Unix milliseconds; None: the clock's), in which open transaction (None: at once).

    `context` is how the change came in, with the vendor's names: userinterface, restwebservices, csvimport.
    """

    employee: int
    stamp: int | None = None
    transaction: str | None = None
    context: str = "userinterface"


@dataclass(frozen=True, slots=True)
class Written:
    """One record that became visible in a new state, or went away."""

    record: RecordType
    id: int
    event: Event
    context: str


@dataclass(slots=True)
class Transaction:
    """Writes that are stamped and not yet visible."""

    id: str
    writes: list[Callable[[], None]] = field(default_factory=list)


class Store:
    """All records of one account."""

    def __init__(self, database: Database, catalogue: Catalogue, switches: Callable[[], Switches]) -> None:
        self.database = database
        self._catalogue = catalogue
        self._switches = switches
        self._books = Books(database)
        self._ids: dict[str, count[int]] = {}
        self._line_keys = count(1)
        self._deletions = count(1)
        self._open: dict[str, Transaction] = {}
        self._transactions = count(1)
        self._written: list[Written] = []

    def find(self, record: RecordType, record_id: int) -> Row | None:
        """Return the committed row of a record."""
        row = self.database.one(record.table, "id", record_id)
        return row if row is not None and self._is(record, row) else None

    def by_external(self, record: RecordType, external_id: str) -> Row | None:
        """Return the committed row with this external id."""
        rows = self.database.find(record.table, "externalid", external_id)
        return next((row for row in rows if self._is(record, row)), None)

    def lines(self, record: RecordType, record_id: int) -> list[Row]:
        """Return the lines of a record, in their order; neither the main line nor those of cost are any of them."""
        if record.sublist is None:
            return []
        number = record.sublist.number
        rows = self.database.find(record.sublist.table, record.sublist.parent, record_id)
        shown = [row for row in rows if row.get("mainline") != "T" and row.get("iscogs") != "T"]
        return sorted(shown, key=lambda row: int(row[number]))

    def create(self, record: RecordType, values: Mapping[str, Any], lines: Sequence[Row], change: Change) -> int:
        """Write a new record from checked values, with an id of its own unless they have one, and return its id."""
        given = values.get("id")
        record_id = given or next(self._ids.setdefault(SPACES.get(record.table, record.table), count(FIRST_ID)))
        stamp = self._stamp(change)
        stamps = {"createddate": stamp, "datecreated": stamp, "lastmodifieddate": stamp}
        people = {"createdby": change.employee, "lastmodifiedby": change.employee}
        row = self._books.fresh(record, {"id": record_id, **stamps, **people, **values})
        numbered = self._numbered(record, record_id, list(lines), stamp)

        def write() -> None:
            self._books.settle(record, row, numbered)
            self.database.insert(record.table, [row])
            self._put_lines(record, row, numbered)
            self._written.append(Written(record, record_id, Event.CREATE, change.context))

        self._do(write, change)
        return record_id

    def update(
        self, record: RecordType, record_id: int, values: Mapping[str, Any], lines: Sequence[Row] | None, change: Change
    ) -> None:
        """Change a record by checked values; `lines` replace all lines where they are given."""
        stamp = self._stamp(change)

        def write() -> None:
            row = self.find(record, record_id)
            if row is None:
                return
            before = self.lines(record, record_id)
            changed = {**row, **values, "lastmodifiedby": change.employee}
            if values or lines is None or self._switches().line_moves_header:
                # A-NETSUITE-23: whether lines move the header's stamp
                changed["lastmodifieddate"] = stamp
            after = before if lines is None else self._kept(record, record_id, before, lines, stamp)
            self._books.settle(record, changed, after)
            self.database.update(record.table, "id", changed)
            self._put_lines(record, changed, after)
            self._written.append(Written(record, record_id, Event.EDIT, change.context))

        self._do(write, change)

    def delete(self, record: RecordType, record_id: int, change: Change) -> None:
        """Remove a record with its lines; the list of deleted records keeps its name."""
        stamp = self._stamp(change)

        def write() -> None:
            row = self.find(record, record_id)
            if row is None:
                return
            if record.sublist:
                self.database.delete(record.sublist.table, record.sublist.parent, record_id)
            self.database.delete(record.table, "id", record_id)
            told = {"deleteddate": stamp, "deletedby": change.employee, "context": change.context, "name": row[NAME]}
            told |= {"key": next(self._deletions), "recordid": record_id, "type": record.name}
            self.database.insert("deletedrecord", [told | {"externalid": row.get("externalid")}])
            self._written.append(Written(record, record_id, Event.DELETE, change.context))

        self._do(write, change)

    def seed(self, record: RecordType, number: int, make: Callable[[int], tuple[Row, list[Row]]], stamp: int) -> int:
        """Write many new transactions at once, all alike but for what `make` says, and return the first id."""
        ids = self._ids.setdefault(record.table, count(FIRST_ID))
        given = [next(ids) for _ in range(number)]
        rows: list[Row] = []
        below: list[Row] = []
        for at, record_id in enumerate(given):
            values, lines = make(at)
            stamps = {"createddate": stamp, "lastmodifieddate": stamp} | values
            row = self._books.fresh(record, {"id": record_id, **stamps})
            numbered = self._numbered(record, record_id, lines, int(row["lastmodifieddate"]))
            self._books.settle(record, row, numbered)
            rows.append(row)
            below.extend(self._booked(record, row, numbered))
        self.database.insert(record.table, rows)
        self.database.insert("transactionline", below)
        return given[0] if given else 0

    def begin(self) -> Transaction:
        """Open a transaction."""
        opened = Transaction(f"tx{next(self._transactions)}")
        self._open[opened.id] = opened
        return opened

    def is_open(self, transaction_id: str) -> bool:
        """Tell whether this transaction still runs."""
        return transaction_id in self._open

    def commit(self, transaction_id: str) -> int:
        """Make a transaction's writes visible and return how many. Raises `KeyError` when none such is open."""
        closed = self._open.pop(transaction_id)
        for write in closed.writes:
            write()
        return len(closed.writes)

    def take_written(self) -> Sequence[Written]:
        """Return what became visible since the last time this was asked."""
        told, self._written = self._written, []
        return told

    def convert(self, table: str, unique: str, column: Column, value_of: Callable[[Any], Any]) -> None:
        """Put each value of a column through `value_of`."""
        for row in self.database.all(table):
            self.database.update(table, unique, {unique: row[unique], column.key: value_of(row[column.key])})

    def _is(self, record: RecordType, row: Row) -> bool:
        return not record.code or row["type"] == record.code

    def _do(self, write: Callable[[], None], change: Change) -> None:
        if change.transaction:
            self._open[change.transaction].writes.append(write)
        else:
            write()

    def _stamp(self, change: Change) -> int:
        stamp = moments.now() if change.stamp is None else change.stamp
        # A-NETSUITE-5: how fine stamps are
        steps = {"seconds": moments.SECOND, "minutes": moments.MINUTE, "hidden_milliseconds": 1}
        step = steps[self._switches().stamps]
        return stamp - stamp % step

    def _numbered(self, record: RecordType, record_id: int, lines: list[Row], stamp: int) -> list[Row]:
        """Return lines with their numbers and keys; a line that has them keeps them."""
        if record.sublist is None:
            return []
        last = max([self._last_number(record), *(int(line.get(record.sublist.number) or 0) for line in lines)])
        for line in lines:
            if not line.get(record.sublist.number):
                last += 1
                line[record.sublist.number] = last
            line[record.sublist.parent] = record_id
            if record.sublist.table == "transactionline":
                line.setdefault("id", line[record.sublist.number])
                line.setdefault("linelastmodifieddate", stamp)
        return lines

    def _last_number(self, record: RecordType) -> int:
        """Return the number after which new lines count: units are numbered through all lists, lines from one."""
        units = record.sublist is not None and record.sublist.table == "unitstypeuom"
        return self.database.highest("unitstypeuom", "internalid") if units else 0

    def _kept(
        self, record: RecordType, record_id: int, before: Sequence[Row], lines: Sequence[Row], stamp: int
    ) -> list[Row]:
        """Return the lines after a change: what is the same keeps its stamp."""
        if record.sublist is None:
            return []
        number = record.sublist.number
        old = {row[number]: row for row in before}
        kept: list[Row] = []
        for line in lines:
            known = old.get(line.get(number))
            merged = {**(known or {}), **line}
            if merged != known:
                merged.pop("linelastmodifieddate", None)
            kept.append(merged)
        return self._numbered(record, record_id, kept, stamp)

    def _put_lines(self, record: RecordType, row: Row, lines: list[Row]) -> None:
        if record.sublist is None:
            return
        sublist = record.sublist
        before = self.database.find(sublist.table, sublist.parent, row["id"])
        self.database.delete(sublist.table, sublist.parent, row["id"])
        self.database.insert(sublist.table, self._booked(record, row, lines, before))

    def _booked(self, record: RecordType, row: Row, lines: list[Row], before: Sequence[Row] = ()) -> list[Row]:
        """Return all lines that are stored for the lines of a record; what was booked `before` keeps its keys."""
        if record.sublist is None or record.sublist.table != "transactionline":
            return lines
        main = next((line["uniquekey"] for line in before if line["mainline"] == "T"), None)
        costs = {int(line["linesequencenumber"]): line["uniquekey"] for line in before if line["iscogs"] == "T"}
        booked = [self._books.main_line(record, row, main), *lines, *self._books.cost_lines(record, row, lines, costs)]
        for line in booked:
            if not line.get("uniquekey"):
                line["uniquekey"] = next(self._line_keys)
        return booked
