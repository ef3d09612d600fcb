"""Business Central at its twin forgets a subscription: polls show it, it is made again, what was missed is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from tests.connectors.sources.business_central import BusinessCentral
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.twins import Ear, hearing, hosting, standing
from tests.served import Host
from tests.worker.stand_ins import rows
from worker.asking import Source
from worker.ledger import subscriptions
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.subscriptions import Standing, job_name
from worker.ledger.tables import inbox, schedule, subscription
from worker.ledger.unannounced import ENOUGH, PATIENCE_S
from worker.limiter import Limiter
from worker.polling import Poller
from worker.reconcile import Reconciler
from worker.subscriptions import Pushing, Subscriber

AGO = timedelta(hours=1)


@dataclass
class Worker:
    """One worker, and the endpoint that it has subscribed."""

    ledger: Ledger
    limiter: Limiter
    client: Client
    kind: str
    ear: Ear
    sources: dict[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sources["erp"] = Source("erp", self.client, (), {})

    def subscribe(self) -> None:
        pushing = {"erp": Pushing(self.ear.address, (self.kind,))}
        assert Subscriber(self.ledger, self.limiter, self.sources, "w", pushing).subscribe("erp").failure == ""

    def poll(self) -> None:
        pulled = Poller(self.ledger, self.limiter, self.sources, "w", lambda: None).pull("erp", self.kind)
        assert pulled.failure == ""

    def compare(self) -> int:
        """Compare as in the night; return how many records were fetched."""
        one = Reconciler(self.ledger, self.limiter, self.sources, "w", lambda: None)
        found = one.nightly("erp", self.kind, datetime.now(UTC), UTC)
        assert found.failure == ""
        return sum(day.fetched for day in found.days)

    def standing(self) -> Standing:
        with self.ledger.read() as connection:
            found = subscriptions.standing(connection, "erp")
        assert found is not None
        return found

    def due(self) -> bool:
        """Whether the subscription is to be proven now."""
        (job,) = [one for one in rows(self.ledger, schedule) if one.name == job_name("erp")]
        return bool(job.due_at <= now())

    def known(self) -> list[str]:
        return [row.record_id for row in rows(self.ledger, inbox)]


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, Host]]:
    with hosting() as hosts:
        yield hosts


@pytest.fixture
def vendor(hosts: dict[str, Host]) -> Iterator[BusinessCentral]:
    with standing(hosts, "business central") as vendor:
        assert isinstance(vendor, BusinessCentral)
        yield vendor


@pytest.fixture
def worker(vendor: BusinessCentral, ledger: Ledger, limiter: Limiter) -> Iterator[Worker]:
    """A worker that has scanned the orders, and subscribed an hour ago."""
    desk = Desk()
    client = vendor.client(desk)
    with hearing(client) as ear:
        worker = Worker(ledger, limiter, client, vendor.kind, ear)
        worker.poll()
        desk.ahead = -AGO
        worker.subscribe()
        desk.ahead = timedelta(0)
        with ledger.write() as connection:
            before = now() - int(AGO.total_seconds()) * MICROSECONDS
            connection.execute(update(subscription).values(renewed_at=before))
        yield worker


def test_a_subscription_that_the_vendor_forgot_is_noticed_and_made_again(
    vendor: BusinessCentral, worker: Worker
) -> None:
    old = datetime.now(UTC) - timedelta(days=1)
    late, *changed = vendor.seed(1 + ENOUGH, old)
    worker.ear.wait(1)
    assert len(vendor.subscriptions()) == 1
    vendor.forget_subscriptions()
    # old enough to have been announced, and young enough for the next poll
    at = datetime.now(UTC) - timedelta(seconds=PATIENCE_S + 20)
    for deal in changed:
        vendor.change(deal, "not announced", stamp=at)
    vendor.change(late, "appears late", stamp=datetime.now(UTC) - AGO / 2)
    assert not worker.due()
    worker.poll()
    assert set(changed) <= set(worker.known())
    assert (worker.standing().missed, worker.due()) == (ENOUGH, True)
    assert late not in worker.known(), "no poll reads back so far"
    worker.subscribe()
    assert len(vendor.subscriptions()) == 1
    stands = worker.standing()
    assert (stands.missed, stands.silent_since is not None) == (0, True)
    assert worker.compare() > 0
    assert late in worker.known()
    heard = len(worker.ear.heard)
    vendor.change(late, "announced again")
    worker.ear.wait(heard + 1)
