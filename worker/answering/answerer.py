"""Sends what the robot owes: each answer once at most, and soon or not at all."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import redis
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Converses, Delivery, Draft, Outcome, Retryable, Throttled, Words
from pipelines.plan import Lane
from worker.answering.chat import Said
from worker.answering.commands import Speaker
from worker.asking import Asking, Source
from worker.fault import whereabouts
from worker.ledger import answers, cursors, mutes
from worker.ledger.answers import Question
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.signals import Signal
from worker.limiter import Limiter

log = structlog.get_logger()

JOB = "answers"
BATCH = 50
PATIENCE_S = 2.0
"""How long an answer waits here for its quota before it makes room for the next."""
LONGEST_WAIT_S = 60.0
AWAY_S = 5.0
"""After how long an answer is tried again for which no quota could be asked."""

MOST_A_MINUTE = 10
"""Answers to one person, of an application that is no longer configured."""

NO_APPLICATION = "this configuration has no such application that can answer"


@dataclass(frozen=True, slots=True)
class Listening:
    """Takes in what is said to the robot, in the transaction that settles it. `most` are the answers a minute."""

    ledger: Ledger
    most: Mapping[str, int]

    def __call__(self, connection: Connection, signal: Signal) -> None:
        """Owe an answer; to somebody from outside only where a whole group hears it."""
        words = signal.said
        if not isinstance(words, Words) or not (words.by or words.in_group):
            return
        most = self.most.get(signal.application, MOST_A_MINUTE)
        if answers.owe(self.ledger, connection, signal, words, most) is None:
            log.info("somebody asks too much and is not answered", application=signal.application)


@dataclass(frozen=True, slots=True)
class Voice:
    """One application that can answer: its client, and what says what it answers."""

    client: Converses
    speaker: Speaker


@dataclass(slots=True)
class _Attempt:
    """What has happened to one answer: whether it left, and what became of it."""

    taken: bool = False
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers as the applications of one configuration, by name. `lease_s` is how long one request may take."""

    ledger: Ledger
    limiter: Limiter
    voices: Mapping[str, Voice]
    owner: str
    lease_s: float
    _stopped: threading.Event = field(default_factory=threading.Event)
    _running: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """End after the present answer; the others are left to the next turn."""
        self._stopped.set()

    def run(self) -> int:
        """Send all that is due; returns how many answers were delivered. Raises what the ledger raises.

        Nothing while another thread of this process does: however slow the channel is, it keeps one thread.
        """
        if not self._running.acquire(blocking=False):
            return 0
        try:
            return self._run()
        finally:
            self._running.release()

    def _run(self) -> int:
        with self.ledger.write() as connection:
            if lost := answers.give_up_lost(connection, self.ledger.now(connection)):
                log.warning("answers were given up whose worker was lost", count=lost)
        delivered = 0
        while found := self._due():
            for one in found:
                if self._stopped.is_set():
                    return delivered
                delivered += self._answered(one)
        return delivered

    def _due(self) -> list[Question]:
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            found, hopeless = answers.due(self.ledger, connection, at, BATCH)
        if hopeless:
            log.warning("answers were given up", count=len(hopeless))
            with self.ledger.write() as connection:
                answers.drop(connection, hopeless)
        return found if found or not hopeless else self._due()

    def _answered(self, one: Question) -> bool:
        voice = self.voices.get(one.application)
        if voice is None:
            self._settle(one, _Attempt(delivery=Delivery(Outcome.REFUSED, reason=NO_APPLICATION)))
            return False
        try:
            with self.ledger.read() as connection:
                said = voice.speaker.answer(connection, one, datetime.now(UTC))
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - one question that cannot be answered must not stop the others
            fault = whereabouts(error)
            log.error("an answer cannot be composed", application=one.application, error=fault)  # noqa: TRY400 - values
            self._settle(one, _Attempt(delivery=Delivery(Outcome.REFUSED, reason=fault)))
            return False
        if said.mute is not None:
            # before it is said, and again whenever the answer comes again: the last word stands
            with self.ledger.write() as connection:
                mutes.put(self.ledger, connection, said.mute)
        return self._sent(one, voice.client, said)

    def _sent(self, one: Question, client: Converses, said: Said) -> bool:
        attempt = _Attempt()
        budgets = tuple(client.answer_budgets(one.words))
        ask = Asking(self.ledger, self.limiter, Lane.NORMAL, PATIENCE_S)
        try:
            ask(Source(one.application, client, budgets, {}), lambda: self._leave(one, client, said.draft, attempt))
        except Retryable as error:
            self._postpone(one, attempt, error.after, str(error))
        except redis.RedisError as error:
            log.warning("cannot reach Redis; an answer may wait", error=str(error))
            if not attempt.taken:
                self._postpone(one, attempt, timedelta(seconds=AWAY_S), "no quota could be asked for")
        delivery = attempt.delivery
        if delivery is None:
            return False
        if delivery.outcome is Outcome.THROTTLED and delivery.after is not None:
            scope = delivery.scope or budgets[0].key
            ask.heed(Throttled(delivery.reason, after=delivery.after, scope=scope))
        self._settle(one, attempt, said.rest)
        return delivery.outcome is Outcome.DELIVERED

    def _leave(self, one: Question, client: Converses, draft: Draft, attempt: _Attempt) -> None:
        """Send it, if no other worker has taken it meanwhile; the answer's row knows of it before the request leaves."""
        with self.ledger.write() as connection:
            lease_until = self.ledger.now(connection) + int(self.lease_s * MICROSECONDS)
            attempt.taken = answers.take(connection, one.id, self.owner, lease_until)
        if not attempt.taken:
            return
        try:
            attempt.delivery = client.answer(one.words, draft)
        except Exception as error:  # noqa: BLE001 - whatever it is, the request may have arrived
            attempt.delivery = Delivery(Outcome.UNKNOWN, reason=f"the connector failed: {whereabouts(error)}")

    def _settle(self, one: Question, attempt: _Attempt, rest: str = "") -> None:
        delivery = attempt.delivery or Delivery(Outcome.UNKNOWN)
        if delivery.outcome in {Outcome.RETRY, Outcome.THROTTLED}:
            self._postpone(one, attempt, delivery.after, delivery.reason)
            return
        if delivery.outcome is not Outcome.DELIVERED:
            log.warning(
                "an answer was given up", application=one.application, outcome=delivery.outcome, code=delivery.code
            )
        with self.ledger.write() as connection:
            answers.settle(connection, one, delivery.outcome, delivery.reason, taken=attempt.taken)
            if rest and delivery.outcome is Outcome.DELIVERED:
                answers.go_on(self.ledger, connection, one, rest)

    def _postpone(self, one: Question, attempt: _Attempt, after: timedelta | None, reason: str) -> None:
        wait_s = after.total_seconds() if after is not None else min(LONGEST_WAIT_S, 2.0 ** (one.attempts + 1))
        with self.ledger.write() as connection:
            due_at = self.ledger.now(connection) + int(wait_s * MICROSECONDS)
            answers.postpone(connection, one, due_at, taken=attempt.taken, reason=reason)
            cursors.hasten_job(self.ledger, connection, JOB, due_at)
