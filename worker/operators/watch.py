"""The watch: looks for faults, writes what is to be told, and tells it. Several do no harm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from config.operators import Operators
from connectors.contract import Record
from pipelines.plan import OWN
from pipelines.sentence import Sentence, sentence
from worker.fault import whereabouts
from worker.ledger import arrivals, cursors, faults, standing
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.faults import Telling
from worker.operators import letter, phrases
from worker.operators.letter import Letter
from worker.operators.monitor import Monitor, joined, moment
from worker.operators.ways import NotTold, Way

log = structlog.get_logger()

JOB = "monitor"
DAY = timedelta(days=1)


@dataclass
class Watch:
    """One process's watch. `committed` is called when a record was written that is to be told in a group."""

    ledger: Ledger
    monitor: Monitor
    ways: Mapping[str, Way]
    committed: Callable[[], None]
    every_s: float
    tick_s: float
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def operators(self) -> Operators:
        """Where faults are told."""
        return self.monitor.bridge.operators

    def start(self) -> None:
        """Watch, and tell by each way, in threads of their own until `stop` is called."""
        self._thread("watch", self.turn)
        for name in self.ways:
            self._thread(f"tell {name}", lambda name=name: self.tell(name))  # type: ignore[misc] # bound now, not late

    def stop(self) -> None:
        """End after what is under way."""
        self._stop.set()

    def _thread(self, name: str, turn: Callable[[], None]) -> None:
        def run() -> None:
            while not self._stop.wait(self.tick_s):
                try:
                    turn()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("the ledger did not answer; trying again", part=name, error=whereabouts(error))
                except Exception as error:  # noqa: BLE001 - whoever watches over others must not end
                    log.warning("the watch has a fault of its own", part=name, error=whereabouts(error))

        threading.Thread(target=run, name=name, daemon=True).start()

    def turn(self) -> None:
        """Look for faults when that is due, and say that all this lives when that is due."""
        life = self._life_job()
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            due = set(cursors.due_jobs(connection, at))
            known = cursors.known_jobs(connection)
        if missing := {JOB, life} - known - {""}:
            self._plan(missing, at)
            due |= missing & {JOB}
        if JOB in due:
            self._look()
        if life in due:
            self._sign_of_life(life)

    def _plan(self, names: set[str], at: int) -> None:
        with self.ledger.write() as connection:
            for name in names:
                cursors.plan_job(self.ledger, connection, name, 0 if name == JOB else self._next_life(at))

    def _look(self) -> None:
        with self.ledger.read() as connection:
            found = self.monitor.look(connection, self.ledger.now(connection))
            heard = dict(self.monitor.heard(connection))
        with self.ledger.write() as connection:
            at = self.ledger.now(connection)
            if not cursors.claim_job(connection, JOB, at, at + int(self.every_s * MICROSECONDS)):
                return
            seen = faults.note(self.ledger, connection, found, at, self.operators.repeat)
            faults.drop_tellings(connection, tuple(self.ways))
            records = letter.silences(seen.turned, heard, at, self.operators.zone)
            if seen.told:
                zone = self.operators.zone
                records += letter.records(seen.told, at, zone) if self.operators.destination else []
                self._queue(connection, letter.of_faults(seen.told, zone), at)
            self._store(connection, records, at)
        for one in seen.turned:
            log.warning("fault" if one.open else "fault is over", kind=one.kind, subject=one.subject)
        if records:
            self.committed()

    def _sign_of_life(self, job: str) -> None:
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            said = summary(connection, at)
        with self.ledger.write() as connection:
            if not cursors.claim_job(connection, job, at, self._next_life(at)):
                return
            zone = self.operators.zone
            self._queue(connection, Letter("dingbridge: sign of life", (said.said(zone, "en"),)), at)
            if self.operators.destination:
                self._store(connection, [letter.life(said, at, zone)], at)
        self.committed()

    def _queue(self, connection: Connection, of: Letter, at: int) -> None:
        faults.queue(connection, tuple(self.ways), msgspec.json.encode(of), at)

    def _store(self, connection: Connection, records: Sequence[Record], at: int) -> None:
        rows = [
            arrivals.row(one, received_at=at, pushed=True, baseline=False, sealer=self.ledger.sealer) for one in records
        ]
        arrivals.add(self.ledger, connection, rows)

    def _life_job(self) -> str:
        clock = self.operators.sign_of_life
        return f"sign of life {clock:%H:%M} {self.operators.zone}" if clock else ""

    def _next_life(self, at: int) -> int:
        """Return when the next sign of life is due after `at`, both in microseconds."""
        zone = ZoneInfo(self.operators.zone)
        today = moment(at).astimezone(zone).date()
        clock = self.operators.sign_of_life
        if clock is None:
            raise ValueError("no sign of life is configured")
        due = (datetime.combine(today + n * DAY, clock, zone) for n in range(3))
        return next(then for then in map(micros, due) if then > at)

    def tell(self, way: str) -> None:
        """Tell what is due by this way, one after the other, until one fails."""
        while (telling := self._take(way)) is not None:
            failure = self._told(way, telling)
            with self.ledger.write() as connection:
                faults.end_telling(connection, telling, self.ledger.now(connection), failure)
            if failure:
                log.warning("operators could not be told", way=way, error=failure)
                return

    def _take(self, way: str) -> Telling | None:
        with self.ledger.read() as connection:
            if not faults.due_tellings(connection, way, self.ledger.now(connection)):
                return None
        with self.ledger.write() as connection:
            return faults.take_telling(connection, way, self.ledger.now(connection))

    def _told(self, way: str, telling: Telling) -> str:
        try:
            self.ways[way](telling)
        except NotTold as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - it is kept and told again, whatever it is
            return f"a fault in dingbridge: {whereabouts(error)}"
        return ""


def summary(connection: Connection, at: int) -> Sentence:
    """Return how the last day was, in a sentence."""
    arrived, delivered = standing.since(connection, at - int(DAY.total_seconds()) * MICROSECONDS, without=OWN)
    counts = {
        "arrived": arrived,
        "delivered": delivered,
        "held": sum(pile.count for pile in standing.held(connection)),
    }
    lasting = [one.said for one in faults.all_faults(connection, open_only=True)]
    if lasting:
        return sentence(phrases.LIVES_WITH, **counts, faults=joined(lasting))
    return sentence(phrases.LIVES, **counts)
