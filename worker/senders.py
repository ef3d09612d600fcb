"""Sender threads: lanes with guaranteed threads, few requests at a time for each destination."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from connectors.contract import Delivers, Delivery, Outcome
from pipelines.plan import Lane
from worker.fault import whereabouts
from worker.ledger.engine import now
from worker.limiter import Call

log = structlog.get_logger()

IN_FLIGHT = 2
"""Requests under way at once for one destination."""


@dataclass(frozen=True, slots=True)
class Job:
    """One send. `sent_by` is the monotonic time after which its lease no longer covers a request."""

    message_id: int
    destination: str
    lane: Lane
    channel: Delivers
    body: bytes
    calls: tuple[Call, ...]
    sent_by: float
    attempts: int
    framed_at: int
    first_sent_at: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A job that ended. `delivery` is None when it was not sent because its lease was too old."""

    job: Job
    delivery: Delivery | None
    answered_at: int


class _Queue:
    """Jobs by lane and destination; hands out what a thread may take."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, OrderedDict[str, deque[Job]]] = {lane: OrderedDict() for lane in Lane}
        self._busy: dict[str, int] = {}
        self._changed = threading.Condition()
        self._closed = False
        self.pending = 0

    def put(self, jobs: list[Job]) -> None:
        with self._changed:
            for job in jobs:
                self._lanes[job.lane].setdefault(job.destination, deque()).append(job)
            self.pending += len(jobs)
            self._changed.notify_all()

    def take(self, lanes: tuple[Lane, ...]) -> Job | None:
        """Wait for a job of these lanes, most important first; None when the queue was closed."""
        with self._changed:
            while True:
                if self._closed:
                    return None
                job = next(filter(None, map(self._next, lanes)), None)
                if job is not None:
                    return job
                self._changed.wait()

    def _next(self, lane: Lane) -> Job | None:
        waiting = self._lanes[lane]
        for name, jobs in waiting.items():
            if self._busy.get(name, 0) < IN_FLIGHT:
                job = jobs.popleft()
                self._busy[name] = self._busy.get(name, 0) + 1
                # the next job of this lane is another destination's: one slow group does not hold up the others
                waiting.move_to_end(name)
                if not jobs:
                    del waiting[name]
                return job
        return None

    def done(self, job: Job) -> None:
        with self._changed:
            self._busy[job.destination] -= 1
            if not self._busy[job.destination]:
                del self._busy[job.destination]
            self.pending -= 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def lanes_of(thread: int, threads: int) -> tuple[Lane, ...]:
    """Return what a thread takes, most important first.

    The first thread is kept for approvals and urgent messages, so that one of them never waits for a slow group; the
    last prefers bulk, so that bulk goes on under load. With fewer than three threads all take everything.
    """
    every = tuple(Lane)
    if threads >= 3:  # one for each guarantee, one for the rest
        if thread == 0:
            return (Lane.APPROVAL, Lane.URGENT)
        if thread == threads - 1:
            return (Lane.BULK, Lane.APPROVAL, Lane.URGENT, Lane.NORMAL)
    return every


class Senders:
    """A fixed set of threads that send, and a list of what they sent."""

    def __init__(self, threads: int, wake: Callable[[], None]) -> None:
        """Start `threads` threads; `wake` is called after each send."""
        self._queue = _Queue()
        self._sent: deque[Sent] = deque()
        self._wake = wake
        self._threads = [
            threading.Thread(target=self._work, args=(lanes_of(n, threads),), name=f"sender-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pending(self) -> int:
        """Jobs that are queued or under way."""
        return self._queue.pending

    def put(self, jobs: list[Job]) -> None:
        """Queue jobs in the order in which they should go."""
        self._queue.put(jobs)

    def collect(self) -> list[Sent]:
        """Return what ended since the last call."""
        ended = []
        while self._sent:
            ended.append(self._sent.popleft())
        return ended

    def close(self) -> None:
        """Let each thread end its present request, and wait for them."""
        self._queue.close()
        for thread in self._threads:
            thread.join(timeout=30)

    def _work(self, lanes: tuple[Lane, ...]) -> None:
        while (job := self._queue.take(lanes)) is not None:
            delivery = None
            try:
                if time.monotonic() < job.sent_by:
                    delivery = job.channel.send(job.body)
            except Exception as error:  # noqa: BLE001 - whatever it is, the request may have arrived
                reason = f"the connector failed: {whereabouts(error)}"
                log.warning("a channel raised instead of answering", destination=job.destination, error=reason)
                delivery = Delivery(Outcome.UNKNOWN, type(error).__name__, reason)
            self._sent.append(Sent(job, delivery, now()))
            self._queue.done(job)
            self._wake()
