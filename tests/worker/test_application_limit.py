"""Destinations of one application share its limits at the twin: the calls a second, the month, a blocked address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.app.allowances import ADDRESS
from connectors.dingtalk.sandbox import create
from pipelines.plan import Merge, Plan
from tests.connectors.dingtalk.sandbox.served import Client, fresh
from tests.contract.case import Secrets, Tokens
from tests.served import Host, served_session, serving
from tests.worker.office import go, rest
from tests.worker.stand_ins import deal, decider, plan_of, route, rows, store
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger.engine import Ledger
from worker.ledger.tables import MessageState, message, month, spent, stopped
from worker.limiter import Limiter
from worker.spending import Spending

GROUPS = {"sales": "cid-sales-hk", "board": "cid-management"}
SEND = "/v1.0/robot/groupMessages/send"
A_SECOND = 20
FACTS = 30


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def twin(host: Host) -> Iterator[Client]:
    with fresh(host) as client:
        yield client


@dataclass
class Desk:
    """A ledger, a limiter and one application with two groups, as a worker has them."""

    ledger: Ledger
    limiter: Limiter
    twin: Client
    application: dict[str, Any] = field(default_factory=dict)

    def tell(self, count: int, first: int = 0) -> None:
        store(self.ledger, *(deal(f"d{n}") for n in range(first, first + count)))
        while decider(self.ledger, self.plan).step():
            continue

    @property
    def plan(self) -> Plan:
        return plan_of(route("deals", *GROUPS, merge=Merge.NEVER))

    @contextmanager
    def worker(self, name: str, *destinations: str) -> Iterator[Dispatcher]:
        app = self.twin.control("")["apps"][0]
        known = {"client_id": app["client_id"], "client_secret": app["client_secret"], "site": self.twin.base}
        spending = Spending()
        services = Services(
            session=served_session,
            tokens=Tokens(),
            now=lambda: datetime.now(UTC),
            observe=spending.observe,
            vault=Secrets(),
            spent=spending.spent,
        )
        channels = {}
        for each, group in GROUPS.items():
            given = {"kind": "group", "application": {**known, **self.application}, "conversation": group}
            client: Any = CONNECTOR.build(each, CONNECTOR.settings.model_validate(given), services)
            channels[each] = Channel(each, client, client.budgets())
        crew = Crew(name, lambda names: [each for each in names if each in destinations], 4, 30.0)
        one = Dispatcher(self.ledger, self.limiter, self.plan, channels, crew, spending)
        try:
            yield one
        finally:
            one.close()

    def arrivals(self) -> list[float]:
        """When each message came to the twin, in seconds."""
        return sorted(row["at"] for row in self.twin.control("received")["received"] if row["path"] == SEND)

    def states(self) -> list[MessageState]:
        return [MessageState(row.state) for row in rows(self.ledger, message)]


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter, twin: Client) -> Desk:
    return Desk(ledger, limiter, twin)


def most_in_a_second(at: list[float]) -> int:
    return max(sum(1 for other in at if first <= other < first + 1.0) for first in at)


def test_two_destinations_in_two_workers_share_the_calls_of_a_second(desk: Desk) -> None:
    desk.tell(FACTS)
    with desk.worker("w1", "sales") as one, desk.worker("w2", "board") as two:

        def done() -> bool:
            two.step()
            return len(desk.states()) == 2 * FACTS and set(desk.states()) == {MessageState.DELIVERED}

        assert go(one, done, 30)
    at = desk.arrivals()
    assert len(at) == 2 * FACTS
    assert A_SECOND / 2 < most_in_a_second(at) <= A_SECOND
    assert [row.used for row in rows(desk.ledger, month)] == [2 * FACTS]
    assert [(row.purpose, row.calls) for row in rows(desk.ledger, spent)] == [("message", 2 * FACTS)]


def test_the_month_that_the_twin_counts_is_the_month_that_the_ledger_counts(desk: Desk) -> None:
    desk.twin.control("settings", {"monthly_calls": 6})
    desk.application = {"calls_a_month": 6}
    desk.tell(5)
    with desk.worker("w1", *GROUPS) as one:
        assert go(one, lambda: desk.states().count(MessageState.DELIVERED) == 6)
        rest(one)
    assert len(desk.arrivals()) == 6
    assert not [row for row in rows(desk.ledger, message) if row.outcome == "throttled"]


def test_the_twins_word_that_the_month_is_used_up_is_believed(desk: Desk) -> None:
    desk.twin.control("settings", {"monthly_calls": 4})
    desk.tell(5)
    with desk.worker("w1", *GROUPS) as one:
        assert go(one, lambda: any(row.outcome == "throttled" for row in rows(desk.ledger, message)))
        rest(one)
        tried = len(desk.arrivals())
        rest(one)
    assert len(desk.arrivals()) == tried
    states = desk.states()
    assert states.count(MessageState.DELIVERED) == 4
    assert set(states) <= {MessageState.DELIVERED, MessageState.DUE}


def test_a_blocked_address_stops_every_destination_and_outlives_redis(
    desk: Desk, limiter: Limiter, client: Any, prefix: str
) -> None:
    desk.tell(1)
    with desk.worker("w1", *GROUPS) as one:
        assert go(one, lambda: desk.states() == [MessageState.DELIVERED] * 2)
        desk.twin.control("throttle", {"seconds": 300, "form": "json"})
        desk.tell(5, first=10)
        assert go(one, lambda: "throttled" in [row.outcome for row in rows(desk.ledger, message)])
        rest(one)
        tried = len(desk.arrivals())
        assert tried < 10
        for key in client.scan_iter(f"{{{prefix}}}*"):
            client.delete(key)
    with desk.worker("w2", *GROUPS) as other:
        rest(other, 1.5)
    assert len(desk.arrivals()) == tried
    (row,) = rows(desk.ledger, stopped)
    assert row.budget == "dingtalk:address"
    assert 200 < limiter.look(ADDRESS).blocked_s <= 300
