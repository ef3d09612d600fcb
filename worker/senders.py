"""Sender threads: lanes with guaranteed threads, few requests at a time for each destination."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

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
    """A job that ended. `delivery` is None when it was not sent: its lease was too old, or its destination stopped."""

    job: Job
    delivery: Delivery | None
    answered_at: int


class _Seat:
    """One thread's place: the lanes it takes, most important first, and what it is handed while it has nothing."""

    def __init__(self, lanes: tuple[Lane, ...]) -> None:
        self.lanes = lanes
        self.handed: SimpleQueue[Job | None] = SimpleQueue()


class _Queue:
    """Jobs by lane and destination. A job goes to one thread that may take it, and nobody else is woken for it."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, OrderedDict[str, deque[Job]]] = {lane: OrderedDict() for lane in Lane}
        self._busy: dict[str, int] = {}
        self._idle: list[_Seat] = []
        self._lock = threading.Lock()
        self._closed = False
        self.pending = 0

    def put(self, jobs: list[Job]) -> None:
        with self._lock:
            for job in jobs:
                self._lanes[job.lane].setdefault(job.destination, deque()).append(job)
            self.pending += len(jobs)
            self._hand_out()

    def take(self, seat: _Seat, done: Job | None = None) -> Job | None:
        """Give back what is done and return the next job; without one the seat is handed what comes, None at the end."""
        with self._lock:
            if done is not None:
                self._release(done)
            if self._closed:
                seat.handed.put(None)
                return None
            job = self._first(seat)
            if job is None:
                self._idle.append(seat)
            if done is not None:
                self._hand_out()
            return job

    def _release(self, job: Job) -> None:
        self._busy[job.destination] -= 1
        if not self._busy[job.destination]:
            del self._busy[job.destination]
        self.pending -= 1

    def _hand_out(self) -> None:
        if self._closed:
            return
        # who became idle last is warm
        for seat in reversed(self._idle.copy()):
            job = self._first(seat)
            if job is not None:
                self._idle.remove(seat)
                seat.handed.put(job)

    def _first(self, seat: _Seat) -> Job | None:
        return next(filter(None, map(self._next, seat.lanes)), None)

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

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for seat in self._idle:
                seat.handed.put(None)
            self._idle.clear()

    def queued(self, destination: str) -> int:
        """Return how many jobs of a destination no thread has taken yet."""
        with self._lock:
            return sum(len(waiting.get(destination, ())) for waiting in self._lanes.values())

    def withdraw(self, which: Callable[[Job], bool]) -> list[Job]:
        """Take back what no thread has taken yet and is `which`."""
        with self._lock:
            taken: list[Job] = []
            for waiting in self._lanes.values():
                for name, jobs in list(waiting.items()):
                    mine = [job for job in jobs if which(job)]
                    taken += mine
                    if len(mine) == len(jobs):
                        del waiting[name]
                    elif mine:
                        waiting[name] = deque(job for job in jobs if job not in mine)
            self.pending -= len(taken)
            return taken


def _shares(stopped: Job, scope: str, other: Job) -> bool:
    """Tell whether a job is stopped with another: it is of the same destination, or uses the budget `scope` (a key)."""
    return other.destination == stopped.destination or any(
        budget.key == scope for call in other.calls for budget in call.budgets
    )


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
            threading.Thread(target=self._work, args=(_Seat(lanes_of(n, threads)),), name=f"sender-{n}", daemon=True)
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

    def queued(self, destination: str) -> int:
        """Return how many jobs of a destination wait for a thread."""
        return self._queue.queued(destination)

    def close(self) -> None:
        """Let each thread end its present request, and wait for them; what no thread had taken was not sent."""
        self._queue.close()
        self._return(self._queue.withdraw(lambda _: True))
        for thread in self._threads:
            thread.join(timeout=30)

    def _work(self, seat: _Seat) -> None:
        job = self._queue.take(seat)
        while (job := job or seat.handed.get()) is not None:
            delivery = self._send(job)
            self._sent.append(Sent(job, delivery, now()))
            if delivery is not None and delivery.outcome is Outcome.THROTTLED:
                # whatever else is queued and uses what is stopped would be refused as well
                self._return(self._queue.withdraw(partial(_shares, job, delivery.scope)))
            job = self._queue.take(seat, job)
            self._wake()

    def _return(self, jobs: list[Job]) -> None:
        self._sent.extend(Sent(job, None, now()) for job in jobs)

    def _send(self, job: Job) -> Delivery | None:
        try:
            return job.channel.send(job.body) if time.monotonic() < job.sent_by else None
        except Exception as error:  # noqa: BLE001 - whatever it is, the request may have arrived
            reason = f"the connector failed: {whereabouts(error)}"
            log.warning("a channel raised instead of answering", destination=job.destination, error=reason)
            return Delivery(Outcome.UNKNOWN, type(error).__name__, reason)
