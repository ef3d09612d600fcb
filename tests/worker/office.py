"""A ledger with its groups, and workers that dispatch to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.contract import Record
from pipelines.plan import Plan
from tests.worker.stand_ins import Chat, decider, rows, store, within
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger.engine import Ledger
from worker.ledger.tables import MessageState, NoticeState, Step, message, notice, trail
from worker.limiter import Limiter
from worker.spending import Spending


@dataclass
class Office:
    """A ledger with its groups, and workers that dispatch to them."""

    ledger: Ledger
    limiter: Limiter
    plan: Plan
    chats: Sequence[Chat]

    def tell(self, *records: Record) -> None:
        store(self.ledger, *records)
        decider(self.ledger, self.plan).step()

    @contextmanager
    def worker(
        self, name: str = "worker-1", senders: int = 4, lease_s: float = 30.0, spending: Spending | None = None
    ) -> Iterator[Dispatcher]:
        channels = {chat.name: Channel(chat.name, chat, chat.budgets()) for chat in self.chats}
        crew = Crew(name, list, senders, lease_s)
        one = Dispatcher(self.ledger, self.limiter, self.plan, channels, crew, spending)
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


def go(worker: Dispatcher, until: Callable[[], bool], seconds: float = 10) -> bool:
    """Let a worker turn until something is true; tells whether it became so."""

    def turned() -> bool:
        worker.step()
        return until()

    return within(seconds, turned)


def rest(worker: Dispatcher, seconds: float = 0.5) -> None:
    """Let a worker turn for a while."""
    go(worker, lambda: False, seconds)
