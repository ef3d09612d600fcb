"""The tasks: thin, and they carry nothing but what to look at."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import structlog
from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from worker.actions.acting import free
from worker.app import create_app
from worker.configuration import NotApplicable, latest
from worker.directory import DirectoryReader
from worker.hints import HintReader
from worker.inquiry import Inquiry
from worker.ledger import answers, arrivals, configurations, cursors, version
from worker.ledger.configurations import Mark, Moved
from worker.ledger.engine import now
from worker.polling import Poller
from worker.reconcile import Reconciler, nightly_since
from worker.subscriptions import Subscriber
from worker.wake import (
    ACT,
    ANSWERS,
    DECIDE,
    DISCLOSED,
    DISPATCH,
    HINTS,
    INQUIRE,
    LINGER_S,
    MATCH,
    PEOPLE,
    PEOPLE_NEWS,
    POLL,
    RECONCILE,
    RETENTION,
    SIGNALS,
    SUBSCRIBE,
    SUMMARY,
    VERIFIED,
    Batches,
    Bell,
    Wake,
)
from worker.wiring import Wiring

log = structlog.get_logger()

THREADS = 7
"""One for each batch task, two for sources that are polled at the same time, one for what they announce, one for what
is done at night."""


LOST = (SQLAlchemyError, OSError)
"""What a ledger raises that is away for a while."""

AWAY_S = 0.5

ANSWERS_LAPSE_S = 60.0
"""A task of this that no worker takes so soon is not run: the tick starts another."""


class Worker:
    """The parts of one worker process behind its tasks."""

    def __init__(self, wiring: Wiring) -> None:
        """Make the parts; raises `LedgerFault` when the ledger's tables do not fit."""
        version.require(wiring.ledger)
        wiring.note_readers()
        self.wiring = wiring
        self.app = create_app(wiring.settings.redis_url)
        self.wake = Wake(wiring.redis, self.app, wiring.members)
        channels = self.channels = wiring.channels(wiring.spending)
        self.dispatcher = wiring.dispatcher(channels)
        self._ask_by(wiring)
        self.acting = wiring.acting(channels, self._committed)
        self.decider = wiring.decider()
        self.stopped = threading.Event()
        self.retention = wiring.retention(self.stopped.wait)
        self.decide = Batches(wiring.redis, Bell(DECIDE, wiring.name), self._decide, self._undecided)
        self.dispatch = Batches(wiring.redis, Bell(DISPATCH, wiring.name), self._dispatch, self._woken)
        self.act = Batches(wiring.redis, Bell(ACT, wiring.name), self._act, self._to_act)
        self._taking_up = threading.Lock()
        self._ending = False
        _register(self.app, self)

    def run_decide(self) -> None:
        """Decide until nothing is left and nothing comes for a while."""
        self.decide.run(self.decide.token)

    def run_dispatch(self) -> None:
        """Dispatch until nothing is left and nothing comes for a while."""
        self.dispatcher.woken.set()
        self.dispatch.run(self._await_dispatch)

    def run_act(self) -> None:
        """Carry out what people decided, and change cards, until nothing is due and nothing comes for a while."""
        self.act.run(self.act.token)

    def run_poll(self, source: str, kind: str) -> None:
        """Read one kind of one source to the end of its round."""
        try:
            if self._take_up():
                self.poller.pull(source, kind)
        except LOST as error:
            log.warning("the ledger did not answer; the source is read at its next turn", error=str(error))

    def run_hints(self, source: str, kind: str) -> None:
        """Read what one source announced of one kind."""
        try:
            if self._take_up():
                self.hint_reader.read(source, kind)
        except LOST as error:
            log.warning("the ledger did not answer; what was announced is read at its next turn", error=str(error))

    def run_subscribe(self, source: str) -> None:
        """Make, prove or renew the subscription by which one source pushes."""
        try:
            if self._take_up():
                self.subscriber.subscribe(source)
        except LOST as error:
            log.warning("the ledger did not answer; the subscription is renewed at its next turn", error=str(error))

    def run_reconcile(self, source: str, kind: str) -> None:
        """Compare the last days of one kind of one source with the ledger."""
        try:
            if self._take_up():
                self._reconcile(source, kind)
        except LOST as error:
            log.warning("the ledger did not answer; the source is compared with its next turn", error=str(error))

    def _reconcile(self, source: str, kind: str) -> None:
        known = self.wiring.bridge.sources.get(source)
        if known is not None and known.reconcile is not None:
            zone = known.reconcile.zone
            self.reconciler.nightly(source, kind, nightly_since(datetime.now(UTC), zone), zone)

    def run_signals(self) -> None:
        """Deal with what channels said by themselves."""
        try:
            if self._take_up() and self.signal_reader.read():
                self.wake(ACT)
                if self._owes_answers():
                    self.wake.publish(ANSWERS, POLL, ANSWERS_LAPSE_S)
        except LOST as error:
            log.warning("the ledger did not answer; what was heard waits for the tick", error=str(error))

    def _owes_answers(self) -> bool:
        with self.wiring.ledger.read() as connection:
            return answers.any_due(connection, self.wiring.ledger.now(connection))

    def run_answers(self) -> None:
        """Answer who spoke to the robot."""
        try:
            if self._take_up():
                self.answerer.run()
        except LOST as error:
            log.warning("the ledger did not answer; who asked is answered at the next turn", error=str(error))

    def run_verified(self) -> None:
        """Let go what was held until somebody vouched for its group again."""
        try:
            if self._take_up() and self.wiring.verified(self.dispatcher.readers).run():
                self.wake(DISPATCH)
        except LOST as error:
            log.warning("the ledger did not answer; what is held is looked at again", error=str(error))

    def run_people(self, application: str) -> None:
        """Read the people of one application."""
        try:
            if self._take_up():
                self.directory_reader.everybody(application)
                self._look_who_lost(application)
        except LOST as error:
            log.warning("the ledger did not answer; people are read at their next turn", error=str(error))

    def run_people_news(self, application: str) -> None:
        """Read whom the news of one application named."""
        try:
            if self._take_up():
                self.directory_reader.news(application)
                self._look_who_lost(application)
        except LOST as error:
            log.warning("the ledger did not answer; people are read at their next turn", error=str(error))

    def _look_who_lost(self, application: str) -> None:
        if self.wiring.bridge.plan.clearances.of:
            self.wiring.losing().run(application)

    def run_disclosed(self) -> None:
        """Look who read what not everybody may see."""
        try:
            if self._take_up():
                self.wiring.disclosed(self.dispatcher.readers, self.channels).run()
        except LOST as error:
            log.warning("the ledger did not answer; it is looked later who read a message", error=str(error))

    def run_match(self, source: str) -> None:
        """Match the users of one source with people."""
        try:
            if self._take_up():
                self.wiring.matcher().run(source)
                keys = self.wiring.bridge.sources[source].people if source in self.wiring.bridge.sources else None
                if keys is not None:
                    self._look_who_lost(keys.application)
        except LOST as error:
            log.warning("the ledger did not answer; users are matched at their next turn", error=str(error))

    def run_summary(self, name: str) -> None:
        """Make one summary."""
        try:
            if self._take_up() and self.wiring.summariser().tell(name):
                self.wake(DECIDE)
        except LOST as error:
            log.warning("the ledger did not answer; the summary comes at its next turn", summary=name, error=str(error))

    def run_retention(self) -> None:
        """Forget what has had its time."""
        try:
            if self._take_up():
                self.retention.run(now())
        except LOST as error:
            log.warning("the ledger did not answer; what has had its time goes another night", error=str(error))

    def run_inquire(self) -> None:
        """Ask to whom messages came."""
        try:
            if self._take_up():
                self.inquiry.run()
        except LOST as error:
            log.warning("the ledger did not answer; it is asked later to whom messages came", error=str(error))

    def run(self) -> None:
        """Serve tasks until the process is told to stop; then end the sends that are under way."""
        # Celery warns a process of root against pickled tasks; ours are JSON and carry no objects
        warnings.filterwarnings("ignore", category=SecurityWarning)
        # Celery ends a task only when it returns, and under load a batch task always finds more to do
        worker_shutting_down.connect(self._stop)
        again = self.dispatcher.recover(own=True)
        if again:
            log.info("sends that had no answer are repeated", count=again)
        self._free_leases()
        self.wiring.members.start()
        queues = [Bell(kind, self.wiring.name).queue for kind in (DECIDE, DISPATCH, ACT)] + [POLL]
        worker = self.app.Worker(
            pool="threads",
            concurrency=THREADS,
            queues=queues,
            hostname=f"{self.wiring.name}@dingbridge",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="WARNING",
            quiet=True,
        )
        # what is loaded by now stays: the collector need not look at it again, which took a quarter of each decision
        gc.collect()
        gc.freeze()
        try:
            self.wake(DECIDE)
            self.wake(DISPATCH)
            worker.start()
        finally:
            self.wiring.members.stop()
            self.dispatcher.close()

    def _free_leases(self) -> None:
        with self.wiring.ledger.write() as connection:
            cursors.free_jobs(connection, self.wiring.name[:48])
            free(connection, self.wiring.name[:48])

    def _take_up(self) -> bool:
        """Take up what was applied; false when it cannot be used here.

        Then this worker must not go on by what was, which may show more than is allowed now: it ends, and says why.
        """
        with self._taking_up:
            try:
                if not self._stands():
                    self._follow(latest(self.wiring))
            except LOST as error:
                log.warning("the ledger did not answer; trying again", error=str(error))
                time.sleep(AWAY_S)
                return False
            except NotApplicable as error:
                if not self._ending:
                    log.critical("ending, because of what was applied", error=str(error))
                    os.kill(os.getpid(), signal.SIGTERM)
                self._ending = True
                time.sleep(AWAY_S)
                return False
        return True

    def _follow(self, wiring: Wiring) -> None:
        wiring.note_readers()
        self.wiring = wiring
        self.decider = wiring.decider()
        self.poller.stop()  # a round under way ends with its page; the next goes on from its cursor
        self.hint_reader.stop()
        self.answerer.stop()
        self._ask_by(wiring)
        self.retention = wiring.retention(self.stopped.wait)
        taken = wiring.taken or Mark(0, 0)
        channels = self.channels = wiring.channels(wiring.spending)
        self.acting = wiring.acting(channels, self._committed)
        self.dispatcher.follow(wiring.bridge.plan, channels, taken, wiring.sources)
        log.info("configuration taken up", **asdict(taken))

    def _stands(self) -> bool:
        with self.wiring.ledger.read() as connection:
            return configurations.stands(connection, self.wiring.taken)

    def _committed(self) -> None:
        self.wake(DECIDE)

    def _ask_by(self, wiring: Wiring) -> None:
        committed = self._committed
        self.poller: Poller = wiring.poller(committed)
        self.reconciler: Reconciler = wiring.reconciler(committed)
        self.hint_reader: HintReader = wiring.hint_reader(committed)
        self.subscriber: Subscriber = wiring.subscriber()
        self.signal_reader = wiring.signal_reader()
        self.answerer = wiring.answerer()
        self.directory_reader: DirectoryReader = wiring.directory_reader()
        self.inquiry: Inquiry = wiring.inquiry()

    def _stop(self, **_: object) -> None:
        self.stopped.set()
        for part in (self.decide, self.dispatch, self.act, self.poller, self.hint_reader, self.answerer):
            part.stop()
        self.dispatcher.woken.set()

    def _decide(self) -> bool:
        try:
            looked_at = self.decider.step()
        except Moved:
            return self._take_up()
        except LOST as error:
            log.warning("the ledger did not answer; the tick asks again", error=str(error))
            time.sleep(AWAY_S)
            return False
        if looked_at:
            self.dispatcher.woken.set()
            if not self.dispatch.running:
                self.wake.ring(Bell(DISPATCH, self.wiring.name))
        # what came meanwhile has left a token, and a look for it would only hold up the dispatch of these
        return looked_at >= self.wiring.settings.batch

    def _act(self) -> bool:
        try:
            return self._take_up() and self.acting.step()
        except LOST as error:
            log.warning("the ledger did not answer; the tick asks again", error=str(error))
            time.sleep(AWAY_S)
            return False

    def _to_act(self) -> bool:
        try:
            return self.acting.due()
        except LOST:
            return False

    def _undecided(self) -> bool:
        try:
            with self.wiring.ledger.read() as connection:
                return bool(arrivals.undecided(connection, self.wiring.members.shards(), 1))
        except LOST:
            return False

    def _dispatch(self) -> bool:
        """Do one turn. While the ledger is away, stay for what was answered: nobody else knows of it."""
        try:
            return self.dispatcher.work()
        except Moved:
            return self._take_up() or self.dispatcher.owes
        except LOST as error:
            log.warning("the ledger did not answer; trying again", error=str(error))
            time.sleep(AWAY_S)
            return self.dispatcher.owes

    def _woken(self) -> bool:
        return self.dispatcher.woken.is_set()

    def _await_dispatch(self) -> bool:
        """Wait for a send to end, for new facts, or for a quota that frees within the linger."""
        deadline = time.monotonic() + LINGER_S
        wait = min(LINGER_S, self.dispatcher.idle_s())
        return self.dispatcher.woken.wait(wait) or time.monotonic() < deadline


def _register(app: Celery, worker: Worker) -> None:
    tasks: dict[str, Callable[..., None]] = {
        DECIDE: worker.run_decide,
        DISPATCH: worker.run_dispatch,
        ACT: worker.run_act,
        POLL: worker.run_poll,
        RETENTION: worker.run_retention,
        RECONCILE: worker.run_reconcile,
        HINTS: worker.run_hints,
        SUBSCRIBE: worker.run_subscribe,
        INQUIRE: worker.run_inquire,
        SIGNALS: worker.run_signals,
        ANSWERS: worker.run_answers,
        VERIFIED: worker.run_verified,
        PEOPLE: worker.run_people,
        PEOPLE_NEWS: worker.run_people_news,
        MATCH: worker.run_match,
        SUMMARY: worker.run_summary,
        DISCLOSED: worker.run_disclosed,
    }
    for name, run in tasks.items():
        app.task(name=name)(run)
