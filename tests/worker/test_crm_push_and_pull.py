"""Both CRMs at their twins: what they push and what is polled, in any order through two workers, none shown late."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Choice, Page, RawRequest, Record, Unread
from tests.connectors.sources.desk import Client, Desk
from tests.connectors.sources.twins import CRMS, hearing, hosting, standing
from tests.connectors.sources.vendor import Vendor
from tests.contract.common import whole
from tests.served import Host
from tests.worker.stand_ins import SEALER, Chat
from tests.worker.test_push_and_pull import Company
from worker.ledger.engine import Ledger
from worker.limiter import Limiter

STEPS = 12


@dataclass
class Deals:
    """A CRM's records as the deals that the plan of these tests knows: stamps and versions are the vendor's own."""

    vendor: Vendor
    client: Client

    def pull(self, _kind: str, cursor: str | None) -> Page:
        page = self.client.pull(self.vendor.kind, cursor)
        return replace(page, records=tuple(map(self.deal, page.records)))

    def read(self, _kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        return [self.deal(each) for each in whole(self.client.read(self.vendor.kind, ids))]

    def deal(self, record: Record) -> Record:
        stage = str(record.fields.get(self.vendor.text))
        fields = {} if record.deleted else {"Stage": Choice(stage, stage)}
        return replace(record, kind="Deal", number=f"SO-{record.id}", fields=fields)


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, Host]]:
    with hosting() as hosts:
        yield hosts


@pytest.fixture(params=CRMS)
def vendor(request: pytest.FixtureRequest, hosts: dict[str, Host]) -> Iterator[Vendor]:
    with standing(hosts, str(request.param)) as vendor:
        yield vendor


@pytest.fixture
def company(vendor: Vendor, ledger: Ledger, ledger_url: str, limiter: Limiter, chat: Chat) -> Iterator[Company]:
    with ExitStack() as stack:
        other = Ledger(ledger_url, SEALER)
        stack.callback(other.close)
        crm = Deals(vendor, vendor.client(Desk()))
        yield Company((ledger, other), limiter, crm, chat)  # type: ignore[arg-type]  # it is asked the same


def test_versions_that_come_in_any_order_are_never_shown_late_or_twice(vendor: Vendor, company: Company) -> None:
    chance, began = random.Random(11), datetime.now(UTC)
    deals, client = vendor.deals[:3], vendor.client(Desk())
    with hearing(client) as ear, company.working():
        vendor.listen(client, ear.address)
        for step in range(1, STEPS + 1):
            for deal in deals:
                vendor.change(deal, f"v{step:02}", stamp=began + timedelta(seconds=step))
            _announce(company, client, chance.sample(ear.heard, k=len(ear.heard) // 2), chance)
            if chance.random() < 0.6:
                company.pollers[step % 2].pull("crm", "Deal")
        heard = ear.wait(STEPS * len(deals))
        _announce(company, client, chance.sample(heard, k=len(heard)), chance)
    told = company.told()
    assert {name.removeprefix("SO-") for name in told} == set(deals)
    wrong = {name: seen for name, seen in told.items() if seen != sorted(set(seen)) or seen[-1] != f"v{STEPS}"}
    assert wrong == {}
    assert max(map(len, told.values())) > 1, "not only the last state was seen"


def _announce(company: Company, client: Client, requests: Sequence[RawRequest], chance: random.Random) -> None:
    """Let pushes arrive in this order, each at either relay."""
    for request in requests:
        hints = [replace(hint, kind="Deal") for hint in client.receive(request).hints]
        assert len(hints) == 1
        company.push(chance.randrange(2), announced=hints)
