"""Make a scheduled summary: a record of the program's own that lists all records of which its condition holds now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import cast

import structlog

from config.summary import CHANGED, COUNT, NUMBER, RECORDS, UNCLEAR, kind_of
from connectors.contract import Record, Row, Scalar, Value
from pipelines.case import KindProgram
from pipelines.notice import State
from pipelines.plan import OWN, Summary
from pipelines.stages.match import match
from pipelines.verdict import Reason
from pipelines.waiting import reopened
from worker.ledger import arrivals, decisions, snapshots
from worker.ledger.arrivals import moment
from worker.ledger.decisions import Subject
from worker.ledger.engine import Ledger

log = structlog.get_logger()


@dataclass(slots=True)
class _Found:
    """What fulfils a condition: rows with the stamps of their records, and how many records could not be judged."""

    rows: list[tuple[datetime, Row]] = field(default_factory=list)
    unclear: int = 0


@dataclass(frozen=True, slots=True)
class Summariser:
    """Lists records by their last states in the ledger; asks no source."""

    ledger: Ledger
    programs: Mapping[tuple[str, str], KindProgram]
    summaries: Mapping[str, Summary]

    def tell(self, name: str) -> bool:
        """Make the summary `name` of this moment; tells whether there is something to say."""
        summary = self.summaries.get(name)
        if summary is None:
            return False
        of = self.programs[summary.asks.of_kind]
        asks = of.asked[summary.asks.name]
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
        found = _Found()
        for subject, seq, state in self._states(summary.asks.of_kind):
            verdict = match(asks, reopened(of, subject, seq, state, moment(at)))
            if verdict is None:
                found.rows.append((state.stamp, _row(subject, state, summary.asks.fields)))
            elif verdict.reason is not Reason.FILTERED:
                found.unclear += 1
        if summary.silent and not found.rows and not found.unclear:
            return False
        row = arrivals.row(
            _record(name, at, found), received_at=at, pushed=True, baseline=False, sealer=self.ledger.sealer
        )
        with self.ledger.write() as connection:
            arrivals.add(self.ledger, connection, [row])
        log.info("summary made", summary=name, records=len(found.rows))
        return True

    def _states(self, kind: tuple[str, str]) -> Iterator[tuple[Subject, int, State]]:
        after = ""
        while True:
            with self.ledger.read() as connection:
                subjects = snapshots.page(connection, kind, after)
                known = decisions.known(self.ledger, connection, subjects)
            if not subjects:
                return
            yield from ((of, known.seqs[of], known.states[of]) for of in subjects if of in known.states)
            after = subjects[-1][2]


def _row(subject: Subject, state: State, fields: tuple[str, ...]) -> Row:
    cells = {name: cast("Scalar", state.fields[name]) for name in fields if name in state.fields}
    return {NUMBER: state.number or subject[2], **cells, CHANGED: state.stamp}


def _record(name: str, at: int, found: _Found) -> Record:
    fields: dict[str, Value] = {COUNT: Decimal(len(found.rows))}
    if found.unclear:
        fields[UNCLEAR] = Decimal(found.unclear)
    if found.rows:
        # what has been so for longest comes first
        fields[RECORDS] = tuple(row for _, row in sorted(found.rows, key=lambda one: (one[0], str(one[1][NUMBER]))))
    return Record(OWN, kind_of(name), str(at), str(at), moment(at), fields)
