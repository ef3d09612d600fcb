"""Decide one batch: read, compute, then write on the condition that nobody else did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from pipelines.case import Event, KindProgram
from pipelines.chain import Decision, decide
from pipelines.drift import Watches
from pipelines.notice import State
from pipelines.verdict import Reason, Verdict
from worker.fault import whereabouts
from worker.ledger import arrivals, configurations, decisions, recovery, sightings
from worker.ledger.arrivals import Arrival
from worker.ledger.configurations import Mark
from worker.ledger.decisions import Batch, Contested, Decided, Subject, Unreadable
from worker.ledger.engine import Ledger, now
from worker.ledger.seal import Unsealable
from worker.timers import Ringer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides what arrived for the records that this worker looks after.

    `shards` is advice that keeps two workers off the same rows; what makes it safe is that a batch is written only
    while all its rows are undecided and its records as it found them, so a state is always compared with the one that
    was decided before it.
    """

    ledger: Ledger
    programs: Mapping[tuple[str, str], KindProgram]
    plan_id: int
    shards: Callable[[], frozenset[int]]
    batch: int
    restored_at: int | None = None
    """When the ledger was last restored from a backup, in microseconds since the epoch."""
    taken: Mark | None = None
    """Which configuration `programs` are of."""
    watches: Watches = field(default_factory=Watches)
    """What the fields of each kind look like."""

    def step(self) -> int:
        """Decide up to `batch` events and ring as many timers; returns how many were looked at. Raises `Moved`."""
        return self._events() + self._ringer.ring()

    @property
    def _ringer(self) -> Ringer:
        return Ringer(self.ledger, self.programs, self.batch, self.taken, self.restored_at)

    def _events(self) -> int:
        with self.ledger.read() as connection:
            rows = arrivals.undecided(connection, self.shards(), self.batch)
            if not rows:
                return 0
            configurations.require(connection, self.taken)
            subjects = sorted({(r.source, r.kind, r.record_id) for r in rows})
            known = decisions.known(self.ledger, connection, subjects)
        decided: list[Decided] = []
        unreadable: list[Unreadable] = []
        at = arrivals.moment(now())
        for row in rows:
            try:
                decided.append(self._decide(arrivals.open_arrival(self.ledger.sealer, row), known.states, at))
            except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
                unreadable.append(_unreadable(row, error))
        batch = decisions.sealed(Batch(decided, unreadable, known.seqs, self.plan_id))
        seen = self.watches.changes()
        try:
            with self.ledger.write() as connection:
                decisions.write(self.ledger, connection, batch)
                sightings.write(self.ledger, connection, seen)
        except Contested:
            log.info("another worker decided these events", rows=len(rows))
        else:
            self.watches.written()
        return len(rows)

    def _decide(self, arrival: Arrival, known: dict[Subject, State], at: datetime) -> Decided:
        record = arrival.record
        program = self.programs.get((record.source, record.kind))
        if program is None:
            return Decided(arrival, Decision(None, (Verdict("", Reason.UNMAPPED),), (), (), frozenset()))
        subject = (record.source, record.kind, record.id)
        doubtful = self.restored_at is not None and recovery.doubtful(arrival, self.restored_at)
        drifted = self.watches.look(program.kind, record, pushed=arrival.pushed)
        event = Event(arrival.seq, record, arrival.baseline, known.get(subject), doubtful, drifted)
        decision = decide(program, event, at)
        if decision.state is not None:
            known[subject] = decision.state
        return Decided(arrival, decision)


def _unreadable(row: Any, error: Exception) -> Unreadable:
    # its bytes stay, and `explain` shows the sentence
    sentence = str(error) if isinstance(error, Unsealable) else f"a fault in dingbridge: {whereabouts(error)}"
    log.warning("event cannot be decided", seq=row.seq, source=row.source, kind=row.kind, error=sentence)
    return Unreadable(row.seq, sentence)
