"""Decide one batch: read, compute, then write on the condition that nobody else did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import structlog

from connectors.contract import Record
from pipelines.case import Event, KindProgram
from pipelines.chain import Decision, decide
from pipelines.notice import State
from pipelines.verdict import Reason, Verdict
from worker.fault import whereabouts
from worker.ledger import arrivals, configurations, decisions, matches, recovery
from worker.ledger.arrivals import Arrival
from worker.ledger.configurations import Mark
from worker.ledger.decisions import Batch, Contested, Decided, Subject, Unreadable
from worker.ledger.engine import Ledger, now
from worker.ledger.seal import Unsealable
from worker.timers import Ringer

log = structlog.get_logger()

Users: TypeAlias = Mapping[tuple[str, str], str]
"""The channel's users by source and the source's own id."""


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

    def step(self) -> int:
        """Decide up to `batch` events and ring as many timers; returns how many were looked at. Raises `Moved`."""
        return self._events() + self._ringer.ring()

    @property
    def _personal(self) -> bool:
        return any(program.personal for program in self.programs.values())

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
        opened: list[tuple[Any, Arrival]] = []
        for row in rows:
            try:
                opened.append((row, arrivals.open_arrival(self.ledger.sealer, row)))
            except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
                unreadable.append(_unreadable(row, error))
        users = self._users([arrival.record for _, arrival in opened]) if self._personal else {}
        at = arrivals.moment(now())
        for row, arrival in opened:
            try:
                decided.append(self._decide(arrival, known.states, users, at))
            except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
                unreadable.append(_unreadable(row, error))
        batch = Batch(decided, unreadable, known.seqs, self.plan_id)
        try:
            with self.ledger.write() as connection:
                decisions.write(self.ledger, connection, batch)
        except Contested:
            log.info("another worker decided these events", rows=len(rows))
        return len(rows)

    def _users(self, records: Sequence[Record]) -> Users:
        """Return who of the channel made these changes, where one person alone may be told of one."""
        asked: defaultdict[str, set[str]] = defaultdict(set)
        for record in records:
            if record.changed_by is not None:
                asked[record.source].add(record.changed_by.id)
        if not asked:
            return {}
        with self.ledger.read() as connection:
            found = {source: matches.users(connection, source, ids) for source, ids in asked.items()}
        return {(source, id_): user for source, users in found.items() for id_, user in users.items()}

    def _decide(self, arrival: Arrival, known: dict[Subject, State], users: Users, at: datetime) -> Decided:
        record = arrival.record
        program = self.programs.get((record.source, record.kind))
        if program is None:
            return Decided(arrival, Decision(None, (Verdict("", Reason.UNMAPPED),), (), (), frozenset()))
        subject = (record.source, record.kind, record.id)
        doubtful = self.restored_at is not None and recovery.doubtful(arrival, self.restored_at)
        by = users.get((record.source, record.changed_by.id), "") if record.changed_by else ""
        event = Event(arrival.seq, record, arrival.baseline, known.get(subject), doubtful, by)
        decision = decide(program, event, at)
        if decision.state is not None:
            known[subject] = decision.state
        return Decided(arrival, decision)


def _unreadable(row: Any, error: Exception) -> Unreadable:
    # its bytes stay, and `explain` shows the sentence
    sentence = str(error) if isinstance(error, Unsealable) else f"a fault in dingbridge: {whereabouts(error)}"
    log.warning("event cannot be decided", seq=row.seq, source=row.source, kind=row.kind, error=sentence)
    return Unreadable(row.seq, sentence)
