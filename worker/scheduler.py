"""The tick: each second it sweeps up what a lost wake-up left, ends leases that ran out, and starts jobs that are due.

Several schedulers do no harm: a job is claimed before it is started, and a wake-up too many finds nothing to do.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from config.cron import Cron
from config.schedule import Schedule, next_due
from worker.actions import acting
from worker.ledger import arrivals, cursors, outbox, settling, timers
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.wake import ACT, DECIDE, DISPATCH

log = structlog.get_logger()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

LAPSES_S = 60.0
"""What no worker took for so long, or until the next turn, is not run: more than the clocks of two hosts differ."""

RETURN_S = 5.0
"""After how long a job is tried again that could not be handed out."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that comes back. `start` hands it to a worker that takes it within so many seconds; False: it could not.

    A new job whose turns are intervals starts at once; cron says when itself. One that is due is started only while
    `wanted` says at that time (microseconds) that there is work for it. `at_start`: also whenever a scheduler begins.
    """

    name: str
    schedule: Schedule
    start: Callable[[float], bool]
    wanted: Callable[[Connection, int], bool] = lambda *_: True
    at_start: bool = False

    @property
    def times(self) -> str:
        """What stands for the schedule in the ledger."""
        return hashlib.blake2b(repr(self.schedule).encode(), digest_size=16).hexdigest()

    def first(self, at: int) -> int:
        """Return when the job is due that is new at `at`; both in microseconds since the epoch."""
        return self.next(at) if isinstance(self.schedule.every, Cron) else at

    def next(self, after: int) -> int:
        """Return when the job is due after `after`; both in microseconds since the epoch."""
        return _at(next_due(self.schedule, self.name, _moment(after)))

    def opening(self, at: int) -> int:
        """Return `at`, or when the blackout is over that it lies in; both in microseconds since the epoch."""
        opens = self.schedule.opening(_moment(at))
        return at if opens == _moment(at) else _at(opens)


class Scheduler:
    """One tick after another, in its own thread or in the foreground."""

    def __init__(self, ledger: Ledger, wake: Callable[[str], None], jobs: Mapping[str, Job], tick_s: float) -> None:
        self._ledger = ledger
        self._wake = wake
        self._jobs = jobs
        self._tick_s = tick_s
        self._stop = threading.Event()
        self._planned = False
        self.oldest_undecided: int | None = None
        self.backlog = 0

    def run(self) -> None:
        """Tick until `stop` is called. A tick that fails is logged, and the next one comes all the same."""
        while not self._stop.is_set():
            try:
                self._planned = self._planned or self._plan()
                self.tick()
            except (SQLAlchemyError, OSError) as error:
                log.warning("the ledger did not answer; trying again", error=str(error))
            self._stop.wait(self._tick_s)

    def watch(self) -> None:
        """Only look how much is undecided, for a relay beside which another process ticks."""
        while not self._stop.wait(self._tick_s):
            try:
                with self._ledger.read() as connection:
                    self._look(connection)
            except (SQLAlchemyError, OSError) as error:
                log.warning("the ledger did not answer; trying again", error=str(error))

    def follow(self, jobs: Mapping[str, Job]) -> None:
        """Start these jobs from the next tick on, and no others."""
        self._jobs = jobs
        self._planned = False

    def stop(self) -> None:
        """End after the present tick."""
        self._stop.set()

    def tick(self) -> None:
        """Look once."""
        jobs = self._jobs
        with self._ledger.read() as connection:
            at = self._ledger.now(connection)
            self._look(connection)
            waiting = outbox.any_waiting(connection, at)
            lost = outbox.any_lost(connection, at)
            timed = timers.any_due(connection, at)
            decided = acting.any_due(connection, at)
            named = [jobs[name] for name in cursors.due_jobs(connection, at) if name in jobs]
            due = [job for job in named if job.wanted(connection, at)]
        if lost:
            with self._ledger.write() as connection:
                log.warning(
                    "sends without an answer are repeated", count=settling.recover(self._ledger, connection, at)
                )
        # where one could not be handed out, Redis is away: the others wait as well
        all(self._start(job, at) for job in due)
        if self.oldest_undecided is not None or timed:
            self._wake(DECIDE)
        if waiting or lost:
            self._wake(DISPATCH)
        if decided:
            self._wake(ACT)

    def _plan(self) -> bool:
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            for job in self._jobs.values():
                cursors.plan_job(self._ledger, connection, job.name, job.first(at))
                cursors.plan_anew(connection, job.name, job.times, at, job.next(at))
                if job.at_start:
                    cursors.hasten_job(self._ledger, connection, job.name, at)
        return True

    def _look(self, connection: Connection) -> None:
        self.oldest_undecided = arrivals.oldest_undecided(connection)
        self.backlog = arrivals.backlog(connection) if self.oldest_undecided is not None else 0

    def _start(self, job: Job, at: int) -> bool:
        """Claim a job that is due and hand it out; False when it could not be handed out."""
        opens = job.opening(at)
        next_at = job.next(at) if opens == at else opens
        with self._ledger.write() as connection:
            mine = cursors.claim_job(connection, job.name, at, next_at)
        if not mine or opens != at:
            return True
        if job.start(max((next_at - at) / MICROSECONDS, LAPSES_S)):
            return True
        with self._ledger.write() as connection:
            cursors.return_job(connection, job.name, next_at, at + int(RETURN_S * MICROSECONDS))
        return False


# in whole numbers: a turn that lost a microsecond to a float would come twice
def _moment(at: int) -> datetime:
    return _EPOCH + at * _MICROSECOND


def _at(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
