"""A month's allowance is kept by everything that sends, and what waits for it is neither lost nor an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

import worker.calling
import worker.dispatch
import worker.greet
import worker.ledger.engine
import worker.senders
import worker.spending
from connectors.contract import Budget, Delivery, Month, Outcome, Purpose
from pipelines.plan import Lane, Merge
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat, deal, plan_of, route, rows
from worker.channels import Channel
from worker.dispatch import Dispatcher
from worker.greet import greet_within
from worker.ledger import heard, months, standing
from worker.ledger.arrivals import micros
from worker.ledger.configurations import Mark
from worker.ledger.engine import Ledger
from worker.ledger.standing import Wait
from worker.ledger.tables import MessageState, NoticeState, month, spent
from worker.limiter import Limiter
from worker.live import trial
from worker.spending import AtOnce, Spending

ZONE = "Asia/Shanghai"
LIMIT = 5
NOVEMBER = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
"""When it begins in China."""


def allowance(limit: int = LIMIT) -> Budget:
    return Budget("company:calls", month=Month(limit, ZONE))


@dataclass
class Application(Chat):
    """A group whose client tells of its calls as a connector does: what was throttled was not counted."""

    spending: Spending = field(default_factory=Spending)
    at_once: AtOnce | None = None
    shared: tuple[Budget, ...] = (allowance(),)

    def send(self, frozen: bytes) -> Delivery:
        delivery = super().send(frozen)
        month = self.shared[-1]
        if delivery.outcome is not Outcome.THROTTLED:
            (self.at_once or self.spending).spent(month, Purpose.MESSAGE)
        elif delivery.scope == month.key and month.month:
            self.spending.observe(month.key, month.month.limit, month.month.limit)
        return delivery


class Clock:
    """The time of host and database."""

    def __init__(self) -> None:
        self.time = NOVEMBER

    def __call__(self) -> int:
        return micros(self.time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (
        worker.ledger.engine,
        worker.dispatch,
        worker.senders,
        worker.spending,
        worker.greet,
        worker.calling,
    ):
        monkeypatch.setattr(module, "now", clock)
    monkeypatch.setattr(Ledger, "now", lambda *_: clock())
    return clock


@pytest.fixture
def group() -> Application:
    return Application()


@pytest.fixture
def office(ledger: Ledger, limiter: Limiter, group: Application, clock: Clock) -> Office:
    assert clock.time == NOVEMBER
    return Office(ledger, limiter, plan_of(route("deals", merge=Merge.NEVER)), [group])


@pytest.fixture
def one(office: Office, group: Application) -> Iterator[Dispatcher]:
    with office.worker(spending=group.spending) as dispatcher:
        yield dispatcher


def used(ledger: Ledger) -> dict[str, int]:
    return {row.month: row.used for row in rows(ledger, month)}


def test_a_month_that_is_used_up_waits_and_goes_on_with_the_next(
    office: Office, group: Application, clock: Clock
) -> None:
    office.tell(*(deal(f"d{n}") for n in range(LIMIT + 2)))
    with office.worker(spending=group.spending) as one:
        assert go(one, lambda: len(group.bodies) == LIMIT)
        rest(one)
        assert len(group.bodies) == LIMIT
    with office.ledger.read() as connection:
        assert heard.quotas(connection)["sales"].free_at == micros(DECEMBER)
        (waits,) = standing.unsent(connection, clock())
    assert (waits.reason, waits.count) == (Wait.MONTH, 2)
    clock.time = DECEMBER
    with office.worker(spending=group.spending) as one:
        assert go(one, lambda: office.notices() == [NoticeState.SHOWN] * (LIMIT + 2))
    assert used(office.ledger) == {"2026-11": LIMIT, "2026-12": 2}
    assert set(office.attempts()) == {"delivered"}


def test_the_last_of_a_month_is_kept_for_what_is_urgent(ledger: Ledger, limiter: Limiter, clock: Clock) -> None:
    assert clock.time == NOVEMBER
    group = Application(shared=(allowance(20),))
    plan = plan_of(
        route("deals", when="stage == 'Open'", merge=Merge.NEVER),
        route("alarms", lane=Lane.URGENT, when="stage == 'Lost'"),
    )
    office = Office(ledger, limiter, plan, [group])
    office.tell(*(deal(f"d{n}") for n in range(25)))
    with office.worker(spending=group.spending) as one:
        assert go(one, lambda: len(group.bodies) == 19)
        rest(one)
        assert len(group.bodies) == 19
        office.tell(deal("d99", "Lost"))
        assert go(one, lambda: len(group.bodies) == 20)
    assert group.told[-1] == ["SO-d99 Lost"]


def test_two_workers_never_send_more_than_the_month_has(office: Office, ledger: Ledger) -> None:
    names = ("sales", "board")
    gate = threading.Event()
    groups = [Application(name, gate=gate, shared=(allowance(10),)) for name in names]
    plan = plan_of(route("deals", *names, merge=Merge.NEVER))
    office = replace(office, plan=plan, chats=groups)
    office.tell(*(deal(f"d{n}") for n in range(12)))
    with ExitStack() as stack:
        both = [
            stack.enter_context(replace(office, chats=[group]).worker(group.name, spending=group.spending))
            for group in groups
        ]
        for _ in range(20):
            for each in both:
                each.step()
        gate.set()
        for each in both:
            rest(each)
    assert sum(len(group.bodies) for group in groups) == 10
    assert used(ledger) == {"2026-11": 10}


def test_what_the_vendor_throttles_is_not_counted_and_what_is_lost_is(
    office: Office, group: Application, one: Dispatcher
) -> None:
    group.answers.extend(
        [Delivery(Outcome.THROTTLED, after=timedelta(seconds=0.1)), Delivery(Outcome.UNKNOWN, after=timedelta())]
    )
    office.tell(deal())
    assert go(one, lambda: office.attempts() == ["throttled"])
    assert used(office.ledger) == {"2026-11": 0}
    assert office.messages() == [MessageState.DUE]


def test_what_is_on_its_way_is_counted_before_its_answer(office: Office, group: Application, one: Dispatcher) -> None:
    group.gate = threading.Event()
    office.tell(deal("d1"), deal("d2"))
    assert go(one, lambda: len(group.bodies) == 2)
    # a worker that dies here leaves them counted
    assert used(office.ledger) == {"2026-11": 2}
    group.gate.set()
    assert go(one, lambda: office.messages() == [MessageState.DELIVERED] * 2)
    assert used(office.ledger) == {"2026-11": 2}


def test_the_vendors_word_is_believed_and_more_may_be_bought(
    office: Office, group: Application, one: Dispatcher
) -> None:
    group.answers.append(Delivery(Outcome.THROTTLED, "90020", "used up", timedelta(days=1), allowance().key))
    office.tell(deal("d1"), deal("d2"))
    assert go(one, lambda: "throttled" in office.attempts())
    rest(one)
    tried = len(group.bodies)
    assert tried <= 2
    assert MessageState.DEAD not in office.messages()
    assert not {NoticeState.DEAD, NoticeState.HELD} & set(office.notices())
    with office.ledger.read() as connection:
        assert months.used(connection, allowance().key, Month(LIMIT, ZONE), micros(NOVEMBER)) == LIMIT
    more = (Budget("chat:sales"), allowance(1_000))
    one.follow(office.plan, {"sales": Channel("sales", group, more)}, Mark(0, 0), {})
    assert go(one, lambda: office.notices() == [NoticeState.SHOWN] * 2)


def test_calls_of_every_purpose_are_counted_by_day(office: Office, group: Application, one: Dispatcher) -> None:
    for purpose in (Purpose.LOOK_UP, Purpose.LOOK_UP, Purpose.RESULT):
        group.spending.spent(allowance(), purpose)
    office.tell(deal())
    assert go(one, lambda: office.messages() == [MessageState.DELIVERED])
    counted = {(row.day, row.purpose): row.calls for row in rows(office.ledger, spent)}
    assert counted == {("2026-11-29", "look_up"): 2, ("2026-11-29", "result"): 1, ("2026-11-29", "message"): 1}
    assert used(office.ledger) == {"2026-11": 4}


def test_a_single_message_of_a_command_is_counted_once_and_kept_back_when_the_month_is_used_up(
    ledger: Ledger, limiter: Limiter, clock: Clock
) -> None:
    group = Application(shared=(allowance(1),), at_once=AtOnce(ledger))
    assert greet_within(ledger, limiter, "sales", group, trial("en")).outcome is Outcome.DELIVERED
    assert used(ledger) == {"2026-11": 1}
    second = greet_within(ledger, limiter, "sales", group, trial("en"))
    assert (second.outcome, len(group.bodies)) == (Outcome.THROTTLED, 1)
    assert second.after is not None
    assert clock.time + second.after == DECEMBER


def test_what_cannot_be_written_is_counted_later(ledger: Ledger, clock: Clock) -> None:
    spending = Spending()
    spending.spent(allowance(), Purpose.LOOK_UP)
    assert spending.collect()
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        spending.write(ledger, connection, {})
        connection.exec_driver_sql("ROLLBACK")
    assert spending.collect()
    with ledger.write() as connection:
        spending.write(ledger, connection, {})
    spending.written({})
    assert used(ledger) == {clock.time.strftime("%Y-%m"): 1}
    assert not spending.collect()


def test_a_call_just_before_midnight_in_china_is_of_that_day_and_month(ledger: Ledger) -> None:
    def call(at: datetime) -> months.Spent:
        return months.Spent("company:calls", Month(LIMIT, ZONE), Purpose.MESSAGE, micros(at))

    with ledger.write() as connection:
        months.spend(ledger, connection, [call(DECEMBER - timedelta(seconds=1)), call(DECEMBER)])
    assert used(ledger) == {"2026-11": 1, "2026-12": 1}
    with ledger.read() as connection:
        days: dict[Any, Any] = dict(
            connection.execute(select(spent.c.day, func.sum(spent.c.calls)).group_by(spent.c.day)).all()
        )
        (stands,) = months.standing(connection, micros(DECEMBER))
    assert {day: int(count) for day, count in days.items()} == {"2026-11-30": 1, "2026-12-01": 1}
    assert (stands.used, stands.purposes, sum(stands.days.values())) == (1, {"message": 1}, 2)
