"""A replay beside approvals, with a destination that never answers: how long approvals take before and meanwhile."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, update

from connectors.contract import Window
from pipelines.case import program
from pipelines.plan import Lane, Merge, Plan
from tests.worker.office import Office
from tests.worker.stand_ins import Chat, deal, decider, plan_of, route, store, within
from worker.dispatch import Dispatcher
from worker.ledger.engine import Ledger
from worker.ledger.tables import NoticeState, notice
from worker.limiter import Limiter
from worker.repair import MappedBy, Replay, Today, Which, choose, replay

WINDOW_S = 3.0
"""A robot's minute, made short: what lasts a window here lasts a minute there."""

QUOTA = (Window(20, WINDOW_S),)
EVERY_S = 0.6 * WINDOW_S
"""Between two approvals: within what the lane owns of the quota."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from an approval's arrival to its chat: before, while the replay is written, and while it all waits.

    `writing_s` is how long the replay took to be written; `bulk_left` is what still waits at the end.
    """

    facts: int
    before_p95_s: float
    writing_p95_s: float
    waiting_p95_s: float
    writing_s: float
    bulk_sent: int
    bulk_left: int

    @property
    def delay_s(self) -> float:
        """By how much the replay moved the p95, at worst."""
        return max(self.writing_p95_s, self.waiting_p95_s) - self.before_p95_s


def plan() -> Plan:
    bulk = route("orders", "sales", "deaf", when='stage != "Approve"', merge=Merge.NEVER)
    return plan_of(bulk, route("approvals", "sales", when='stage == "Approve"', lane=Lane.APPROVAL))


def measure(ledger: Ledger, limiter: Limiter, facts: int, samples: int) -> Figures:
    """Tell approvals, then the same while `facts` facts that were given up are told again to two groups."""
    sales, deaf = Chat("sales", windows=QUOTA), Chat("deaf", windows=QUOTA, gate=threading.Event())
    office = Office(ledger, limiter, plan(), [sales, deaf])
    _give_up(office, facts // 2)
    with office.worker(senders=8) as worker, _turning(worker):
        before = [_approval(office, sales, f"before-{n}") for n in range(samples)]
        sent = len(sales.bodies)
        written: list[float] = []
        writer = threading.Thread(target=lambda: written.append(_replay(office, facts)))
        writer.start()
        assert within(30, lambda: bool(deaf.bodies) and len(sales.bodies) > sent), "the replay has begun"
        writing = [_approval(office, sales, f"writing-{n}") for n in range(samples)]
        writer.join()
        waiting = [_approval(office, sales, f"waiting-{n}") for n in range(samples)]
        left = _waiting(ledger)
    return Figures(
        facts=facts,
        before_p95_s=_p95(before),
        writing_p95_s=_p95(writing),
        waiting_p95_s=_p95(waiting),
        writing_s=written[0],
        bulk_sent=len(sales.bodies) - sent - 2 * samples,
        bulk_left=left,
    )


def _give_up(office: Office, records: int) -> None:
    for start in range(0, records, 1000):
        store(office.ledger, *(deal(f"r{n}") for n in range(start, min(start + 1000, records))))
    one = decider(office.ledger, office.plan, batch=500)
    while one.step():
        pass
    with office.ledger.write() as connection:
        connection.execute(update(notice).values(state=int(NoticeState.DEAD)))


def _replay(office: Office, facts: int) -> float:
    began = time.monotonic()
    today = Today(office.plan, 1, program(office.plan), MappedBy.THEN, datetime.now(UTC))
    with office.ledger.read() as connection:
        chosen = choose(connection, Which(source="crm"))
    became = [one.became for one in replay(office.ledger, chosen, today)]
    assert became == [Replay.WAITS] * facts
    return time.monotonic() - began


def _approval(office: Office, chat: Chat, name: str) -> float:
    began = time.monotonic()
    office.tell(deal(name, "Approve"))
    wanted = f"SO-{name} ".encode()
    assert within(60, lambda: any(wanted in body for body in chat.bodies[-200:])), f"{name} was not told"
    took = time.monotonic() - began
    time.sleep(max(0.0, EVERY_S - took))
    return took


@contextmanager
def _turning(worker: Dispatcher) -> Iterator[None]:
    ending = threading.Event()

    def turn() -> None:
        while not ending.is_set():
            worker.work()
            worker.woken.wait(min(0.02, worker.idle_s()))

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(60)


def _waiting(ledger: Ledger) -> int:
    with ledger.read() as connection:
        query = select(func.count()).select_from(notice).where(notice.c.state == NoticeState.WAITING)
        return connection.execute(query).scalar_one()


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
