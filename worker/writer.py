"""Group commit: one thread writes what many connections bring, and tells each when it is on disk."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from worker.ledger import arrivals, hints, refusals, signals
from worker.ledger.engine import Ledger, unreachable
from worker.ledger.seal import Sealer
from worker.ledger.signals import Charge

log = structlog.get_logger()

GROUP = 128
CLOSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """Rows that are acknowledged together; `done` is called from the writer's thread with None or what went wrong."""

    rows: Sequence[Mapping[str, Any]]
    done: Callable[[Exception | None], None]
    hints: Sequence[Mapping[str, Any]] = ()
    signals: Sequence[Mapping[str, Any]] = ()
    charges: Sequence[Charge] = ()
    """What the signals use of a month, those that are new."""


Taken = tuple[list[Entry], Counter[tuple[str, str]]]
"""Entries that are committed together, and how many pushes were refused since, by source and reason."""


class Writer:
    """A bounded queue of entries, and the thread that commits them in groups."""

    def __init__(
        self, ledger: Ledger, committed: Callable[[], None], *, limit: int, heard: Callable[[], None] = lambda: None
    ) -> None:
        """Call `committed` after each group, and `heard` after one with signals; over `limit` waiting entries are refused."""
        self._ledger = ledger
        self._committed = committed
        self._heard = heard
        self._limit = limit
        self._entries: deque[Entry] = deque()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def sealer(self) -> Sealer:
        """What the rows of its ledger are sealed with."""
        return self._ledger.sealer

    def put(self, entry: Entry) -> bool:
        """Queue an entry; False when the queue is full or closed, and then nothing was kept."""
        with self._changed:
            if self._closed or len(self._entries) >= self._limit:
                return False
            self._entries.append(entry)
            self._changed.notify()
        return True

    def refuse(self, source: str, reason: str) -> None:
        """Count a refused push; the count is written with the next group, within a second."""
        with self._changed:
            self._refused[source, reason] += 1

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        closed = False
        while not closed:
            with self._changed:
                if not self._entries and not self._closed:
                    self._changed.wait(1.0)
                closed = self._closed and len(self._entries) <= GROUP
                idle = not self._entries and not self._refused
            if not idle:
                self._commit()

    def _commit(self) -> None:
        (group, refused), error = self._write(self._take)
        if error is None:
            outcomes: list[Exception | None] = [None] * len(group)
        elif unreachable(error):
            log.warning("the ledger is away; nothing was acknowledged", error=str(error), entries=len(group))
            self._keep(refused)
            outcomes = [error] * len(group)
        else:
            log.warning("a group could not be written; trying one by one", error=str(error), entries=len(group))
            self._keep(refused)
            # by itself each, so that one bad row does not refuse the others
            outcomes = [self._write_alone(entry) for entry in group]
        if group:
            self._committed()  # before the senders hear of it: the event goes on while they are answered
        for entry, outcome in zip(group, outcomes, strict=True):
            self._answer(entry, outcome)
        if any(entry.signals for entry in group):
            self._heard()

    def _keep(self, refused: Counter[tuple[str, str]]) -> None:
        with self._changed:
            self._refused.update(refused)

    def _take(self) -> Taken:
        with self._changed:
            refused, self._refused = self._refused, Counter()
            return [self._entries.popleft() for _ in range(min(GROUP, len(self._entries)))], refused

    def _write(self, take: Callable[[], Taken]) -> tuple[Taken, Exception | None]:
        """Write what is taken once it is our turn: then all that came while others wrote goes together."""
        group = None
        try:
            with self._ledger.write() as connection:
                group = take()
                self._put(connection, *group)
        except Exception as error:  # noqa: BLE001 - a disk, a driver or a value: the sender hears of it, and the thread goes on
            return group or take(), error
        return group, None

    def _write_alone(self, entry: Entry) -> Exception | None:
        _, error = self._write(lambda: ([entry], Counter()))
        if error is not None:
            log.error("an entry could not be written", error=str(error))
        return error

    def _put(self, connection: Connection, group: Sequence[Entry], refused: Mapping[tuple[str, str], int]) -> None:
        arrivals.add(self._ledger, connection, [row for entry in group for row in entry.rows])
        # last, because the other relays wait for these rows until the commit
        hints.put(self._ledger, connection, [row for entry in group for row in entry.hints])
        said = signals.put(self._ledger, connection, [row for entry in group for row in entry.signals])
        refusals.count(self._ledger, connection, refused)
        signals.charge(self._ledger, connection, [one for entry in group for one in entry.charges], said)

    def _answer(self, entry: Entry, outcome: Exception | None) -> None:
        try:
            entry.done(outcome)
        except RuntimeError as error:
            log.warning("nobody waits for this entry any more", error=str(error))
