"""Recipients are left in peace, and nothing is lost by it; the groups are played, and time passes as the tests say."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Budget, Delivery, Department, Members, Outcome, Person, Resend
from pipelines.plan import Lane, Merge, Plan, Route
from pipelines.quiet import Allowance, Personal, Quiet
from pipelines.windows import DayWindow
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import SEALER, Chat, deal, plan_of, route, rows
from worker.explain import explain, say
from worker.ledger import people
from worker.ledger.arrivals import moment
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.people import Whole
from worker.ledger.plans import Plans
from worker.ledger.standing import Wait, unsent
from worker.ledger.tables import MessageState, NoticeState, message, sitting
from worker.limiter import Limiter

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBERS = count()

pytestmark = pytest.mark.usefixtures("clock")
NIGHT = Quiet("UTC", (DayWindow(22 * 60, 8 * 60),))


@dataclass
class Clock:
    """The time of ledger and senders, which stands still until it is moved."""

    at: datetime = NOON

    def micros(self, *_: object) -> int:
        self.at += timedelta(microseconds=1)
        return int(self.at.timestamp()) * MICROSECONDS + self.at.microsecond

    def __call__(self, text: str) -> None:
        """Move to a time of a day of that November, such as `18 23:00`."""
        day, _, hours = text.partition(" ")
        hour, _, minute = hours.partition(":")
        self.at = datetime(2026, 11, int(day), int(hour), int(minute), tzinfo=UTC)

    def later(self, span: timedelta) -> None:
        self.at += span


@dataclass
class Seat(Chat):
    """A chat that one person reads."""

    reader: str = "u-amy"


@dataclass
class Group(Chat):
    """A chat that says who is in it."""

    people: Sequence[str] = ("u-amy", "u-ben")
    place: str = "cid-sales"
    asked: int = 0
    reader: str = ""

    def audience_budgets(self) -> Sequence[Budget]:
        return ()

    def members(self) -> Members:
        self.asked += 1
        return Members(MappingProxyType(dict.fromkeys(self.people, "")), MappingProxyType({}), datetime.now(UTC))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Ledger, "now", lambda *_: clock.micros())
    monkeypatch.setattr("worker.senders.now", clock.micros)
    return clock


@dataclass
class Desk:
    """One worker that dispatches to groups with rules."""

    office: Office
    plan: Plan
    chats: Sequence[Chat] = field(default_factory=tuple)

    def tell(self, *records: Any) -> list[list[str]]:
        """Tell records, let the worker turn until it rests, and return the messages that came of it, sorted."""
        before = [len(chat.bodies) for chat in self.chats]
        if records:
            self.office.tell(*records)
        with self.office.worker() as worker:
            worker.recover(own=True)
            go(worker, lambda: not worker.step() and not worker.owes, 5)
            rest(worker, 0.1)
        return sorted(told for chat, n in zip(self.chats, before, strict=True) for told in chat.told[n:])

    def die(self, *, sent: bool) -> None:
        """Let a worker do one turn and die before it wrote what became of its sends, and before these where not `sent`."""
        with self.office.worker() as worker:
            if not sent:
                worker._send = lambda *_: None  # type: ignore[method-assign]  # the point of it
            worker.step()
            worker._senders.close()
            worker._senders.collect()


def rules(plan: Plan, quiet: Quiet | None, personal: Personal | None = None) -> Plan:
    """Give all destinations of a plan these rules."""
    spared = {name: replace(each, quiet=quiet, application="office") for name, each in plan.destinations.items()}
    return replace(plan, destinations=spared, personal={"office": personal} if personal else {})


Make = Callable[..., Desk]


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter) -> Make:
    def make(quiet: Quiet | None, *routes: Route, chats: Sequence[Chat] = (), personal: Personal | None = None) -> Desk:
        kept = chats or (Chat(),)
        plan = rules(plan_of(*routes), quiet, personal)
        return Desk(Office(ledger, limiter, plan, kept), plan, kept)

    return make


def test_what_comes_in_quiet_hours_goes_as_one_summary_when_they_end(desk: Make, clock: Clock) -> None:
    office = desk(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == []
    clock("19 05:00")
    assert office.tell(deal("d1", "Won", 1), deal("d3")) == []
    clock("19 08:00")
    assert office.tell() == [["SO-d2 Open", "SO-d3 Open", "SO-d1 Won"]]
    assert Counter(office.office.notices()) == {NoticeState.SHOWN: 3, NoticeState.SUPERSEDED: 1}
    assert office.tell(deal("d4"), deal("d5")) == [["SO-d4 Open"], ["SO-d5 Open"]]


def test_what_comes_after_the_opening_stands_apart(desk: Make, clock: Clock) -> None:
    office = desk(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == []
    clock("19 08:01")
    assert office.tell(deal("d3"), deal("d4")) == [["SO-d1 Open", "SO-d2 Open"], ["SO-d3 Open"], ["SO-d4 Open"]]


def test_what_had_not_gone_before_the_night_is_in_the_summary(desk: Make, clock: Clock) -> None:
    office = desk(NIGHT)
    clock("18 21:59")
    office.office.tell(deal("d1"))
    clock("18 22:01")
    assert office.tell(deal("d2")) == []
    clock("19 08:00")
    assert office.tell() == [["SO-d1 Open", "SO-d2 Open"]]


def test_routes_that_never_merge_go_apart_in_the_morning_too(desk: Make, clock: Clock) -> None:
    office = desk(NIGHT, route("deals", merge=Merge.NEVER))
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2"), deal("d3")) == []
    clock("19 08:00")
    assert office.tell() == [["SO-d1 Open"], ["SO-d2 Open"], ["SO-d3 Open"]]


@pytest.mark.parametrize("lane", [Lane.URGENT, Lane.APPROVAL])
def test_what_is_urgent_never_waits(desk: Make, clock: Clock, lane: Lane) -> None:
    rule = replace(NIGHT, budget=Allowance(1, HOUR), gather=HOUR)
    office = desk(rule, route("now", lane=lane), route("later"))
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == [["SO-d1 Open"], ["SO-d2 Open"]]
    assert office.tell(deal("d1", "Won", 1)) == [["SO-d1 Won"]]
    clock("19 08:00")
    assert office.tell() == [["SO-d2 Open", "SO-d1 Won"]]


def test_what_is_urgent_never_counts(desk: Make) -> None:
    office = desk(
        Quiet("UTC", budget=Allowance(2, HOUR)),
        route("now", equals={"stage": "Lost"}, lane=Lane.URGENT),
        route("all", equals={"stage": "Open"}),
    )
    assert len(office.tell(*(deal(f"u{n}", "Lost") for n in range(4)))) == 4
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]


def test_above_the_budget_what_waits_shares_the_next_message(desk: Make, clock: Clock) -> None:
    office = desk(Quiet("UTC", budget=Allowance(2, HOUR)))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    clock.later(timedelta(minutes=20))
    assert office.tell(deal("d2"), deal("d3"), deal("d4")) == [["SO-d2 Open", "SO-d3 Open", "SO-d4 Open"]]
    assert office.tell(deal("d5"), deal("d6")) == []
    clock.later(timedelta(minutes=39))
    assert office.tell() == []
    clock.later(timedelta(minutes=2))
    assert office.tell() == [["SO-d5 Open", "SO-d6 Open"]]
    assert office.tell(deal("d7")) == []


def test_a_message_that_was_refused_uses_nothing_of_the_budget(desk: Make) -> None:
    chat = Chat()
    chat.answers.append(Delivery(Outcome.REFUSED))
    office = desk(Quiet("UTC", budget=Allowance(1, HOUR)), chats=(chat,))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    assert office.tell(deal("d2")) == [["SO-d2 Open"]]
    assert office.tell(deal("d3")) == []


def test_a_message_of_which_nobody_knows_uses_the_budget(desk: Make) -> None:
    chat = Chat(resend=Resend.DUPLICATES)
    chat.answers.append(Delivery(Outcome.UNKNOWN))
    office = desk(Quiet("UTC", budget=Allowance(1, HOUR)), chats=(chat,))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    assert office.tell(deal("d2")) == []


def test_further_changes_of_a_record_are_gathered(desk: Make, clock: Clock) -> None:
    office = desk(Quiet("UTC", gather=timedelta(minutes=10)), route("a"), route("b", equals={"stage": "Won"}))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    assert office.tell(deal("d1", "Talks", 1), deal("d2")) == [["SO-d2 Open"]]
    clock.later(timedelta(minutes=5))
    assert office.tell(deal("d1", "Won", 2)) == []
    clock.later(timedelta(minutes=6))
    assert office.tell() == [["SO-d1 Won", "SO-d1 Won"]]
    assert office.tell(deal("d1", "Lost", 3)) == []


def test_what_is_gathered_hides_nothing_that_is_new(desk: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.dispatch.TURN", 2)
    office = desk(Quiet("UTC", gather=HOUR))
    for n in range(4):
        assert office.tell(deal(f"d{n}")) == [[f"SO-d{n} Open"]]
        assert office.tell(deal(f"d{n}", "Won", 1)) == []
    assert office.tell(deal("new")) == [["SO-new Open"]]


def test_after_an_outage_what_waited_goes_as_one(desk: Make, clock: Clock) -> None:
    office = desk(None)
    office.office.tell(*(deal(f"d{n}") for n in range(5)))
    clock.later(timedelta(minutes=11))
    told = office.tell(deal("d1", "Won", 1), deal("new"))
    assert told == [["SO-d0 Open", "SO-d2 Open", "SO-d3 Open", "SO-d4 Open", "SO-d1 Won"], ["SO-new Open"]]


def test_a_few_late_facts_stand_apart(desk: Make, clock: Clock) -> None:
    office = desk(None)
    office.office.tell(*(deal(f"d{n}") for n in range(3)))
    clock.later(timedelta(minutes=11))
    assert len(office.tell()) == 3


def test_a_person_has_one_budget_over_groups_and_robots(desk: Make, clock: Clock) -> None:
    group, robot, other = Group("sales"), Seat("robot"), Seat("other")
    office = desk(
        None,
        route("in_group", "sales", equals={"stage": "Open"}),
        route("alone", "robot", "other", equals={"stage": "Won"}),
        chats=(group, robot, other),
        personal=Personal(Allowance(3, HOUR)),
    )
    assert office.tell(deal("d0")) == [["SO-d0 Open"]]
    assert group.asked == 1
    clock.later(HOUR + timedelta(minutes=1))
    assert office.tell(deal("d1"), deal("d2")) == [["SO-d1 Open"], ["SO-d2 Open"]]
    assert office.tell(deal("d1", "Won", 1)) == [["SO-d1 Won"]]
    assert office.tell(deal("d2", "Won", 1)) == []
    assert office.tell(deal("d3"), deal("d4"), deal("d5")) == [["SO-d3 Open"], ["SO-d4 Open"], ["SO-d5 Open"]]
    clock.later(HOUR)
    assert len(office.tell()) == 3


def test_who_left_a_group_is_not_charged_for_it(desk: Make, clock: Clock) -> None:
    group, robot = Group("sales"), Seat("robot")
    office = desk(
        None,
        route("in_group", "sales", equals={"stage": "Open"}),
        route("alone", "robot", equals={"stage": "Won"}),
        chats=(group, robot),
        personal=Personal(Allowance(2, 4 * HOUR)),
    )
    office.tell(deal("d0"))
    group.people = ("u-ben",)
    clock.later(HOUR + timedelta(minutes=1))
    office.tell(deal("d1"))
    assert {(row.user, row.until is None) for row in rows(office.office.ledger, sitting)} == {
        ("u-amy", False),
        ("u-ben", True),
    }
    for n in range(4):
        office.tell(deal(f"e{n}"))
    assert office.tell(deal("d0", "Won", 1)) == [["SO-d0 Won"]]


def test_quiet_hours_are_those_of_a_persons_department(desk: Make, clock: Clock) -> None:
    amy = Person("u-amy", "Amy", NOON, departments=("3",))
    departments = [
        Department("1", "All", "", NOON),
        Department("2", "Berlin", "1", NOON),
        Department("3", "Sales", "2", NOON),
    ]
    office = desk(
        replace(NIGHT, zone="Asia/Hong_Kong"), chats=(Seat(),), personal=Personal(zones={"Berlin": "Europe/Berlin"})
    )
    people.replace_all(office.office.ledger, "office", Whole({"u-amy": amy}, departments, (), {}, ()), clock.micros())
    clock("18 16:00")
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    clock("18 21:30")
    assert office.tell(deal("d2")) == []


def test_it_can_be_asked_what_a_fact_waits_for(desk: Make, clock: Clock) -> None:
    office = desk(replace(NIGHT, budget=Allowance(1, HOUR), gather=timedelta(minutes=30)))

    def why(number: str) -> str:
        return say(explain(office.office.ledger, number, Plans(office.office.ledger), clock.at)).splitlines()[-2]

    def reasons() -> set[Wait]:
        with office.office.ledger.read() as connection:
            return {one.reason for one in unsent(connection, clock.micros())}

    clock("18 20:00")
    office.tell(deal("d1"), deal("d0"))
    office.tell(deal("d2"))
    assert "waits until 21:00 for the budget of sales: 1 in 1h" in why("SO-d2")
    assert reasons() == {Wait.PEACE}
    clock("18 21:01")
    office.tell()
    clock("18 22:30")
    office.tell(deal("d3"))
    assert "waits for the end of the quiet hours or days off of sales at 2026-11-19 08:00" in why("SO-d3")
    clock("19 08:01")
    office.tell()
    assert reasons() == set()


def test_it_can_be_asked_what_is_gathered(desk: Make, clock: Clock) -> None:
    office = desk(Quiet("UTC", gather=timedelta(minutes=30)))
    office.tell(deal("d1"))
    office.tell(deal("d1", "Won", 1))
    told = say(explain(office.office.ledger, "SO-d1", Plans(office.office.ledger), clock.at))
    assert (
        "It waits until 12:30, to go as one with what else comes of this record: sales was told of it at 12:00." in told
    )


def test_an_unanswered_message_goes_again_in_quiet_hours_under_its_key(desk: Make, clock: Clock) -> None:
    chat = Chat()
    chat.answers.append(Delivery(Outcome.UNKNOWN, after=timedelta(seconds=0.05)))
    office = desk(NIGHT, chats=(chat,))
    clock("18 21:59")
    office.office.tell(deal("d1"))
    with office.office.worker() as worker:
        assert go(worker, lambda: office.office.attempts() == ["unknown"])
    clock("18 22:01")
    assert office.tell(deal("d2")) == [["SO-d1 Open"]]
    assert len(set(chat.keys)) == 1
    assert office.office.messages() == [MessageState.DELIVERED]


def test_another_configuration_ends_the_rest(desk: Make, clock: Clock) -> None:
    office = desk(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1")) == []
    office.office.plan = rules(office.plan, None)
    assert office.tell() == [["SO-d1 Open"]]


def test_two_workers_do_not_overrun_a_budget_that_they_share(desk: Make) -> None:
    robots = [Seat(f"robot-{n}") for n in range(4)]
    names = [one.name for one in robots]
    office = desk(None, route("all", *names), chats=robots, personal=Personal(Allowance(2, HOUR)))
    office.office.tell(deal("d1"))
    with office.office.worker("w1") as one, office.office.worker("w2") as two:
        first = one._turn()
        other = two._turn()
        one._write(first)
        two._write(other)
        assert go(one, lambda: not one.owes)
        assert go(two, lambda: not two.owes)
    assert len(rows(office.office.ledger, message)) == 2


RULE = replace(NIGHT, budget=Allowance(2, HOUR), gather=timedelta(minutes=30))
STEP = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 4)),
    st.tuples(st.just("tell"), st.integers(0, 4)),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 31, 200, 600])),
    st.tuples(st.just("fail"), st.sampled_from([Outcome.RETRY, Outcome.UNKNOWN])),
    st.tuples(st.just("die"), st.booleans()),
)


def play(office: Desk, clock: Clock, steps: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """Do these steps, then let days pass until nothing waits; return the newest state of each record by its number."""
    newest: dict[str, str] = {}
    (chat,) = office.chats
    for minute, (step, what) in enumerate(steps):
        if step == "tell":
            newest[f"SO-d{what}"] = f"s{minute}"
            office.tell(deal(f"d{what}", f"s{minute}", minute))
        elif step == "wait":
            clock.later(timedelta(minutes=what))
            office.tell()
        elif step == "fail":
            chat.answers.append(Delivery(what, after=timedelta(seconds=1)))
        else:
            office.die(sent=what)
        # what got no answer goes again in time
        clock.later(timedelta(seconds=2))
        office.tell()
    chat.answers.clear()
    for _ in range(40):
        clock.later(timedelta(minutes=31))
        office.tell()
        if not {NoticeState.WAITING, NoticeState.FRAMED} & set(office.office.notices()):
            break
    return newest


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=12))
def test_nothing_is_lost_and_nothing_told_twice(
    steps: list[tuple[str, Any]], tables: Path, tmp_path: Path, client: redis.Redis, prefix: str, clock: Clock
) -> None:
    clock("18 19:00")
    place = tmp_path / f"{next(NUMBERS)}.sqlite3"
    shutil.copy(tables, place)
    ledger, chat, plan = Ledger(f"sqlite:///{place}", SEALER), Chat(), rules(plan_of(), RULE)
    office = Desk(Office(ledger, Limiter(client, prefix=f"{prefix}-{place.stem}"), plan, [chat]), plan, [chat])
    newest = play(office, clock, steps)
    told = {one["key"]: one["facts"] for one in chat.sent}
    facts = [fact for key in dict.fromkeys(chat.keys) for fact in told[key]]
    assert len(facts) == len(set(facts))
    assert dict(fact.split(" ") for fact in facts) == newest
    assert set(office.office.notices()) <= {NoticeState.SHOWN, NoticeState.SUPERSEDED}
    made = [moment(row.framed_at) for row in rows(ledger, message)]
    assert not [at for at in made if RULE.rests(at)]
    assert all(sum(one <= other < one + HOUR for other in made) <= 2 for one in made)
    ledger.close()
