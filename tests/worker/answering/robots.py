"""A robot that is spoken to: words come in, answers go out, and what they were is remembered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pydantic import BaseModel

from connectors.contract import Budget, Delivery, Draft, Outcome, Reach, Received, Reply, Words
from pipelines.plan import Plan
from worker.answering.alone import Alone
from worker.answering.answerer import Answerer, Listening, Voice
from worker.answering.commands import Speaker
from worker.answering.readership import Readership, Reads, nothing
from worker.answering.why import Why
from worker.clearing import Clearing
from worker.hearing.reader import SignalReader
from worker.ledger import readers, signals
from worker.ledger.answers import LATE_S
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.plans import Plans
from worker.ledger.tables import AnswerState, answer, signal
from worker.limiter import Limiter

APP = "desk"
NUMBERS = count(1)
LONG_AGO = (LATE_S + 1) * MICROSECONDS


def words(text: str = "/help", by: str = "u-amy", **other: Any) -> Words:
    return Words(id=f"m{next(NUMBERS)}", text=text, by=by, at=datetime.now(UTC), **other)


@dataclass
class Robot:
    """Fulfils `Converses`; answers as it is told to, else that all is well. `gate` holds what leaves until it is set."""

    outcomes: deque[Delivery | Exception] = field(default_factory=deque)
    said: list[tuple[Words, Draft]] = field(default_factory=list)
    gate: threading.Event | None = None

    def reach(self, settings: BaseModel) -> Reach:
        raise AssertionError(f"the readers were made without it ({settings})")

    def answer_budgets(self, words: Words) -> Sequence[Budget]:
        return [Budget(f"robot:{words.in_group}", ())]

    def answer(self, words: Words, draft: Draft) -> Delivery:
        self.said.append((words, draft))
        if self.gate is not None:
            self.gate.wait(20)
        outcome = self.outcomes.popleft() if self.outcomes else Delivery(Outcome.DELIVERED)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @property
    def texts(self) -> list[str]:
        return [told(draft) for _, draft in self.said]


def told(draft: Draft) -> str:
    """Everything that stands in a draft."""
    facts = [
        " ".join(
            [fact.title, fact.number, fact.at, fact.url, *(f"{x.label}: {x.value}" for x in fact.lines), *fact.notes]
        )
        for fact in draft.facts
    ]
    return "\n".join([draft.preview, *facts])


@dataclass
class Room:
    """A ledger beside which somebody listens and answers."""

    ledger: Ledger
    limiter: Limiter
    plan: Plan
    reaches: dict[str, Reach]
    robot: Robot = field(default_factory=Robot)
    members: Reads = nothing
    alone: Alone | None = None
    most: int = 10

    def note(self) -> None:
        """Say who reads what from now on."""
        with self.ledger.write() as connection:
            readers.note(self.ledger, connection, APP, self.reaches)

    def hear(self, *said: Words, at: int | None = None) -> None:
        """Store words and settle them."""
        rows = signals.rows(APP, Received(Reply(200), words=said), now() if at is None else at, self.ledger.sealer)
        with self.ledger.write() as connection:
            signals.put(self.ledger, connection, rows)
        SignalReader(self.ledger, {Words: Listening(self.ledger, {APP: self.most})}).read()

    def answerer(self, owner: str = "worker-1", lease_s: float = 30.0, name: str = APP) -> Answerer:
        why = Why(self.ledger, Plans(self.ledger), self.plan, Clearing(self.ledger, self.plan.clearances))
        alone = self.alone or Alone(APP, self.plan)
        speaker = Speaker(why, Readership(APP, self.members, tuple(alone.personal)), alone, "en", timedelta(days=90))
        voices = {name: Voice(self.robot, speaker)}
        return Answerer(self.ledger, self.limiter, voices, owner, lease_s)

    def ask(self, text: str, by: str = "u-amy", **other: Any) -> str:
        """Say something to the robot; returns what it says."""
        self.hear(words(text, by, **other))
        before = len(self.robot.said)
        self.answerer().run()
        assert len(self.robot.said) == before + 1
        return self.robot.texts[-1]

    def states(self) -> list[tuple[AnswerState, str]]:
        with self.ledger.read() as connection:
            rows = connection.execute(answer.select().order_by(answer.c.id)).all()
        return [(AnswerState(row.state), row.outcome) for row in rows]

    def signals(self) -> list[int]:
        with self.ledger.read() as connection:
            return [row.state for row in connection.execute(signal.select().order_by(signal.c.id))]

    def make_due(self) -> None:
        """Let the time pass for which answers wait."""
        with self.ledger.write() as connection:
            connection.execute(answer.update().values(due_at=0))
