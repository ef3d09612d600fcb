"""Cards stay true: what they show is asked again, and what no longer holds is closed without a press."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract import Unknown
from tests.worker.approvals.books import BOSS, CLERK, Books
from tests.worker.approvals.hall import AMY, DORA, Hall
from tests.worker.stand_ins import rows
from tests.worker.test_watch import bridge
from worker.ledger.engine import now
from worker.ledger.tables import ActionState, action, card, match
from worker.members import Members
from worker.operators.monitor import Monitor
from worker.retention import Retention


def test_a_record_that_changed_voids_the_press_and_its_new_state_is_asked_about(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.change(worth=250)
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.VOID], ["changed"])
    hall.dispatch()
    _, new = hall.keys
    assert "250" in hall.seen(new)["body"]
    hall.press(key)
    assert hall.reasons()[-1] == "closed"


def test_a_record_that_was_saved_again_keeps_its_card_and_needs_another_press(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.change()
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.VOID], ["saved_again"])
    assert hall.standing(key) == "Waiting for a decision"
    assert "press again" in hall.seen(key, AMY)["data"]["note"]
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states()[-1]) == (1, ActionState.DONE)


def test_a_record_that_is_gone_closes_its_card(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.change(deleted=True)
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states()) == (0, [ActionState.VOID])
    assert hall.buttons(key, AMY) == []


def test_a_later_state_closes_the_card_without_a_press(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.change(worth=250)
    hall.arrive()
    hall.work()
    assert hall.standing(key) == "The record changed since this was shown; see the new message."
    assert hall.buttons(key, AMY) == []
    assert hall.states() == []


def test_what_was_decided_elsewhere_closes_the_card_though_nobody_is_told(hall: Hall, books: Books) -> None:
    (route,) = hall.plan.routes
    hall.plan = replace(hall.plan, routes=(replace(route, equals={"state": "open"}),))
    key = hall.ask()
    books.change(state="approve")
    hall.arrive()
    hall.work()
    assert hall.standing(key) == "The record changed; nothing is to be decided here any more."
    assert hall.buttons(key, AMY) == []


def test_a_route_that_no_longer_means_the_record_closes_its_card_though_it_does_not_show_why(
    hall: Hall, books: Books
) -> None:
    (route,) = hall.plan.routes
    asks = route.decide
    assert asks is not None
    unseen = replace(route, fields=("who", "worth"), decide=replace(asks, compared=("who", "worth")))
    hall.plan = replace(hall.plan, routes=(replace(unseen, equals={"state": "open"}),))
    key = hall.ask()
    books.change(state="approve")
    hall.press(key)
    hall.work()
    assert (books.asked, hall.reasons()) == ([], ["changed"])
    assert hall.buttons(key, AMY) == []


def test_nobody_is_asked_to_decide_on_what_is_withheld(hall: Hall) -> None:
    of = hall.plan.kinds["erp", "Order"]
    secret = tuple(replace(spec, data_class="finance") if spec.name == "worth" else spec for spec in of.fields)
    hall.plan = replace(hall.plan, kinds={("erp", "Order"): replace(of, fields=secret)})
    hall.arrive()
    hall.dispatch()
    assert (hall.keys, hall.held()) == ([], ["required_withheld"])


def test_a_press_after_somebody_decided_elsewhere_says_so(hall: Hall, books: Books) -> None:
    (route,) = hall.plan.routes
    asks = route.decide
    assert asks is not None
    hall.plan = replace(hall.plan, routes=(replace(route, decide=replace(asks, compared=("who", "worth"))),))
    key = hall.ask()
    books.state = "approve"
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.LATE], ["decided"])
    assert hall.standing(key) == "Already decided by Somebody Else"


def test_a_later_state_with_the_same_content_is_what_the_card_shows_from_then_on(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.change()
    hall.arrive()
    hall.work()
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


def test_our_own_change_closes_nothing_and_is_told_once(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key)
    hall.work()
    assert hall.standing(key).startswith("Approved by ")
    before = hall.arrivals()
    with pytest.raises(AssertionError):
        hall.arrive()
    assert (hall.arrivals(), books.writes) == (before, 1)


def test_nobody_who_could_decide_holds_the_fact_until_somebody_is_matched(hall: Hall) -> None:
    with hall.ledger.write() as connection:
        connection.execute(match.delete())
    hall.arrive()
    hall.dispatch()
    assert hall.held() == ["nobody_decides"]
    assert hall.keys == []
    hall.match(CLERK, DORA)
    assert hall.release() == ["waits"]
    hall.dispatch()
    (key,) = hall.keys
    assert (hall.buttons(key, DORA), hall.buttons(key, AMY)) == (["Approve", "Reject"], [])


def test_of_several_who_decide_those_who_are_known_have_the_buttons(hall: Hall) -> None:
    with hall.ledger.write() as connection:
        connection.execute(match.delete().where(match.c.source_user == BOSS))
    key = hall.ask()
    assert (hall.buttons(key, DORA), hall.buttons(key, AMY)) == (["Approve", "Reject"], [])


def test_a_deletion_asks_nobody(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.change(deleted=True)
    hall.arrive()
    hall.dispatch()
    hall.work()
    assert hall.keys == [key]
    assert hall.held() == []


def test_a_card_whose_shown_state_was_forgotten_decides_nothing(hall: Hall, books: Books) -> None:
    key = hall.ask()
    with hall.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE notice SET payload = NULL")
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states()) == (0, [ActionState.VOID])
    assert [row.key for row in rows(hall.ledger, card)] == [key]


def test_the_way_of_a_decision_is_told(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.may_decide = False
    hall.press(key, DORA)
    hall.work()
    books.may_decide = True
    hall.press(key, AMY)
    hall.press(key, DORA)
    hall.work()
    story = hall.story()
    assert "u-dora pressed approve on the card." in story
    assert "Refused, and nothing was written, because the source does not let this person do it: Only the boss" in story
    assert "erp carried it out as s-boss." in story
    assert "Too late, and nothing was written, because another press was being carried out." in story


def test_operators_are_told_of_what_nobody_decides_and_of_what_was_not_carried_out(
    hall: Hall, books: Books, members: Members
) -> None:
    def wrong() -> set[str]:
        with hall.ledger.read() as connection:
            found = Monitor(bridge(), members, now(), timedelta(0)).look(connection, now())
        return {one.sentence for one in found}

    key = hall.ask()
    books.acts.append(("before", Unknown("No answer came.")))
    hall.press(key)
    hall.work()
    with hall.ledger.write() as connection:
        connection.execute(match.delete())
    books.change(worth=5)
    hall.arrive()
    hall.dispatch()
    assert wrong() == {
        "1 decision was not carried out: dingbridge actions says why",
        "1 record waits for a decision of somebody who is not known here: dingbridge held list",
    }


def test_a_card_and_its_presses_are_forgotten_with_their_message(hall: Hall) -> None:
    key = hall.ask()
    hall.press(key)
    hall.work()
    hall.dispatch()
    Retention(hall.ledger, timedelta(0), timedelta(0), lambda _seconds: False).run(now() + 1)
    assert key not in hall.keys
    assert [row for row in rows(hall.ledger, action) if row.card == key] == []
