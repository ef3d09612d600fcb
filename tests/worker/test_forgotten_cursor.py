"""Dataverse at its twin forgets a delta link: what changed and what was deleted meanwhile is told, none of it twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.connectors.sources.dataverse import Dataverse
from tests.connectors.sources.desk import Desk
from tests.connectors.sources.twins import hosting, standing
from tests.served import Host
from tests.worker.office import Office
from tests.worker.stand_ins import Chat, decider, plan_of, rows
from tests.worker.test_crm_push_and_pull import Deals
from worker.asking import Source
from worker.hints import HintReader
from worker.ledger.engine import Ledger
from worker.ledger.tables import hint, listed
from worker.limiter import Limiter
from worker.polling import Poller


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, Host]]:
    with hosting() as hosts:
        yield hosts


@pytest.fixture
def vendor(hosts: dict[str, Host]) -> Iterator[Dataverse]:
    with standing(hosts, "dataverse by changes") as vendor:
        assert isinstance(vendor, Dataverse)
        yield vendor


@dataclass
class Worker:
    """One worker on one ledger, asked for one thing after the other."""

    ledger: Ledger
    limiter: Limiter
    crm: Deals
    chat: Chat

    def __post_init__(self) -> None:
        self.sources = {"crm": Source("crm", self.crm, (), {})}
        self.after_page: list[list[str]] = []

    def poll(self) -> None:
        """Poll a round, and tell after each page what is known by then."""
        self.after_page.clear()
        poller = Poller(self.ledger, self.limiter, self.sources, "w", lambda: None)
        pulled = poller.pull("crm", "Deal", lambda _: self.after_page.append(self.tell()))
        assert pulled.failure == ""

    def heed(self) -> None:
        """Read what was announced."""
        assert HintReader(self.ledger, self.limiter, self.sources, "w", lambda: None).read("crm", "Deal").failure == ""

    def tell(self) -> list[str]:
        """Decide and dispatch; return all facts that were told so far."""
        plan = plan_of()
        decide = decider(self.ledger, plan)
        with Office(self.ledger, self.limiter, plan, [self.chat]).worker("w") as dispatcher:
            while decide.step() or dispatcher.step():
                pass
        return [fact.removeprefix("SO-") for facts in self.chat.told for fact in facts]


@pytest.fixture
def worker(vendor: Dataverse, ledger: Ledger, limiter: Limiter, chat: Chat) -> Worker:
    """A worker that has scanned the table, and told nothing of it."""
    worker = Worker(ledger, limiter, Deals(vendor, vendor.client(Desk())), chat)
    worker.poll()
    assert worker.tell() == []
    return worker


def test_changes_in_the_gap_are_told_at_once_and_deletions_after_the_list(vendor: Dataverse, worker: Worker) -> None:
    kept, gone, quiet = vendor.deals
    vendor.change(kept, "in-the-gap")
    vendor.drop(gone)
    vendor.expire_cursors("")
    worker.poll()
    assert len(worker.after_page) > 2
    assert worker.after_page[0] == [f"{kept} in-the-gap"], "the list of ids has not yet begun"
    assert worker.tell() == [f"{kept} in-the-gap"]
    assert [row.record_id for row in rows(worker.ledger, hint)] == [gone]
    worker.heed()
    told = worker.tell()
    assert told[0] == f"{kept} in-the-gap"
    assert [fact.split()[0] for fact in told[1:]] == [gone]
    for _ in range(2):
        worker.poll()
        worker.heed()
        assert worker.tell() == told
    assert (rows(worker.ledger, hint), rows(worker.ledger, listed)) == ([], [])
    vendor.change(quiet, "after-the-gap")
    worker.poll()
    assert worker.tell() == [*told, f"{quiet} after-the-gap"]
