"""The tick: each second it sweeps up what a lost wake-up left, ends leases that ran out, and starts jobs that are due.

Several schedulers do no harm: a job is claimed before it is started, and a wake-up too many finds nothing to do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import blake2b

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from worker.ledger import arrivals, cursors, outbox
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.wake import DECIDE, DISPATCH

log = structlog.get_logger()

SOONEST_S, LATEST_S = 180, 3420
"""How long after its time of day a job begins."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that comes back every `every_s` seconds; `start` hands it to a worker.

    With `at` (a time of day, aware) it comes once a day instead, some minutes later: each job has its own, so that not
    all begin at once, nor at the full hour.
    """

    name: str
    every_s: float
    start: Callable[[], None]
    at: time | None = None

    def first_due(self, at: int) -> int:
        """Return when a job that is new at `at` (microseconds) is due: at once, or at its next time of day."""
        return 0 if self.at is None else self.due_after(at)

    def due_after(self, at: int) -> int:
        """Return when the job is due after `at`, both in microseconds."""
        if self.at is None:
            return at + int(self.every_s * MICROSECONDS)
        own = int.from_bytes(blake2b(self.name.encode(), digest_size=2).digest())
        after = timedelta(seconds=SOONEST_S + own % (LATEST_S - SOONEST_S))
        here = datetime.fromtimestamp(at / MICROSECONDS, self.at.tzinfo)
        due = datetime.combine(here.date(), self.at) + after
        while due <= here:
            due += timedelta(days=1)
        while due - timedelta(days=1) > here:
            due -= timedelta(days=1)
        return micros(due)


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
            due = [jobs[name] for name in cursors.due_jobs(connection, at) if name in jobs]
        if lost:
            with self._ledger.write() as connection:
                log.warning("sends without an answer are repeated", count=outbox.recover(self._ledger, connection, at))
        for job in due:
            self._start(job, at)
        if self.oldest_undecided is not None:
            self._wake(DECIDE)
        if waiting or lost:
            self._wake(DISPATCH)

    def _plan(self) -> bool:
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            for job in self._jobs.values():
                cursors.plan_job(self._ledger, connection, job.name, job.first_due(at))
        return True

    def _look(self, connection: Connection) -> None:
        self.oldest_undecided = arrivals.oldest_undecided(connection)
        self.backlog = arrivals.backlog(connection) if self.oldest_undecided is not None else 0

    def _start(self, job: Job, at: int) -> None:
        with self._ledger.write() as connection:
            mine = cursors.claim_job(connection, job.name, at, job.due_after(at))
        if mine:
            job.start()
