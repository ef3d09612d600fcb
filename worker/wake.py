"""Wake-ups: best effort, coalesced, and never in the way of an acknowledgement.

A batch task that found nothing lingers on a token before it ends, because starting one costs milliseconds. Who has
work for it pushes a token when it lingers, and publishes a task when it does not. What is lost here the tick finds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from worker.members import Members

log = structlog.get_logger()

LINGER_S = 0.25
ALIVE_MS = 2000
FLAG_MS = 5000

DECIDE = "decide"
DISPATCH = "dispatch"
POLL = "poll"
RECONCILE = "reconcile"
RETENTION = "retention"
HINTS = "hints"
SUBSCRIBE = "subscribe"
INQUIRE = "inquire"
SIGNALS = "signals"
ANSWERS = "answers"
VERIFIED = "verified"
PEOPLE = "people"
PEOPLE_NEWS = "people_news"
MATCH = "match"
ACT = "act"
SUMMARY = "summary"
DISCLOSED = "disclosed"


@dataclass(frozen=True, slots=True)
class Bell:
    """The keys by which one worker's batch task of one kind is woken."""

    kind: str
    worker: str
    prefix: str = "dingbridge"

    @property
    def queue(self) -> str:
        """The Celery queue that only this worker reads."""
        return f"{self.kind}.{self.worker}"

    def key(self, what: str) -> str:
        """Return the Redis key of `alive`, `flag` or `token`."""
        return f"{{{self.prefix}}}:{what}:{self.kind}:{self.worker}"


class Wake:
    """Wakes the live workers."""

    def __init__(self, client: redis.Redis, app: Celery, members: Members) -> None:
        self._client = client
        self._app = app
        self._members = members

    def __call__(self, kind: str) -> None:
        """Let every live worker look for work of this kind; without Redis nothing happens."""
        try:
            for worker in self._members.names:
                self.ring(Bell(kind, worker))
        except (redis.RedisError, OperationalError, OSError) as error:
            log.warning("cannot wake the workers; the tick will", error=str(error))

    def ring(self, bell: Bell) -> None:
        """Wake one worker: a token while its task lingers, else one task."""
        with self._client.pipeline(transaction=False) as pipe:
            # where nobody lingers the token stays, and the next task looks once more before it lingers
            pipe.lpush(bell.key("token"), b"1")
            pipe.ltrim(bell.key("token"), 0, 0)
            pipe.exists(bell.key("alive"))
            *_, alive = pipe.execute()
        if not alive and self._client.set(bell.key("flag"), b"1", nx=True, px=FLAG_MS):
            self._send(bell.kind, bell.queue)

    def publish(self, kind: str, queue: str, expires_s: float, *arguments: str) -> bool:
        """Hand one task to whichever worker takes it first within so many seconds; after that it is not run.

        False: Redis could not be reached.
        """
        try:
            self._client.ping()  # gives up sooner than Celery, for which the whole tick would wait
            self._send(kind, queue, *arguments, expires=expires_s)
        except (OperationalError, redis.RedisError, OSError) as error:
            log.warning("cannot hand out a task; it comes again", task=kind, error=str(error))
            return False
        return True

    def _send(self, kind: str, queue: str, *arguments: str, expires: float | None = None) -> None:
        self._app.send_task(kind, args=arguments, queue=queue, expires=expires, ignore_result=True, retry=False)


class Batches:
    """One kind of batch task in this worker: at most one runs, until there is nothing left and a while longer."""

    def __init__(self, client: redis.Redis, bell: Bell, step: Callable[[], bool], pending: Callable[[], bool]) -> None:
        """Take what does one batch (True: there was work), and what tells cheaply whether there is any."""
        self._client = client
        self._bell = bell
        self._step = step
        self._pending = pending
        self._running = threading.Lock()
        self._stopped = threading.Event()
        self._alive_at = 0.0

    @property
    def running(self) -> bool:
        """Whether a task of this kind runs in this worker now."""
        return self._running.locked()

    def stop(self) -> None:
        """End after the present batch, however much is left: another worker, or the next start, goes on."""
        self._stopped.set()

    def run(self, linger: Callable[[], bool]) -> None:
        """Work until nothing is left and `linger()` has answered False.

        The flag goes before the lock is tried, and the ledger is looked at once more after the lock is let go:
        otherwise a wake-up that came in between would be lost until the tick.
        """
        self._tell("delete")
        while self._running.acquire(blocking=False):
            try:
                self._alive_at = 0.0
                self._alive()
                while not self._stopped.is_set() and (self._step() or linger()):
                    self._alive()
            finally:
                self._running.release()
                self._tell("end")
            if self._stopped.is_set() or not self._pending():
                return

    def token(self) -> bool:
        """Linger on a token; True when one came."""
        try:
            return self._client.brpop([self._bell.key("token")], timeout=LINGER_S) is not None
        except redis.RedisError:
            return False

    def _alive(self) -> None:
        at = time.monotonic()
        if at - self._alive_at > ALIVE_MS / 4000:
            self._alive_at = at
            self._tell("alive")

    def _tell(self, what: str) -> None:
        try:
            if what == "alive":
                self._client.set(self._bell.key("alive"), b"1", px=ALIVE_MS)
            elif what == "end":
                self._client.delete(self._bell.key("alive"))
            else:
                self._client.delete(self._bell.key("flag"))
        except redis.RedisError as error:
            log.warning("cannot reach Redis", error=str(error))
