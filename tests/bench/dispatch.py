"""Dispatch of one message for each fact, with and without rules that leave people in peace: CPU a message."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.contract import Budget, Delivers, Delivery, Draft, Outcome, Resend
from tests.bench.events import ROUTES, bridge, destination, event
from tests.bench.figures import Report, at_most
from tests.bench.inside import decide_all, inside, receive
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher

MESSAGES = 1500
WARM = 300
ROUNDS = 3
MOST_US = 400.0
HOOKS = {"HOOK": "http://127.0.0.1:9/robot/send?access_token=bench"}
QUOTA = "{limit: 100000, window: 1s, block: 2s}"
QUIET = "    quiet: {budget: {messages: 1000000, per: 1h}, gather: 10m}\n"
STALL_S = 60.0


@dataclass
class Sink:
    """A robot's client whose sends are taken at once, and counted."""

    client: Delivers
    sent: int = 0
    resend: Resend = Resend.IDEMPOTENT

    def budgets(self) -> Sequence[Budget]:
        return self.client.budgets()

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return self.client.pack(draft)

    def freeze(self, draft: Draft, key: str) -> bytes:
        return self.client.freeze(draft, key)

    def send(self, frozen: bytes) -> Delivery:
        self.sent += bool(frozen)
        return Delivery(Outcome.DELIVERED)


def run(report: Report, folder: Path) -> None:
    """Measure in turn, and tell the best of each: what disturbs makes it slower and never faster."""
    plain, quiet = [], []
    section = report.section()
    for n in range(ROUNDS):
        plain.append(_dispatched(folder / f"plain-{n}", ""))
        quiet.append(_dispatched(folder / f"quiet-{n}", QUIET))
    section.end()
    of = "one message: waiting, rendered, frozen, written, settled; CPU of the dispatching thread"
    section.tell("dispatch", min(plain), "us", at_most(MOST_US), of=of, rounds=[round(one) for one in plain])
    section.tell("dispatch_quiet", min(quiet), "us", None, rounds=[round(one) for one in quiet])


def _dispatched(folder: Path, quiet: str) -> float:
    with inside(folder, bridge(destination("sink", QUOTA) + quiet, ROUTES), HOOKS) as wiring:
        # every other event is told
        receive(wiring, [event(number) for number in range(2 * (WARM + MESSAGES))])
        decide_all(wiring)
        sink = Sink(wiring.channels()["sink"].client)
        channels = {"sink": Channel("sink", sink, tuple(sink.budgets()))}
        crew = Crew("bench", list, 1, 60.0)
        dispatcher = Dispatcher(wiring.ledger, wiring.limiter, wiring.bridge.plan, channels, crew)
        _turn(dispatcher, sink, WARM)
        used, before = time.thread_time(), sink.sent
        _turn(dispatcher, sink, WARM + MESSAGES)
        used, sent = time.thread_time() - used, sink.sent - before
        dispatcher.close()
    return used / sent * 1e6


def _turn(dispatcher: Dispatcher, sink: Sink, messages: int) -> None:
    deadline = time.monotonic() + STALL_S
    while sink.sent < messages:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sink.sent} of {messages} messages were sent")
        dispatcher.work()
