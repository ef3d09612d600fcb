"""Read what a source announced: hints in batches, each until its record's state is not older than the hint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import CursorLost, Misconfigured, Reads, Record, Retryable, Unknown, Unread
from pipelines.plan import Lane
from worker.asking import Asking, Source, after, said
from worker.lease import Lease, Overtaken
from worker.ledger import arrivals, cursors, hints
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.hints import Waiting
from worker.limiter import Limiter

log = structlog.get_logger()

READ = 200
"""Records that are read at once."""

PATIENCE_S = 5.0
"""How long a read waits for the source's quota."""

AGAIN_S = 15
"""After how long a source is asked again that could not be read, and did not say when."""

FAILURES = 20
"""Reads that fail one after the other before it is the source's fault and no longer that of one record."""

WHOLE = (Retryable, Misconfigured, Unknown, CursorLost, redis.RedisError, SQLAlchemyError)
"""What is wrong with a source as a whole; anything else may come from one of the records that were asked for."""

NOT_READ = "this worker's configuration has no such source that can be read by id"
BUSY = "another worker reads what was announced of this kind now"
OLDER = "the source shows an older state than it announced"
ABSENT = "the source announced it and does not show it"


@dataclass(frozen=True, slots=True)
class Heeded:
    """What one turn did: calls, hints that are settled, states that were new. `failure` is for the operator."""

    source: str
    kind: str
    reads: int = 0
    settled: int = 0
    new: int = 0
    failure: str = ""


def job_name(source: str, kind: str) -> str:
    """Return the name under which a kind's hints are read."""
    return f"hints {source} {kind}"


@dataclass(frozen=True, slots=True)
class _Turn:
    source: Source
    reads: Reads
    kind: str
    lease: Lease


@dataclass(slots=True)
class _Pace:
    """How many records are asked for at once: half as many after a failure, until the one is found that causes it."""

    size: int = READ
    failures: int = 0

    def failed(self, asked: int) -> None:
        self.failures += 1
        self.size = max(1, asked // 2)

    def went_well(self) -> None:
        self.failures = 0
        self.size = min(READ, self.size * 2)


class HintReader:
    """Reads what hints announced, one kind a call; a kind's hints are read by one worker at a time."""

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        sources: Mapping[str, Source],
        owner: str,
        committed: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._ask = Asking(ledger, limiter, Lane.NORMAL, PATIENCE_S)
        self._sources = sources
        self._owner = owner
        self._committed = committed
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the present read; what is left is read by the next turn."""
        self._stopped.set()

    def read(self, source: str, kind: str) -> Heeded:
        """Read what is due when this begins. What the source or Redis did is in `failure`; raises what the ledger raises."""
        known = self._sources.get(source)
        client = known.client if known is not None else None
        if known is None or not isinstance(client, Reads):
            return Heeded(source, kind, failure=NOT_READ)
        turn = _Turn(known, client, kind, Lease.of(self._ledger, job_name(source, kind), self._owner))
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            if not turn.lease.take(connection):
                return Heeded(source, kind, failure=BUSY)
        # what comes from now on is the next turn's, which is due at once
        again_at, heeded = at, Heeded(source, kind)
        try:
            heeded = self._round(turn, at)
        except Overtaken:
            heeded = Heeded(source, kind, failure=BUSY)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - records that cannot be read must be seen, whatever the reason
            heeded, again_at = self._failed(turn, error)
        finally:
            turn.lease.end(again_at)
        return heeded

    def _round(self, turn: _Turn, at: int) -> Heeded:
        pace = _Pace()
        reads = settled = new = 0
        while not self._stopped.is_set() and (batch := self._due(turn, at, pace.size)):
            reads += 1
            records: Sequence[Record] = ()
            fault = ""
            try:
                records = self._call(turn, batch)
            except WHOLE:
                raise
            except Exception as error:
                pace.failed(len(batch))
                if pace.failures > FAILURES:
                    raise
                if len(batch) > 1:
                    with self._ledger.write() as connection:
                        turn.lease.keep(connection)
                    continue
                fault, detail = said(error)
                log.warning("an announced record cannot be read", **_names(turn), error=fault, detail=detail)
            else:
                pace.went_well()
            done, added = self._store(turn, batch, records, fault)
            settled, new = settled + done, new + added
        if reads:
            log.info("announced records read", **_names(turn), reads=reads, settled=settled, new=new)
        return Heeded(turn.source.name, turn.kind, reads, settled, new)

    def _due(self, turn: _Turn, at: int, most: int) -> list[Waiting]:
        with self._ledger.read() as connection:
            return hints.due(connection, turn.source.name, turn.kind, at, most)

    def _call(self, turn: _Turn, batch: Sequence[Waiting]) -> Sequence[Record]:
        """Ask for one batch within the source's quotas."""
        ids = [one.id for one in batch]
        found = self._ask(turn.source, lambda: turn.reads.read(turn.kind, ids))
        if unread := [each for each in found if isinstance(each, Unread)]:
            # kept at once: its hint waits for a state that can be read
            with self._ledger.write() as connection:
                arrivals.set_aside(self._ledger, connection, unread, now())
        return [each for each in found if isinstance(each, Record)]

    def _store(self, turn: _Turn, batch: Sequence[Waiting], records: Sequence[Record], fault: str) -> tuple[int, int]:
        """Store what was read with what became of its hints; returns how many hints are settled, and new states."""
        source, kind = turn.source.name, turn.kind
        hinted = {one.id: one.hinted_at for one in batch}
        received_at, sealer = now(), self._ledger.sealer
        rows = [
            arrivals.row(
                r, received_at=received_at, pushed=True, baseline=False, sealer=sealer, hinted_at=hinted.get(r.id)
            )
            for r in records
        ]
        reached, behind = _judge(batch, records, fault)
        seen = turn.source.take_observed()
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            turn.lease.keep(connection)
            added = arrivals.add(self._ledger, connection, rows)
            hints.keep_order(connection, source, kind, hinted)
            hints.settle(connection, source, kind, reached)
            given_up = hints.postpone(connection, source, kind, behind, at)
            cursors.asked(self._ledger, connection, source, kind, "")
            cursors.observe(self._ledger, connection, seen)
        if given_up:
            log.error("announced records were given up", **_names(turn), count=len(given_up))
        if added:
            self._committed()
        return len(reached), added

    def _failed(self, turn: _Turn, error: Exception) -> tuple[Heeded, int]:
        """Store why the source could not be read; returns that, and when it is asked again (microseconds)."""
        sentence, detail = said(error)
        log.warning("announced records cannot be read", **_names(turn), error=sentence, detail=detail)
        self._ask.heed(error)
        wait = after(error) or timedelta(seconds=AGAIN_S)
        with self._ledger.write() as connection:
            cursors.asked(self._ledger, connection, turn.source.name, turn.kind, sentence)
            cursors.observe(self._ledger, connection, turn.source.take_observed())
            at = self._ledger.now(connection)
        return Heeded(turn.source.name, turn.kind, failure=sentence), at + int(wait.total_seconds() * MICROSECONDS)


def _judge(
    batch: Sequence[Waiting], records: Sequence[Record], fault: str
) -> tuple[list[Waiting], list[tuple[Waiting, str]]]:
    """Part the hints whose records were read as they were announced from the others, each with the reason."""
    newest: dict[str, int] = {}
    for record in records:
        newest[record.id] = max(micros(record.stamp), newest.get(record.id, 0))
    reached = [one for one in batch if newest.get(one.id, -1) >= one.stamp]
    done = {one.id for one in reached}
    behind = [(one, fault or (OLDER if one.id in newest else ABSENT)) for one in batch if one.id not in done]
    return reached, behind


def _names(turn: _Turn) -> dict[str, str]:
    return {"source": turn.source.name, "kind": turn.kind}
