"""A source that is read by id, and a desk at which its hints are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from connectors.contract import Budget, Hint, Record
from tests.worker.stand_ins import rows
from worker.asking import Source
from worker.hints import Heeded, HintReader
from worker.ledger import hints
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import hint, inbox
from worker.limiter import Limiter


@dataclass
class Shelf:
    """A source that is read by id: what it holds, and what happens before it answers."""

    records: dict[str, Record] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    before: Callable[[Sequence[str]], None] = lambda _ids: None
    most: int = 0
    _under_way: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, *records: Record) -> None:
        self.records |= {record.id: record for record in records}

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        assert kind == "Deal"
        with self._lock:
            assert not self._under_way & set(ids), "a hint is read twice at once"
            self._under_way |= set(ids)
            self.asked.append(tuple(ids))
        try:
            self.before(ids)
            return [self.records[id_] for id_ in ids if id_ in self.records]
        finally:
            with self._lock:
                self._under_way -= set(ids)


@dataclass
class Desk:
    """A ledger with one source, whose hints are read by one worker or several."""

    ledger: Ledger
    limiter: Limiter
    shelf: Shelf
    budgets: tuple[Budget, ...] = ()
    committed: list[int] = field(default_factory=list)

    def reader(self, name: str = "worker-1", ledger: Ledger | None = None) -> HintReader:
        source = Source("crm", self.shelf, self.budgets, {})
        return HintReader(ledger or self.ledger, self.limiter, {"crm": source}, name, lambda: self.committed.append(1))

    def read(self) -> Heeded:
        return self.reader().read("crm", "Deal")

    def hint(self, *given: Hint, at: int | None = None) -> None:
        with self.ledger.write() as connection:
            hints.put(self.ledger, connection, [hints.row("crm", one, at or now()) for one in given])

    def left(self) -> list[str]:
        return sorted(row.record_id for row in rows(self.ledger, hint))

    def stored(self) -> list[tuple[str, str]]:
        return [(row.record_id, row.version) for row in rows(self.ledger, inbox)]

    def set(self, **values: Any) -> None:
        with self.ledger.write() as connection:
            connection.execute(update(hint).values(**values))

    def due(self) -> bool:
        with self.ledger.read() as connection:
            return hints.any_due(connection, "crm", "Deal", self.ledger.now(connection))


def of(record: Record, **other: Any) -> Hint:
    return Hint(record.kind, record.id, other.get("stamp", record.stamp))
