"""Recipients are left in peace, and nothing is lost by it; the groups are played, and time passes as the tests say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Delivery, Department, Outcome, Person, Resend
from pipelines.plan import Lane, Merge, Route, Silence, WhenUnknown
from pipelines.quiet import Allowance, Personal, Quiet
from tests.worker.bureau import HOUR, NIGHT, NOON, Bureau, Clock, Group, Make, Seat, rules
from tests.worker.office import Office, go
from tests.worker.stand_ins import Chat, deal, plan_of, route, rows
from worker.explain import explain, say
from worker.ledger import people, recipients
from worker.ledger.arrivals import moment
from worker.ledger.engine import Ledger
from worker.ledger.people import Whole
from worker.ledger.plans import Plans, dump_plan, load_plan
from worker.ledger.standing import Wait, unsent
from worker.ledger.tables import MessageState, NoticeState, message, sitting
from worker.limiter import Limiter
from worker.operators.quota import WindowState, budgets

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def bureau(ledger: Ledger, limiter: Limiter) -> Make:
    def make(
        quiet: Quiet | None, *routes: Route, chats: Sequence[Chat] = (), personal: Personal | None = None
    ) -> Bureau:
        kept = chats or (Chat(),)
        plan = rules(plan_of(*routes), quiet, personal)
        return Bureau(Office(ledger, limiter, plan, kept), plan, kept)

    return make


def test_what_comes_in_quiet_hours_goes_as_one_summary_when_they_end(bureau: Make, clock: Clock) -> None:
    office = bureau(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == []
    clock("19 05:00")
    assert office.tell(deal("d1", "Won", 1), deal("d3")) == []
    clock("19 08:00")
    assert office.tell() == [["SO-d2 Open", "SO-d3 Open", "SO-d1 Won"]]
    assert Counter(office.office.notices()) == {NoticeState.SHOWN: 3, NoticeState.SUPERSEDED: 1}
    assert office.tell(deal("d4"), deal("d5")) == [["SO-d4 Open"], ["SO-d5 Open"]]


def test_what_comes_after_the_opening_stands_apart(bureau: Make, clock: Clock) -> None:
    office = bureau(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == []
    clock("19 08:01")
    assert office.tell(deal("d3"), deal("d4")) == [["SO-d1 Open", "SO-d2 Open"], ["SO-d3 Open"], ["SO-d4 Open"]]


def test_what_had_not_gone_before_the_night_is_in_the_summary(bureau: Make, clock: Clock) -> None:
    office = bureau(NIGHT)
    clock("18 21:59")
    office.office.tell(deal("d1"))
    clock("18 22:01")
    assert office.tell(deal("d2")) == []
    clock("19 08:00")
    assert office.tell() == [["SO-d1 Open", "SO-d2 Open"]]


def test_routes_that_never_merge_go_apart_in_the_morning_too(bureau: Make, clock: Clock) -> None:
    office = bureau(NIGHT, route("deals", merge=Merge.NEVER))
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2"), deal("d3")) == []
    clock("19 08:00")
    assert office.tell() == [["SO-d1 Open"], ["SO-d2 Open"], ["SO-d3 Open"]]


@pytest.mark.parametrize("lane", [Lane.URGENT, Lane.APPROVAL])
def test_what_is_urgent_never_waits(bureau: Make, clock: Clock, lane: Lane) -> None:
    rule = replace(NIGHT, budget=Allowance(1, HOUR), gather=HOUR)
    office = bureau(rule, route("now", lane=lane), route("later"))
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == [["SO-d1 Open"], ["SO-d2 Open"]]
    assert office.tell(deal("d1", "Won", 1)) == [["SO-d1 Won"]]
    clock("19 08:00")
    assert office.tell() == [["SO-d2 Open", "SO-d1 Won"]]


def test_what_is_urgent_never_counts(bureau: Make) -> None:
    office = bureau(
        Quiet("UTC", budget=Allowance(2, HOUR)),
        route("now", equals={"stage": "Lost"}, lane=Lane.URGENT),
        route("all", equals={"stage": "Open"}),
    )
    assert len(office.tell(*(deal(f"u{n}", "Lost") for n in range(4)))) == 4
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]


def test_above_the_budget_what_waits_shares_the_next_message(bureau: Make, clock: Clock) -> None:
    office = bureau(Quiet("UTC", budget=Allowance(2, HOUR)))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    clock.later(timedelta(minutes=20))
    assert office.tell(deal("d2"), deal("d3"), deal("d4")) == [["SO-d2 Open", "SO-d3 Open", "SO-d4 Open"]]
    assert office.tell(deal("d5"), deal("d6")) == []
    clock.later(timedelta(minutes=39))
    assert office.tell() == []
    clock.later(timedelta(minutes=2))
    assert office.tell() == [["SO-d5 Open", "SO-d6 Open"]]
    assert office.tell(deal("d7")) == []


def test_a_budget_is_told_like_a_quota(bureau: Make, clock: Clock) -> None:
    office = bureau(Quiet("UTC", budget=Allowance(2, HOUR)))
    office.tell(deal("d1"))
    (one,) = budgets(office.office.ledger, office.plan)
    assert one.budget == "quiet sales"
    assert one.windows == (WindowState(2, 3600.0, 1, {}, None),)
    came = clock.at
    office.tell(deal("d2"))
    (one,) = budgets(office.office.ledger, office.plan)
    (window,) = one.windows or ()
    assert window.used == 2
    assert window.frees_at is not None
    assert moment(window.frees_at) - came <= HOUR


def test_a_message_that_was_refused_uses_nothing_of_the_budget(bureau: Make) -> None:
    chat = Chat()
    chat.answers.append(Delivery(Outcome.REFUSED))
    office = bureau(Quiet("UTC", budget=Allowance(1, HOUR)), chats=(chat,))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    assert office.tell(deal("d2")) == [["SO-d2 Open"]]
    assert office.tell(deal("d3")) == []


def test_a_message_of_which_nobody_knows_uses_the_budget(bureau: Make) -> None:
    chat = Chat(resend=Resend.DUPLICATES)
    chat.answers.append(Delivery(Outcome.UNKNOWN))
    office = bureau(Quiet("UTC", budget=Allowance(1, HOUR)), chats=(chat,))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    assert office.tell(deal("d2")) == []


def test_further_changes_of_a_record_are_gathered(bureau: Make, clock: Clock) -> None:
    office = bureau(Quiet("UTC", gather=timedelta(minutes=10)), route("a"), route("b", equals={"stage": "Won"}))
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    assert office.tell(deal("d1", "Talks", 1), deal("d2")) == [["SO-d2 Open"]]
    clock.later(timedelta(minutes=5))
    assert office.tell(deal("d1", "Won", 2)) == []
    clock.later(timedelta(minutes=6))
    assert office.tell() == [["SO-d1 Won", "SO-d1 Won"]]
    assert office.tell(deal("d1", "Lost", 3)) == []


def test_what_is_gathered_hides_nothing_that_is_new(bureau: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.dispatch.TURN", 2)
    office = bureau(Quiet("UTC", gather=HOUR))
    for n in range(4):
        assert office.tell(deal(f"d{n}")) == [[f"SO-d{n} Open"]]
        assert office.tell(deal(f"d{n}", "Won", 1)) == []
    assert office.tell(deal("new")) == [["SO-new Open"]]


def test_after_an_outage_what_waited_goes_as_one(bureau: Make, clock: Clock) -> None:
    office = bureau(None)
    office.office.tell(*(deal(f"d{n}") for n in range(5)))
    clock.later(timedelta(minutes=11))
    told = office.tell(deal("d1", "Won", 1), deal("new"))
    assert told == [["SO-d0 Open", "SO-d2 Open", "SO-d3 Open", "SO-d4 Open", "SO-d1 Won"], ["SO-new Open"]]


def test_a_few_late_facts_stand_apart(bureau: Make, clock: Clock) -> None:
    office = bureau(None)
    office.office.tell(*(deal(f"d{n}") for n in range(3)))
    clock.later(timedelta(minutes=11))
    assert len(office.tell()) == 3


def test_a_person_has_one_budget_over_groups_and_robots(bureau: Make, clock: Clock) -> None:
    group, robot, other = Group("sales"), Seat("robot"), Seat("other")
    office = bureau(
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


def test_who_left_a_group_is_not_charged_for_it(bureau: Make, clock: Clock) -> None:
    group, robot = Group("sales"), Seat("robot")
    office = bureau(
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


def test_quiet_hours_are_those_of_a_persons_department(bureau: Make, clock: Clock) -> None:
    amy = Person("u-amy", "Amy", NOON, departments=("3",))
    departments = [
        Department("1", "All", "", NOON),
        Department("2", "Berlin", "1", NOON),
        Department("3", "Sales", "2", NOON),
    ]
    office = bureau(
        replace(NIGHT, zone="Asia/Hong_Kong"), chats=(Seat(),), personal=Personal(zones={"Berlin": "Europe/Berlin"})
    )
    people.replace_all(office.office.ledger, "office", Whole({"u-amy": amy}, departments, (), {}, ()), clock.micros())
    clock("18 16:00")
    assert office.tell(deal("d1")) == [["SO-d1 Open"]]
    clock("18 21:30")
    assert office.tell(deal("d2")) == []


def test_it_can_be_asked_what_a_fact_waits_for(bureau: Make, clock: Clock) -> None:
    office = bureau(replace(NIGHT, budget=Allowance(1, HOUR), gather=timedelta(minutes=30)))

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


def test_it_can_be_asked_what_is_gathered(bureau: Make, clock: Clock) -> None:
    office = bureau(Quiet("UTC", gather=timedelta(minutes=30)))
    office.tell(deal("d1"))
    office.tell(deal("d1", "Won", 1))
    told = say(explain(office.office.ledger, "SO-d1", Plans(office.office.ledger), clock.at))
    assert (
        "It waits until 12:30, to go as one with what else comes of this record: sales was told of it at 12:00." in told
    )


def test_an_unanswered_message_goes_again_in_quiet_hours_under_its_key(bureau: Make, clock: Clock) -> None:
    chat = Chat()
    chat.answers.append(Delivery(Outcome.UNKNOWN, after=timedelta(seconds=0.05)))
    office = bureau(NIGHT, chats=(chat,))
    clock("18 21:59")
    office.office.tell(deal("d1"))
    with office.office.worker() as worker:
        assert go(worker, lambda: office.office.attempts() == ["unknown"])
    clock("18 22:01")
    assert office.tell(deal("d2")) == [["SO-d1 Open"]]
    assert len(set(chat.keys)) == 1
    assert office.office.messages() == [MessageState.DELIVERED]


@pytest.mark.parametrize(("ends_in", "told"), [(-HOUR, [["SO-d1 Open"]]), (HOUR, [])])
def test_in_the_morning_the_silences_of_the_morning_count(
    bureau: Make, clock: Clock, ends_in: timedelta, told: list[list[str]]
) -> None:
    ends = datetime.now(UTC) + ends_in
    office = bureau(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1")) == []
    office.office.plan = replace(office.plan, silences=(Silence("stocktaking", ends, "K. Wong", "stocktaking"),))
    clock("19 08:00")
    assert office.tell() == told


def test_people_who_rest_hide_nobody_else(bureau: Make, clock: Clock) -> None:
    names = [f"people-{n}" for n in range(4)]
    office = bureau(
        NIGHT,
        route("later", *names[:3]),
        route("now", names[0], names[3], equals={"stage": "Lost"}, lane=Lane.URGENT),
        chats=[Chat(name) for name in names],
    )
    clock("18 23:00")
    office.tell(deal("d1"))
    office.office.tell(deal("d2", "Lost"))
    with office.office.ledger.read() as connection:
        assert recipients.waiting(connection, "people-", clock.micros(), 2, names[:3]) == [names[0], names[3]]
        assert len(recipients.waiting(connection, "people-", clock.micros(), 9)) == 4


def test_another_configuration_ends_the_rest(bureau: Make, clock: Clock) -> None:
    office = bureau(NIGHT)
    clock("18 23:00")
    assert office.tell(deal("d1")) == []
    office.office.plan = rules(office.plan, None)
    assert office.tell() == [["SO-d1 Open"]]


def test_two_workers_do_not_overrun_a_budget_that_they_share(bureau: Make) -> None:
    robots = [Seat(f"robot-{n}") for n in range(4)]
    names = [one.name for one in robots]
    office = bureau(None, route("all", *names), chats=robots, personal=Personal(Allowance(2, HOUR)))
    office.office.tell(deal("d1"))
    with office.office.worker("w1") as one, office.office.worker("w2") as two:
        first = one._turn()
        other = two._turn()
        one._write(first)
        two._write(other)
        assert go(one, lambda: not one.owes)
        assert go(two, lambda: not two.owes)
    assert len(rows(office.office.ledger, message)) == 2


@pytest.mark.parametrize("sent", [False, True], ids=["between frame and send", "between send and settle"])
def test_a_summary_cut_off_by_a_death_tells_every_fact_once_under_its_key(
    bureau: Make, clock: Clock, *, sent: bool
) -> None:
    chat = Chat()
    office = bureau(NIGHT, chats=(chat,))
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2"), deal("d3")) == []
    clock("19 08:00")
    office.die(sent=sent)
    office.tell(deal("d4"))
    assert sorted({one["key"]: one["facts"] for one in chat.sent}.values()) == [
        ["SO-d1 Open", "SO-d2 Open", "SO-d3 Open"],
        ["SO-d4 Open"],
    ]
    assert office.office.notices() == [NoticeState.SHOWN] * 4


@pytest.mark.parametrize("sent", [False, True], ids=["between frame and send", "between send and settle"])
@pytest.mark.parametrize("declared", list(WhenUnknown))
def test_without_a_key_a_summary_cut_off_goes_the_way_of_its_route(
    bureau: Make, clock: Clock, declared: WhenUnknown, *, sent: bool
) -> None:
    chat = Chat(resend=Resend.DUPLICATES)
    office = bureau(NIGHT, route("deals", when_unknown=declared), chats=(chat,))
    clock("18 23:00")
    assert office.tell(deal("d1"), deal("d2")) == []
    clock("19 08:00")
    office.die(sent=sent)
    told = office.tell()
    if declared is WhenUnknown.HOLD:
        assert told == []
        assert office.office.notices() == [NoticeState.HELD] * 2
    else:
        assert [fact for facts in told for fact in facts] == ["SO-d1 Open", "SO-d2 Open"]
        assert office.office.notices() == [NoticeState.SHOWN] * 2


def test_a_plan_keeps_its_rules_in_the_ledger(bureau: Make) -> None:
    rule = replace(NIGHT, calendar="HK", budget=Allowance(3, HOUR), gather=HOUR)
    plan = bureau(rule, personal=Personal(Allowance(9, HOUR), {"Berlin": "Europe/Berlin"})).plan
    assert load_plan(dump_plan(plan)) == plan
