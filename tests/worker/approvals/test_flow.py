"""One approval, whole, at every vendor whose connector carries decisions back: from the record to the card for all."""

from __future__ import annotations

from tests.worker.approvals.hall import AMY, BEN, DORA, Hall
from tests.worker.approvals.vendors import Waiting
from worker.ledger.tables import ActionState

Asked = tuple[Hall, Waiting]


def test_the_buttons_are_the_approvers_alone_and_one_press_is_carried_out(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    assert hall.buttons(key, AMY) == ["Approve", "Reject"]
    assert hall.buttons(key, BEN) == []
    assert hall.standing(key) == "Waiting for a decision"
    answer = hall.press(key)
    assert answer == {"note": "Being carried out…", "may_decide": "false"}
    assert of.writes() == 0, "a press is answered before anything is done"
    hall.work()
    assert of.writes() == 1
    assert hall.states() == [ActionState.DONE]
    assert hall.standing(key).startswith("Approved by ")
    assert [hall.buttons(key, user) for user in (AMY, DORA)] == [[], []]


def test_ten_presses_of_two_people_are_one_write(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    for n in range(10):
        hall.press(key, AMY if n % 2 == 0 else DORA, "reject" if n % 3 == 1 else "approve")
    hall.work()
    assert of.writes() == 1
    assert hall.states() == [ActionState.DONE] + [ActionState.LATE] * 9
    assert hall.press(key, DORA)["note"].startswith("Already decided by ")
    hall.work()
    assert of.writes() == 1
    assert hall.buttons(key, DORA) == []


def test_who_may_not_decide_is_refused_by_the_source_and_the_card_stays(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    hall.press(key, DORA)
    hall.work()
    assert (of.writes(), hall.states(), hall.reasons()) == (0, [ActionState.REFUSED], ["denied"])
    assert hall.standing(key) == "Waiting for a decision"
    assert hall.seen(key, DORA)["data"]["note"].startswith("Not carried out: ")
    assert hall.seen(key, AMY)["data"]["note"] == ""
    hall.press(key, AMY)
    hall.work()
    assert (of.writes(), hall.states()[-1]) == (1, ActionState.DONE)


def test_an_amount_that_changed_since_voids_the_press_and_brings_a_new_card(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    of.alter(of.worth)
    hall.press(key)
    hall.work()
    assert (of.writes(), hall.states(), hall.reasons()) == (0, [ActionState.VOID], ["changed"])
    assert hall.standing(key) == "The record changed since this was shown; see the new message."
    assert hall.buttons(key, AMY) == []
    hall.dispatch()
    old, new = hall.keys
    assert old == key
    hall.press(new)
    hall.work()
    assert (of.writes(), hall.states()[-1]) == (1, ActionState.DONE)


def test_a_lost_answer_is_read_back_and_never_written_twice(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    of.fault(drop=True, after=True, count=1)
    hall.press(key)
    hall.work()
    assert of.writes() == 1
    assert hall.states() == [ActionState.DONE]
    assert hall.standing(key).startswith("Approved by ")


def test_a_write_that_was_lost_on_its_way_is_done_in_the_end(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    of.fault(drop=True, count=1)
    hall.press(key)
    hall.work()
    assert (of.writes(), hall.states()) == (1, [ActionState.DONE])


def test_a_forwarded_card_decides_nothing(asked: Asked) -> None:
    hall, of = asked
    key = hall.ask()
    answer = hall.press(key, place="cid-sales-hk")
    hall.work()
    assert answer["note"] == "This card was forwarded; decide where it was sent."
    assert (of.writes(), hall.states(), hall.reasons()) == (0, [ActionState.REFUSED], ["forwarded"])
