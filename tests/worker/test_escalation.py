"""Who is told when nobody acts, and what is said of it and of waiting, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from pipelines.plan import Deadline, Mode, Wait
from pipelines.silence import Weekday
from tests.worker.ledgers import ROUTE, ZONE
from tests.worker.repairs import Open
from tests.worker.stand_ins import rows
from tests.worker.test_timers import TWO_H, arrive, at_clock, told
from worker.ledger.tables import NoticeState, action, notice, snapshot

CHANGED = replace(ROUTE, when='changed.Stage && Stage == "OPEN"')


def step(number: int, hours: int, **more: Any) -> Any:
    given = {"when": "true", "to": ("board",), **more}
    wait = Wait(after=timedelta(hours=hours), escalates="deals")
    return replace(ROUTE, name=f"deals.escalation-{number}", wait=wait, **given)


STEPS = (step(1, 2), step(2, 4, to=("board", "sales")))


def test_each_step_is_told_while_nobody_acts(bridge: Open) -> None:
    one = bridge(CHANGED, *STEPS)
    arrive(one, "Open", "09:00")
    assert at_clock(one, "10:59") == 0
    assert at_clock(one, "11:00") == 1
    assert at_clock(one, "13:00") == 1
    assert told(one) == [
        ("deals", "sales", 1),
        ("deals.escalation-1", "board", 1),
        ("deals.escalation-2", "board", 1),
        ("deals.escalation-2", "sales", 1),
    ]
    assert at_clock(one, "23:00") == 0


def test_any_later_state_ends_it_and_one_that_is_told_again_begins_it_anew(bridge: Open) -> None:
    one = bridge(CHANGED, *STEPS)
    arrive(one, "Open", "09:00")
    arrive(one, "Open", "10:00", amount=1)
    assert at_clock(one, "12:30") == 0
    arrive(one, "Won", "12:40")
    arrive(one, "Open", "13:00")
    assert at_clock(one, "14:59") == 0
    assert at_clock(one, "15:00") == 1
    assert told(one)[-1] == ("deals.escalation-1", "board", 4)


def test_the_same_state_read_again_ends_nothing(bridge: Open) -> None:
    one = bridge(CHANGED, *STEPS)
    arrive(one, "Open", "09:00")
    arrive(one, "Open", "10:00", number="SO-1042 ")
    assert at_clock(one, "11:00") == 1


def test_somebody_who_acts_ends_it(bridge: Open) -> None:
    one = bridge(CHANGED, *STEPS)
    arrive(one, "Open", "09:00")
    (of,) = {(row.source, row.kind, row.record_id) for row in rows(one.ledger, snapshot)}
    with one.ledger.write() as connection:
        at = one.ledger.now(connection)
        pressed = {"signal_id": 1, "application": "a", "card": "k", "verb": "approve", "by": "u", "state": 0}
        when = {"pressed_at": at, "heard_at": at, "due_at": at}
        whose = dict(zip(("source", "kind", "record_id"), of, strict=True))
        connection.execute(action.insert().values(**whose, **pressed, **when))
    assert at_clock(one, "11:00") == 1
    assert told(one) == [("deals", "sales", 1)]
    assert "its time came, and nothing was told, because somebody had acted." in one.told()


def test_what_waits_to_be_told_is_withdrawn_when_it_no_longer_holds(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    assert at_clock(one, "11:00") == 1
    arrive(one, "Won", "11:30")
    assert [row.state for row in rows(one.ledger, notice)] == [NoticeState.DROPPED]
    assert "Not sent to sales, because its rule no longer held when its turn came." in one.told()


def test_a_deletion_ends_it(bridge: Open) -> None:
    one = bridge(replace(ROUTE, when="true"), *STEPS)
    arrive(one, "Open", "09:00")
    arrive(one, "Open", "10:00", deleted=True)
    assert at_clock(one, "23:00") == 0


def test_what_a_route_on_trial_would_have_told_does_not_escalate(bridge: Open) -> None:
    one = bridge(replace(CHANGED, mode=Mode.SHADOW), *(replace(each, mode=Mode.SHADOW) for each in STEPS))
    arrive(one, "Open", "09:00")
    assert at_clock(one, "23:00") == 0


def test_the_story_of_a_wait(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    assert "Route open: waits. It tells when its rule has held for 2 h without interruption." in one.told()
    assert "Route open waits until 11:00." in one.told()
    at_clock(one, "11:00")
    assert "Route open: its time came, and its rule still held: to be told to sales." in one.told()
    assert "waits until" not in one.told()
    arrive(one, "Won", "11:30")
    assert 'Route open: not sent, because the rule `when: Stage == "OPEN"` was not met' in one.told()


def test_the_story_of_a_wait_until_a_time_of_the_day_and_of_a_deletion(bridge: Open) -> None:
    one = bridge(replace(TWO_H, wait=Wait(by=Deadline(time(18), ZONE, frozenset(Weekday)))))
    arrive(one, "Open", "09:00")
    assert "Route open: waits. It tells if its rule still holds at 18:00 (Asia/Hong_Kong)." in one.told()
    arrive(one, "Open", "09:30", deleted=True)
    assert "Route open: not sent, because the record was deleted." in one.told()


def test_the_story_of_a_rule_that_no_longer_held(bridge: Open) -> None:
    one = bridge(TWO_H)
    arrive(one, "Open", "09:00")
    one.use(replace(one.plan, fingerprint="x", routes=(replace(TWO_H, when="false"),)))
    at_clock(one, "11:00")
    assert "Route open: its time came, and nothing was told, because its rule no longer held." in one.told()


def test_the_story_of_a_wait_on_trial(bridge: Open) -> None:
    one = bridge(replace(TWO_H, mode=Mode.SHADOW))
    arrive(one, "Open", "09:00")
    at_clock(one, "11:00")
    assert "Route open: its time came; the route is on trial (shadow), so nothing was told." in one.told()


def test_the_story_of_an_escalation(bridge: Open) -> None:
    one = bridge(CHANGED, *STEPS)
    arrive(one, "Open", "09:00")
    arrive(one, "Open", "10:00", number="SO-1042", version="again")
    assert "Route deals.escalation-1 waits until 11:00." in one.told()
    at_clock(one, "11:00")
    assert "Route deals.escalation-1: nobody had acted in time: to be told to board." in one.told()
