"""Conditions over time, on both databases: told once at its time, not when it stopped holding, and after restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from connectors.contract import HIDDEN
from pipelines.plan import Deadline, Mode, Wait
from pipelines.silence import Weekday
from tests.worker.ledgers import ROUTE, ZONE, Bridge, at, deal, plan_of
from tests.worker.repairs import Open, released
from tests.worker.stand_ins import rows
from worker.ledger import decisions
from worker.ledger.arrivals import micros
from worker.ledger.tables import NoticeState, Step, notice, timer, trail
from worker.timers import Ringer

TWO_H = replace(ROUTE, name="open", when='Stage == "OPEN"', wait=Wait(after=timedelta(hours=2)))
WORKDAYS = frozenset(set(Weekday) - {Weekday.SAT, Weekday.SUN})
BY_SIX = replace(TWO_H, wait=Wait(by=Deadline(time(18), ZONE, WORKDAYS)))


def told(one: Bridge) -> list[tuple[str, str, int]]:
    return [(row.route, row.destination, row.seq) for row in rows(one.ledger, notice)]


def at_clock(one: Bridge, clock: str) -> int:
    """Let it be this time, and do what is due; returns how many timers that were."""
    one.clock.set(clock)
    return Ringer(one.ledger, one.programs, 100).ring()


def arrive(one: Bridge, stage: str, when: str, **other: Any) -> None:
    one.clock.set(when)
    one.arrive(deal(stage, when=when, **other))


def test_what_holds_for_so_long_is_told_once(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    assert at_clock(one, "10:59") == 0
    assert told(one) == []
    assert at_clock(one, "11:00") == 1
    assert told(one) == [("open", "sales", 1)]
    arrive(one, "Open", "11:30", amount=1)
    assert at_clock(one, "23:59") == 0
    assert told(one) == [("open", "sales", 1)]


def test_it_counts_from_when_it_became_true_whatever_else_changes(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    arrive(one, "Open", "10:30", amount=1)
    assert at_clock(one, "11:00") == 1
    assert told(one) == [("open", "sales", 2)]


def test_a_state_for_which_it_does_not_hold_ends_the_wait(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    arrive(one, "Won", "10:59")
    assert at_clock(one, "11:00") == 0
    arrive(one, "Open", "12:00")
    assert at_clock(one, "13:59") == 0
    assert at_clock(one, "14:00") == 1
    assert told(one) == [("open", "sales", 3)]


def test_states_that_come_together_count_in_their_order(bridge: Open) -> None:
    one = bridge(TWO_H)
    one.clock.set("09:40")
    one.arrive(*(deal(stage, when=when) for stage, when in (("Open", "09:00"), ("Won", "09:10"), ("Open", "09:30"))))
    assert at_clock(one, "11:29") == 0
    assert at_clock(one, "11:30") == 1


def test_a_source_whose_clock_is_ahead_does_not_put_it_off(bridge: Open) -> None:
    one = bridge(TWO_H)
    one.clock.set("09:00")
    one.arrive(deal("Open", when="15:00"))
    assert at_clock(one, "11:00") == 1


def test_nothing_is_told_by_a_state_that_a_waiting_one_may_end(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    with monkeypatch.context() as undecided:
        undecided.setattr(Bridge, "decide", lambda _: None)
        arrive(one, "Won", "10:59")
    assert at_clock(one, "11:05") == 0
    one.decide()
    assert (told(one), rows(one.ledger, timer)) == ([], [])


def test_what_a_first_scan_finds_waits_for_nothing(bridge: Open) -> None:
    one = bridge(TWO_H)
    one.arrive(deal("Open"), baseline=True)
    assert rows(one.ledger, timer) == []


def test_a_deleted_record_waits_for_nothing(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    arrive(one, "Open", "09:30", deleted=True)
    assert at_clock(one, "12:00") == 0
    assert rows(one.ledger, timer) == []


def test_by_a_time_of_the_day_each_working_day_on_which_it_holds(bridge: Open) -> None:
    one = bridge(BY_SIX)
    arrive(one, "Open", "09:00")
    assert at_clock(one, "17:59") == 0
    assert at_clock(one, "18:00") == 1
    assert at_clock(one, "18:01") == 0
    one.clock.time = at("18:00", "2026-10-07")
    assert Ringer(one.ledger, one.programs, 100).ring() == 1
    assert [(row.again, row.reason) for row in rows(one.ledger, notice)] == [(0, "waits"), (1, "waits")]
    assert one.told().count("Route open: its time came, and its rule still held: to be told to sales.") == 2
    # Friday and the weekend come at once, after which it is Monday
    one.clock.time = at("17:59", "2026-10-12")
    assert Ringer(one.ledger, one.programs, 100).ring() == 1
    assert rows(one.ledger, timer)[0].due_at == micros(at("18:00", "2026-10-12"))


def test_what_became_true_before_the_time_and_is_learned_after_it_is_told_at_once(bridge: Open) -> None:
    one = bridge(BY_SIX)
    one.clock.set("18:05")
    one.arrive(deal("Open", when="17:58"))
    assert told(one) == [("open", "sales", 1)]


def test_a_time_that_was_moved_in_the_configuration_counts_from_then_on(bridge: Open) -> None:
    one = bridge(TWO_H, BY_SIX)
    one.use(plan_of(TWO_H, replace(BY_SIX, name="by")))
    arrive(one, "Open", "09:00")
    later = replace(BY_SIX, name="by", wait=Wait(by=Deadline(time(20), ZONE, WORKDAYS)))
    one.use(plan_of(replace(TWO_H, wait=Wait(after=timedelta(hours=3))), later))
    assert (at_clock(one, "11:00"), told(one)) == (1, [])
    assert (at_clock(one, "12:00"), told(one)) == (1, [("open", "sales", 1)])
    assert (at_clock(one, "18:00"), len(told(one))) == (1, 1)
    assert (at_clock(one, "20:00"), len(told(one))) == (1, 2)


def test_a_route_that_is_gone_tells_nothing(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    one.use(plan_of(ROUTE))
    assert at_clock(one, "11:00") == 1
    assert (told(one), rows(one.ledger, timer)) == ([], [])


def test_a_condition_that_was_changed_is_asked_again_at_its_time(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    one.use(plan_of(replace(TWO_H, when='Stage == "WON"')))
    assert at_clock(one, "11:00") == 1
    assert (told(one), rows(one.ledger, timer)) == ([], [])
    assert [(row.reason, row.detail) for row in rows(one.ledger, trail) if row.step == Step.TIMED] == [
        ("filtered", "open when")
    ]


def test_on_trial_nobody_is_told(bridge: Open) -> None:
    one = bridge(replace(TWO_H, mode=Mode.SHADOW))
    arrive(one, "Open", "09:00")
    assert at_clock(one, "11:00") == 1
    assert told(one) == []


def test_what_cannot_be_read_is_held_when_its_time_comes(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00", fields={"StageName": HIDDEN})
    assert at_clock(one, "11:00") == 1
    (row,) = rows(one.ledger, notice)
    assert (row.state, row.reason, row.detail) == (NoticeState.HELD, "field_hidden", "Stage")
    (moved,) = released(one)
    assert moved.became == "still_held"


def overtake(monkeypatch: pytest.MonkeyPatch, by: Callable[[], object]) -> None:
    """Let somebody else do something after the first look at what is known, and before anything is written."""
    known, calls = decisions.known, 0

    def overtaken(*given: Any) -> decisions.Known:
        nonlocal calls
        found = known(*given)
        calls += 1
        if calls == 1:
            by()
        return found

    monkeypatch.setattr(decisions, "known", overtaken)


def test_two_who_find_the_same_timer_tell_once(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bridge(TWO_H, BY_SIX)
    one.use(plan_of(TWO_H, replace(BY_SIX, name="by"), replace(TWO_H, name="no", when="true")))
    arrive(one, "Open", "09:00")
    one.use(plan_of(TWO_H, replace(BY_SIX, name="by"), replace(TWO_H, name="no", when="false")))
    one.clock.set("18:00")
    overtake(monkeypatch, lambda: Ringer(one.ledger, one.programs, 100).ring())
    assert Ringer(one.ledger, one.programs, 100).ring() == 3
    assert sorted(told(one)) == [("by", "sales", 1), ("open", "sales", 1)]


def test_a_state_that_was_decided_meanwhile_is_looked_at_first(bridge: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    one.clock.set("11:00")
    overtake(monkeypatch, lambda: one.arrive(deal("Won", when="10:59")))
    assert Ringer(one.ledger, one.programs, 100).ring() == 1
    assert (told(one), rows(one.ledger, timer)) == ([], [])
