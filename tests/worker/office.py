"""A ledger with its groups, and workers that dispatch to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Change, Record, Topic
from pipelines.plan import Plan
from tests.worker.group import PLACE
from tests.worker.stand_ins import Chat, decider, rows, store, within
from worker.asking import Sources
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger import audiences
from worker.ledger.audiences import Ages
from worker.ledger.engine import Ledger
from worker.ledger.tables import MessageState, NoticeState, Step, message, notice, trail
from worker.limiter import Limiter
from worker.spending import Spending

AGES = Ages()


@dataclass
class Office:
    """A ledger with its groups, and workers that dispatch to them."""

    ledger: Ledger
    limiter: Limiter
    plan: Plan
    chats: Sequence[Chat]
    sources: Sources = field(default_factory=dict)

    def tell(self, *records: Record) -> None:
        store(self.ledger, *records)
        decider(self.ledger, self.plan).step()

    @contextmanager
    def worker(
        self,
        name: str = "worker-1",
        senders: int = 4,
        lease_s: float = 30.0,
        spending: Spending | None = None,
        ages: Ages = AGES,
    ) -> Iterator[Dispatcher]:
        channels = {chat.name: Channel(chat.name, chat, chat.budgets()) for chat in self.chats}
        crew = Crew(name, list, senders, lease_s, ages)
        one = Dispatcher(self.ledger, self.limiter, self.plan, channels, crew, spending)
        if self.sources:
            one.follow(self.plan, channels, None, self.sources)
        try:
            yield one
        finally:
            for chat in self.chats:
                if chat.gate is not None:
                    chat.gate.set()
            one.close()

    def messages(self) -> list[MessageState]:
        return [MessageState(row.state) for row in rows(self.ledger, message)]

    def notices(self) -> list[NoticeState]:
        return [NoticeState(row.state) for row in rows(self.ledger, notice)]

    def attempts(self) -> list[str]:
        return [row.reason for row in rows(self.ledger, trail) if row.step == Step.ATTEMPT]


def news(office: Office, topic: Topic, **more: Any) -> None:
    """Let the channel tell that the group is not as it was."""
    change = Change("e-1", topic, "event", datetime.now(UTC), group=PLACE, **more)
    with office.ledger.write() as connection:
        audiences.invalidate(office.ledger, connection, change)


def go(worker: Dispatcher, until: Callable[[], bool], seconds: float = 10) -> bool:
    """Let a worker turn until something is true; tells whether it became so."""

    def turned() -> bool:
        worker.step()
        return until()

    return within(seconds, turned)


def rest(worker: Dispatcher, seconds: float = 0.5) -> None:
    """Let a worker turn for a while."""
    go(worker, lambda: False, seconds)
