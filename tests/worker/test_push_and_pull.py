"""One kind by push, by hint and by pull, through two workers: never an older state after a newer one, none twice."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select

from connectors.contract import Choice, Hint, Page, Record
from tests.worker.office import Office
from tests.worker.stand_ins import MORNING, SEALER, Chat, deal, decider, plan_of, rows, within
from worker.asking import Source
from worker.hints import HintReader
from worker.ledger import arrivals, hints
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import InboxState, NoticeState, hint, inbox, notice
from worker.limiter import Limiter
from worker.polling import Poller
from worker.writer import Entry, Writer

STATES = ("v1", "v2", "v3")
EVENTS = tuple((way, state) for way in ("push", "pull") for state in STATES)
ORDERS = tuple(permutations(EVENTS))


def state_of(number: int, state: str) -> Record:
    """Return a state of a deal as a pull shows it: the first two changed within one minute, seconds apart."""
    stamp = MORNING + timedelta(seconds=int(state[1:]))
    return deal(f"d{number}", state, stamp=stamp, version=f"{stamp:%H:%M:%S}")


def pushed(record: Record, number: int) -> Record:
    """Return the same state as a push tells it: the same, or under the event's own version, or with fewer fields."""
    if number % 3 == 1:
        return replace(record, version=f"event {record.version}")
    if number % 3 == 2:
        return replace(record, fields={name: value for name, value in record.fields.items() if name == "Stage"})
    return record


@dataclass
class Crm:
    """A source that shows what it is told to: pages, and records by id."""

    pages: list[tuple[Record, ...]] = field(default_factory=list)
    shown: dict[str, Record] = field(default_factory=dict)

    def pull(self, _kind: str, cursor: str | None) -> Page:
        at = int(cursor or 0)
        return Page(sum(self.pages[at:], ()), str(len(self.pages)), more=False)

    def read(self, _kind: str, ids: Sequence[str]) -> Sequence[Record]:
        return [self.shown[id_] for id_ in ids if id_ in self.shown]


@dataclass
class Company:
    """A source, two relays and two workers over one ledger."""

    ledgers: Sequence[Ledger]
    limiter: Limiter
    crm: Crm
    chat: Chat
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.writers = [Writer(ledger, lambda: None, limit=100_000) for ledger in self.ledgers]
        source = {"crm": Source("crm", self.crm, (), {})}
        self.pollers = [Poller(one, self.limiter, source, f"w{n}", lambda: None) for n, one in enumerate(self.ledgers)]
        self.readers = [
            HintReader(one, self.limiter, source, f"w{n}", lambda: None) for n, one in enumerate(self.ledgers)
        ]
        # what the first scan finds is told to nobody
        assert self.pollers[0].pull("crm", "Deal").failure == ""

    def push(self, relay: int, *records: Record, announced: Sequence[Hint] = ()) -> None:
        given = [arrivals.row(one, received_at=now(), pushed=True, baseline=False, sealer=SEALER) for one in records]
        found = [hints.row("crm", one, now()) for one in announced]
        assert self.writers[relay].put(Entry(given, lambda error: self.errors.append(error) if error else None, found))

    errors: list[Exception] = field(default_factory=list)

    def pull(self, worker: int, *records: Record) -> None:
        self.crm.pages.append(records)
        self.pollers[worker].pull("crm", "Deal")

    @contextmanager
    def working(self) -> Iterator[None]:
        """Decide and dispatch in two workers, until all is told."""
        threads = [threading.Thread(target=self._work, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
            for writer in self.writers:
                writer.close()
            assert within(60, self._at_rest)
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join(20)
        assert self.errors == []

    def _work(self, number: int) -> None:
        ledger = self.ledgers[number]
        plan = plan_of()
        decide = decider(ledger, plan, batch=37)
        with Office(ledger, self.limiter, plan, [self.chat]).worker(f"w{number}") as dispatcher:
            while not self.stopped.is_set():
                try:
                    self.readers[number].read("crm", "Deal")
                    decide.step()
                    dispatcher.step()
                except Exception as error:  # noqa: BLE001 - a thread's fault must be the test's
                    self.errors.append(error)
                    return

    def _at_rest(self) -> bool:
        with self.ledgers[0].read() as connection:
            open_ = notice.c.state.in_([NoticeState.WAITING, NoticeState.FRAMED])
            waiting = [
                connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
                for table, which in (
                    (inbox, inbox.c.state == InboxState.NEW),
                    (notice, open_),
                    (hint, hint.c.stamp >= 0),
                )
            ]
        return bool(self.errors) or not any(waiting)

    def told(self) -> Mapping[str, list[str]]:
        """Return the states that were shown of each record, in the order in which they were."""
        found = defaultdict(list)
        for facts in self.chat.told:
            for fact in facts:
                number, state = fact.split()
                found[number].append(state)
        return found


@pytest.fixture
def company(ledger: Ledger, ledger_url: str, limiter: Limiter, chat: Chat) -> Iterator[Company]:
    with ExitStack() as stack:
        other = Ledger(ledger_url, SEALER)
        stack.callback(other.close)
        yield Company((ledger, other), limiter, Crm(), chat)


def test_in_whatever_order_states_come_by_push_and_pull_none_is_shown_late_or_twice(company: Company) -> None:
    assert len(ORDERS) == 720
    with company.working():
        for turn in range(len(EVENTS)):
            pulled: list[Record] = []
            for number, order in enumerate(ORDERS):
                way, state = order[turn]
                record = state_of(number, state)
                if way == "push":
                    company.push(number % 2, pushed(record, number))
                else:
                    pulled.append(record)
            company.pull(turn % 2, *pulled)
    told = company.told()
    assert len(told) == len(ORDERS)
    wrong = {name: states for name, states in told.items() if states != sorted(set(states)) or states[-1] != "v3"}
    assert wrong == {}


def test_pushes_that_come_late_hints_and_polls_together_end_with_what_the_source_shows(company: Company) -> None:
    chance = random.Random(7)
    numbers = range(40)
    with company.working():
        for step in range(1, 31):
            changed = [number for number in numbers if chance.random() < 0.5] if step < 30 else list(numbers)
            for number in changed:
                record = state_of(number, f"v{step:02}")
                company.crm.shown[record.id] = record
                late = state_of(number, f"v{chance.randint(1, step):02}")
                # a push may tell an old state, and a hint come before what it announces can be read
                ahead = MORNING + timedelta(seconds=min(30, step + chance.randint(0, 2)))
                company.push(
                    number % 2, pushed(late, number), announced=[Hint("Deal", record.id, min(ahead, record.stamp))]
                )
            if chance.random() < 0.3:
                company.pull(step % 2, *(company.crm.shown.values()))
    told = company.told()
    wrong = {name: states for name, states in told.items() if states != sorted(set(states)) or states[-1] != "v30"}
    assert wrong == {}
    assert len(told) == len(numbers)


def test_a_state_that_came_by_each_way_is_stored_once_where_they_tell_the_same(company: Company) -> None:
    record = state_of(0, "v1")
    company.crm.shown[record.id] = record
    with company.working():
        company.push(0, record, announced=[Hint("Deal", record.id, record.stamp)])
        company.push(1, record)
        company.pull(0, record)
        company.pull(1, record)
    assert company.told() == {"SO-d0": ["v1"]}
    assert [(row.record_id, row.version) for row in rows(company.ledgers[0], inbox)] == [(record.id, record.version)]
    assert record.fields["Stage"] == Choice("v1", "v1")
