"""A small bridge over a ledger in a file, run by hand: states arrive, are decided, are dispatched to a chat.

The real pieces run; only the chat, the quota and the clock are played.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

import worker.decide
import worker.dispatch
import worker.ledger.engine
import worker.senders
from connectors.contract import Budget, Choice, Delivery, Draft, Money, Outcome, Record, Resend, Value
from pipelines.case import program
from pipelines.plan import (
    Attestation,
    Compare,
    Destination,
    FieldMap,
    FieldType,
    Kind,
    Lane,
    Plan,
    Route,
    Threshold,
)
from worker.channels import Channel
from worker.decide import Decider
from worker.dispatch import Crew, Dispatcher
from worker.explain import Story, explain, say
from worker.ledger import arrivals
from worker.ledger.arrivals import micros
from worker.ledger.engine import Ledger
from worker.ledger.plans import Plans, remember
from worker.ledger.seal import Sealer
from worker.limiter import Call, Grant, Limiter, Reason

ZONE = "Asia/Hong_Kong"
DAY = "2026-10-06"

FIELDS = (
    FieldMap("Stage", "StageName", FieldType.CHOICE, "stage"),
    FieldMap("Amount", "Amount", FieldType.MONEY, "amount", currency_path="Currency"),
    FieldMap("Margin", "Margin", FieldType.NUMBER, "margin", data_class="finance"),
)
ROUTE = Route(
    name="deals",
    source="crm",
    kind="Deal",
    to=("sales",),
    title="Deal",
    fields=("Stage", "Amount"),
)
BIG = Threshold("big", "Amount", Compare.AT_LEAST, Money(Decimal(1_000_000), "HKD"))
WORD = Attestation("the head of sales", date(2000, 1, 1), date(2999, 1, 1), frozenset({"finance"}))


def plan_of(*routes: Route, word: Attestation | None = None, fields: tuple[FieldMap, ...] = FIELDS) -> Plan:
    kind = Kind("crm", "Deal", fields)
    groups = {name: Destination(name, ZONE, "en", word) for name in ("sales", "board")}
    return Plan(f"{hash((repr(routes), repr(fields), repr(word))):x}", {("crm", "Deal"): kind}, routes, groups)


def at(clock: str, day: str = DAY) -> datetime:
    """Return a time of the day in the reader's zone."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(ZONE))


class Clock:
    """The clock of this host, set by hand."""

    def __init__(self) -> None:
        self.time = at("09:00")

    def set(self, clock: str) -> None:
        self.time = at(clock)

    def __call__(self) -> int:
        return micros(self.time)


@dataclass
class Chat:
    """A channel that remembers what it was sent, and answers as it is told, else that all is well."""

    resend: Resend = Resend.IDEMPOTENT
    answers: deque[Delivery] = field(default_factory=deque)
    sent: list[Any] = field(default_factory=list)

    def budgets(self) -> tuple[Budget, ...]:
        return (Budget("chat"),)

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return [(draft, range(len(draft.facts)))]

    def freeze(self, draft: Draft, key: str) -> bytes:
        facts = [[fact.number, {line.label: [line.before, line.value] for line in fact.lines}] for fact in draft.facts]
        return json.dumps({"key": key, "facts": facts}).encode()

    def send(self, frozen: bytes) -> Delivery:
        self.sent.append(json.loads(frozen))
        return self.answers.popleft() if self.answers else Delivery(Outcome.DELIVERED)


@dataclass
class Tap:
    """A quota: `room` calls are left (None: any number), and then `wait_s` until the next."""

    room: int | None = None
    wait_s: float = 60.0
    reason: Reason = Reason.WINDOW
    blocked_s: float = 0.0

    def acquire(self, budgets: Sequence[Budget], lane: Lane, want: int, *, lease_s: float) -> Grant:
        assert lease_s > 0
        given = want if self.room is None else min(want, self.room)
        if self.room is not None:
            self.room -= given
        calls = tuple(Call(str(n), lane, tuple(budgets)) for n in range(given))
        full = given == want
        return Grant(calls, Reason.FREE if full else self.reason, "chat", None if full else self.wait_s, 0)

    def settle(self, calls: Sequence[Call]) -> None:
        """Leave the room as it is: what was answered counts."""

    def cancel(self, calls: Sequence[Call]) -> None:
        if self.room is not None:
            self.room += len(calls)

    def block(self, budget_key: str, seconds: float) -> None:
        assert budget_key == "chat"
        self.blocked_s = max(self.blocked_s, seconds)

    def revive(self, budget: Budget, idle_s: float | None) -> None:
        raise AssertionError(f"the quota of {budget.key} was not lost ({idle_s})")


def deal(stage: str = "Proposal", amount: int = 800_000, *, when: str = "09:00", **other: Any) -> Record:
    """Return a state of deal SO-1042, unless `other` says what else it is."""
    fields: dict[str, Value] = {
        "StageName": Choice(stage[:4].upper(), stage),
        "Amount": Decimal(amount),
        "Currency": "HKD",
    }
    fields |= other.pop("fields", {})
    record = Record(
        source="crm",
        kind="Deal",
        id="d1",
        version=f"{when} {stage} {amount}",
        stamp=at(when),
        fields=fields,
        number="SO-1042",
        url="https://crm.example/d1",
    )
    return replace(record, **other)


class Bridge:
    """A bridge under test."""

    def __init__(self, ledger_url: str, clock: Clock, plan: Plan) -> None:
        self.clock = clock
        self.ledger = Ledger(ledger_url, Sealer(b"k" * 32))
        self.chat, self.board, self.tap = Chat(), Chat(), Tap()
        self.use(plan)

    def use(self, plan: Plan) -> None:
        """Apply a configuration."""
        self.plan = plan
        self.plan_id = remember(self.ledger, plan)
        self.programs = program(plan)

    def arrive(self, *records: Record, pushed: bool = True, baseline: bool = False) -> None:
        """Store states and decide them."""
        sealer = self.ledger.sealer
        with self.ledger.write() as connection:
            rows = [
                arrivals.row(one, received_at=self.clock(), pushed=pushed, baseline=baseline, sealer=sealer)
                for one in records
            ]
            assert arrivals.add(self.ledger, connection, rows) == len(rows)
        self.decide()

    def decide(self) -> None:
        every = frozenset(range(arrivals.SHARDS))
        Decider(self.ledger, self.programs, self.plan_id, lambda: every, 100).step()

    @contextmanager
    def dispatcher(self) -> Iterator[Dispatcher]:
        crew = Crew("worker-1", list, 2, 60.0)
        channels = {
            name: Channel(name, chat, chat.budgets()) for name, chat in (("sales", self.chat), ("board", self.board))
        }
        one = Dispatcher(self.ledger, cast("Limiter", self.tap), self.plan, channels, crew)
        try:
            yield one
        finally:
            one.close()

    def dispatch(self) -> None:
        """Send what can go out now."""
        with self.dispatcher() as dispatcher:
            for _ in range(200):
                if not dispatcher.step():
                    return
                dispatcher.woken.wait(0.02)
                dispatcher.woken.clear()
        raise AssertionError("dispatch does not come to rest")

    def story(self, what: str = "SO-1042") -> Story:
        return explain(self.ledger, what, Plans(self.ledger), self.clock.time.astimezone(UTC), ZONE)

    def told(self, what: str = "SO-1042") -> str:
        return say(self.story(what))


@contextmanager
def opened(ledger_url: str, monkeypatch: pytest.MonkeyPatch, plan: Plan) -> Iterator[Bridge]:
    """Give a bridge over an empty ledger whose clock is set by hand."""
    clock = Clock()
    for module in (worker.ledger.engine, worker.decide, worker.dispatch, worker.senders):
        monkeypatch.setattr(module, "now", clock)
    monkeypatch.setattr(Ledger, "now", lambda *_: clock())
    bridge = Bridge(ledger_url, clock, plan)
    yield bridge
    bridge.ledger.close()
