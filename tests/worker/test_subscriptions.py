"""Subscriptions: made, proven, renewed, tried again; what was missed meanwhile is fetched."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from config.compile import Bridge, SourceConfig
from config.schedule import interval
from connectors.contract import (
    Hint,
    Misconfigured,
    Page,
    Pulls,
    Reads,
    Receives,
    Record,
    Retryable,
    Subscribes,
    Subscription,
)
from connectors.generic import CONNECTOR
from tests.worker.stand_ins import MORNING, SEALER, deal, decider, plan_of, rows
from tests.worker.test_watch import KEPT, SETTINGS, kinds
from worker.asking import Source
from worker.hints import job_name as hints_of
from worker.jobs import jobs
from worker.ledger import cursors, hints, standing, subscriptions
from worker.ledger.audiences import Ages
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.seal import Sealer
from worker.ledger.subscriptions import Standing, job_name
from worker.ledger.tables import inbox, schedule, subscription
from worker.limiter import Limiter
from worker.members import Members
from worker.operators.status import status
from worker.polling import Poller
from worker.reconcile import Reconciler
from worker.scheduler import Scheduler
from worker.subscriptions import BUSY, NO_ADDRESS, NOT_SUBSCRIBED, Pushing, Renewed, Subscriber, address

ADDRESS = address("https://bridge.example", "crm")
JOB = job_name("crm")


@dataclass
class Crm:
    """A source that is subscribed to, polled and compared: what it holds, and what it answers, else a day's renewal."""

    records: list[Record] = field(default_factory=list)
    answers: deque[Subscription | Exception] = field(default_factory=deque)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    gate: threading.Event | None = None

    def subscribe(self, address: str, state: str | None) -> Subscription:
        self.asked.append((address, state))
        if self.gate is not None:
            assert self.gate.wait(20)
        answer = self.answers.popleft() if self.answers else lasting(f"channel {len(self.asked)}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pull(self, _kind: str, cursor: str | None) -> Page:
        at = int(cursor or 0)
        return Page(tuple(self.records[at:]), str(len(self.records)), more=False)

    def read(self, _kind: str, ids: Sequence[str]) -> Sequence[Record]:
        return [record for record in self.records if record.id in ids]

    def versions(self, _kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        return ((r.id, r.version) for r in self.records if since <= r.stamp < until)


def lasting(state: str, silent_since: datetime | None = None, **span: float) -> Subscription:
    return Subscription(state, datetime.now(UTC) + timedelta(**(span or {"days": 1})), silent_since)


@dataclass
class Desk:
    ledger: Ledger
    limiter: Limiter
    crm: Crm

    def subscriber(self, name: str = "worker-1", to: str = ADDRESS) -> Subscriber:
        sources = {"crm": Source("crm", self.crm, (), {})}
        return Subscriber(self.ledger, self.limiter, sources, name, {"crm": Pushing(to, ("Deal",))})

    def subscribe(self) -> Renewed:
        return self.subscriber().subscribe("crm")

    def standing(self) -> Standing:
        with self.ledger.read() as connection:
            found = subscriptions.standing(connection, "crm")
        assert found is not None
        return found

    def due_in_s(self, name: str = JOB) -> float:
        (row,) = [one for one in rows(self.ledger, schedule) if one.name == name]
        return float(row.due_at - now()) / MICROSECONDS

    def silent(self) -> list[tuple[str, str, int]]:
        with self.ledger.read() as connection:
            return standing.silent(connection)


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter, crm: Crm) -> Desk:
    return Desk(ledger, limiter, crm)


def test_it_is_made_and_then_renewed_with_what_the_connector_kept(desk: Desk, crm: Crm) -> None:
    assert desk.subscribe().failure == ""
    assert desk.subscribe().failure == ""
    assert crm.asked == [(ADDRESS, None), (ADDRESS, "channel 1")]
    stands = desk.standing()
    assert (stands.attempts, stands.failure) == (0, "")
    assert abs((stands.renewed_at or 0) - now()) < MICROSECONDS
    # the next turn is when the connector says
    assert 86_300 < desk.due_in_s() <= 86_400


def test_what_the_connector_keeps_is_sealed(desk: Desk) -> None:
    desk.subscribe()
    (row,) = rows(desk.ledger, subscription)
    assert b"channel" not in row.content
    other = replace(desk, ledger=desk.ledger)
    sealer, desk.ledger.sealer = desk.ledger.sealer, Sealer(b"o" * 32)
    assert "master key" in other.subscribe().failure
    desk.ledger.sealer = sealer
    assert desk.subscribe().failure == ""


def test_a_failure_is_kept_and_tried_again_later_each_time(desk: Desk, crm: Crm) -> None:
    desk.subscribe()
    renewed_at = desk.standing().renewed_at
    waits = []
    for _ in range(9):
        crm.answers.append(Retryable("The source has a fault."))
        assert desk.subscribe().failure == "The source has a fault."
        waits.append(round(desk.due_in_s()))
    assert waits[:3] == [15, 30, 60]
    assert waits[-1] == 900
    stands = desk.standing()
    assert (stands.attempts, stands.failure, stands.renewed_at) == (9, "The source has a fault.", renewed_at)
    crm.answers.append(Retryable("Not now.", after=timedelta(hours=1)))
    desk.subscribe()
    assert 3590 < desk.due_in_s() <= 3600
    # what the connector kept has survived the failures
    assert crm.asked[-1] == (ADDRESS, "channel 1")
    desk.subscribe()
    assert (desk.standing().attempts, desk.standing().failure) == (0, "")


def test_a_connector_that_asks_to_be_called_at_once_is_not_called_in_a_loop(desk: Desk, crm: Crm) -> None:
    crm.answers.append(lasting("short", hours=-1))
    desk.subscribe()
    assert desk.due_in_s() > 25


def test_without_an_address_nothing_is_subscribed(desk: Desk, crm: Crm) -> None:
    assert address(None, "crm") == ""
    assert desk.subscriber(to="").subscribe("crm").failure == NO_ADDRESS
    assert crm.asked == []
    assert desk.standing().renewed_at is None
    assert desk.subscriber().subscribe("shop").failure == NOT_SUBSCRIBED


def test_one_worker_subscribes_at_a_time(desk: Desk, crm: Crm) -> None:
    crm.gate = threading.Event()
    slow = threading.Thread(target=desk.subscribe)
    slow.start()
    while not crm.asked:
        slow.join(0.01)
    assert desk.subscriber("worker-2").subscribe("crm").failure == BUSY
    crm.gate.set()
    slow.join(10)
    assert len(crm.asked) == 1


def test_who_was_overtaken_stores_nothing(desk: Desk, crm: Crm) -> None:
    crm.gate = threading.Event()
    slow = threading.Thread(target=desk.subscribe)
    slow.start()
    while not crm.asked:
        slow.join(0.01)
    with desk.ledger.write() as connection:
        connection.execute(update(schedule).values(owner="worker-2 1", lease_until=now() + 10**8))
    crm.gate.set()
    slow.join(10)
    assert rows(desk.ledger, subscription) == []
    assert rows(desk.ledger, schedule)[0].owner == "worker-2 1"


class Killed(BaseException):
    """What a signal does to a thread."""


def test_a_worker_that_dies_after_the_call_leads_to_the_same_call_again(
    desk: Desk, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Subscriber, "_store", killed)
        with pytest.raises(Killed):
            desk.subscribe()
    assert rows(desk.ledger, subscription) == []
    assert desk.subscribe().failure == ""
    assert crm.asked == [(ADDRESS, None)] * 2


def poll(desk: Desk) -> None:
    source = Source("crm", desk.crm, (), {})
    assert Poller(desk.ledger, desk.limiter, {"crm": source}, "w", lambda: None).pull("crm", "Deal").failure == ""


def test_what_was_missed_while_it_was_silent_is_fetched(desk: Desk, crm: Crm) -> None:
    crm.records.append(deal("d1"))
    poll(desk)
    # it came while nothing was pushed, and behind the poll's back
    crm.records.insert(0, deal("d0", minute=5))
    with desk.ledger.write() as connection:
        for name in ("poll crm Deal", "reconcile crm Deal"):
            cursors.plan_job(desk.ledger, connection, name)
        connection.execute(update(schedule).values(due_at=now() + 10**10))
    crm.answers.append(lasting("channel 2", MORNING))
    desk.subscribe()
    since = int(MORNING.timestamp()) * MICROSECONDS
    assert desk.silent() == [("crm", "Deal", since)]
    assert (desk.standing().silent_since, desk.due_in_s("poll crm Deal") <= 0) == (since, True)
    assert desk.due_in_s("reconcile crm Deal") <= 0
    # a renewal that finds no silence takes nothing back, and a later silence does not shorten the first
    desk.subscribe()
    crm.answers.append(lasting("channel 3", MORNING + timedelta(hours=1)))
    desk.subscribe()
    assert desk.silent() == [("crm", "Deal", since)]
    source = Source("crm", crm, (), {})
    one = Reconciler(desk.ledger, desk.limiter, {"crm": source}, "w", lambda: None)
    found = one.nightly("crm", "Deal", datetime.now(UTC), UTC)
    assert (found.failure, sum(day.fetched for day in found.days)) == ("", 1)
    assert desk.silent() == []
    assert [row.record_id for row in rows(desk.ledger, inbox)] == ["d1", "d0"]
    decider(desk.ledger, plan_of()).step()


def test_a_silence_is_not_forgotten_until_it_was_compared(desk: Desk, crm: Crm) -> None:
    crm.answers.append(lasting("channel 1", MORNING))
    desk.subscribe()
    one = Reconciler(desk.ledger, desk.limiter, {"crm": Source("crm", crm, (), {})}, "w", lambda: None)
    # the first scan has not ended
    assert one.nightly("crm", "Deal", datetime.now(UTC), UTC).failure
    ((_, _, since),) = desk.silent()
    with desk.ledger.write() as connection:
        cursors.caught_up(connection, "crm", "Deal", since + 1)
    assert len(desk.silent()) == 1, "an earlier silence came meanwhile"


def bridge(*, compared: bool = True, push: bool = True) -> Bridge:
    connector = replace(CONNECTOR, fulfils=frozenset({Receives, Reads, Pulls, Subscribes}))
    hourly = interval(timedelta(hours=1))
    source = SourceConfig(
        "crm", connector, SETTINGS, {"Deal": hourly}, hourly if compared else None, ("Deal",), None, push
    )
    return Bridge(plan_of(), {"crm": source}, {}, KEPT)


def test_operators_are_told_that_a_source_does_not_push(desk: Desk, crm: Crm, ledger: Ledger, members: Members) -> None:
    crm.answers.append(Misconfigured("Grant the user the notifications."))
    desk.subscribe()
    expected = "crm cannot be subscribed to: Grant the user the notifications."
    assert kinds(ledger, members, bridge()) == {"subscription crm": expected}
    (source,) = status(ledger, bridge(), ["w1"]).sources
    assert source.subscription == desk.standing()
    assert kinds(ledger, members, bridge(push=False)) == {}
    desk.subscribe()
    assert kinds(ledger, members, bridge()) == {}


def test_operators_are_told_of_a_silence_until_it_was_compared(
    desk: Desk, crm: Crm, ledger: Ledger, members: Members
) -> None:
    crm.answers.append(lasting("channel 1", MORNING))
    desk.subscribe()
    assert "what is missing is not fetched yet" in kinds(ledger, members, bridge())["missed crm Deal"]
    with ledger.write() as connection:
        cursors.caught_up(connection, "crm", "Deal", 0)
    assert kinds(ledger, members, bridge()) == {}
    # where nothing can be compared somebody has to look, and is told for a day
    assert "look through it yourself" in kinds(ledger, members, bridge(compared=False))["missed crm"]
    with ledger.write() as connection:
        connection.execute(update(subscription).values(silent_until=now() - 25 * 3600 * MICROSECONDS))
    assert kinds(ledger, members, bridge(compared=False)) == {}


@dataclass
class Handed:
    """Takes what the scheduler hands out."""

    tasks: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, _kind: str) -> None:
        """Wake nobody."""

    def publish(self, kind: str, _queue: str, _expires_s: float, *arguments: str) -> bool:
        self.tasks.append((kind, *arguments))
        return True


def test_a_scheduler_starts_it_when_it_begins_and_when_it_is_due(desk: Desk) -> None:
    handed: Any = Handed()
    of = {name: job for name, job in jobs(bridge(), handed, Ages()).items() if name == JOB}

    def begin() -> Scheduler:
        one = Scheduler(desk.ledger, handed, of, 1.0)
        one._plan()
        one.tick()
        return one

    first = begin()
    assert handed.tasks == [("subscribe", "crm")]
    desk.subscribe()
    first.tick()
    assert len(handed.tasks) == 1
    begin()
    assert len(handed.tasks) == 2
    desk.subscribe()
    with desk.ledger.write() as connection:
        connection.execute(update(schedule).values(due_at=now()))
    first.tick()
    assert len(handed.tasks) == 3


def test_a_scheduler_has_hints_read_only_while_there_are_any(desk: Desk, ledger_url: str) -> None:

    handed: Any = Handed()
    of = {
        name: job for name, job in jobs(bridge(push=False), handed, Ages()).items() if name == hints_of("crm", "Deal")
    }
    schedulers = [Scheduler(ledger, handed, of, 1.0) for ledger in (desk.ledger, Ledger(ledger_url, SEALER))]
    for one in schedulers:
        one._plan()
        one.tick()
    assert handed.tasks == []
    with desk.ledger.write() as connection:
        hints.put(desk.ledger, connection, [hints.row("crm", Hint("Deal", "d1"), now())])
    for one in schedulers:
        one.tick()
    assert handed.tasks == [("hints", "crm", "Deal")]
    schedulers[1]._ledger.close()
