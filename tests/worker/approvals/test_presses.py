"""Who pressed what, as far as the ledger knows: one press of a card is carried out, every other is written down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from connectors.contract import Press
from pipelines.matching import MatchState
from tests.worker.approvals.books import BOSS, Books
from tests.worker.approvals.hall import AMY, APPLICATION, BEN, DORA, PLACE, Hall
from tests.worker.stand_ins import rows
from worker.actions import begin, shown
from worker.ledger.engine import now
from worker.ledger.tables import ActionState, action, match


def test_a_press_of_somebody_whom_the_card_does_not_ask(hall: Hall, books: Books) -> None:
    key = hall.ask()
    answer = hall.press(key, BEN)
    hall.work()
    assert answer == {"note": "You may not decide this."}
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.REFUSED], ["not_asked"])
    assert hall.standing(key) == "Waiting for a decision"


@pytest.mark.parametrize("state", [MatchState.LEFT, MatchState.AMBIGUOUS, MatchState.NOBODY])
def test_a_press_of_somebody_who_is_no_longer_known_at_the_source(hall: Hall, books: Books, state: MatchState) -> None:
    key = hall.ask()
    with hall.ledger.write() as connection:
        connection.execute(match.update().where(match.c.source_user == BOSS).values(state=str(state)))
    answer = hall.press(key)
    hall.work()
    assert answer["note"] == "You are not known in erp."
    assert (books.writes, hall.reasons()) == (0, ["unmatched"])


def test_a_press_of_somebody_who_is_two_at_the_source(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.match("s-other", AMY)
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.REFUSED], ["ambiguous"])


def test_a_button_that_the_card_has_not_and_a_card_that_nobody_knows(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key, verb="delete")
    assert hall.press("another-card") == {}
    hall.work()
    assert (books.writes, hall.reasons()) == (0, ["no_button", "no_card"])
    assert hall.states() == [ActionState.REFUSED] * 2


def test_a_rejection_is_carried_out_as_one(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key, verb="reject")
    hall.work()
    assert (books.writes, books.state) == (1, "reject")
    assert hall.standing(key).startswith("Rejected by The Boss, ")


def test_the_button_is_known_by_its_id_where_its_template_sends_nothing_else(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key, params={})
    hall.work()
    assert (books.writes, books.state) == (1, "approve")


def test_where_the_channel_does_not_tell_the_place_a_press_is_believed(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key, place="")
    hall.work()
    assert books.writes == 1


def test_presses_at_once_are_one(hall: Hall, books: Books) -> None:
    key = hall.ask()

    def press(n: int) -> None:
        said = Press(f"p{n}", key, AMY if n % 2 else DORA, datetime.now(UTC), ("approve",), place=PLACE)
        with hall.ledger.write() as connection:
            begin(hall.ledger, connection, n, APPLICATION, said, now())

    with ThreadPoolExecutor(5) as hands:
        list(hands.map(press, range(1, 11)))
    assert sorted(hall.states()) == [ActionState.HEARD] + [ActionState.LATE] * 9
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(lambda name: hall.acting(name).carrier.step(), ("w1", "w2")))
    assert books.writes == 1


def test_the_same_press_twice_is_one_row(hall: Hall) -> None:
    key = hall.ask()
    said = Press("p", key, AMY, datetime.now(UTC), ("approve",), place=PLACE)
    for _ in range(2):
        with hall.ledger.write() as connection:
            begin(hall.ledger, connection, 7, APPLICATION, said, now())
    assert hall.states() == [ActionState.HEARD]


def test_two_presses_of_one_decision_have_keys_of_their_own(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.may_decide = False
    hall.press(key)
    hall.work()
    books.may_decide = True
    hall.press(key)
    hall.work()
    first, second = rows(hall.ledger, action)
    assert first.key != second.key
    assert books.asked == [second.key]


def test_who_presses_later_is_told_where_it_stands(hall: Hall) -> None:
    key = hall.ask()
    hall.press(key)
    assert hall.press(key, DORA)["note"] == "Being carried out…"
    hall.work()
    assert hall.press(key, DORA)["note"] == "Already decided by The Boss"


def test_what_is_shown_after_it_was_done_already_is_left_to_the_cards_change(hall: Hall) -> None:
    key = hall.ask()
    hall.press(key)
    hall.work()
    said = Press("press-late", key, AMY, datetime.now(UTC), ("approve",), place=PLACE)
    hall.hear(said)
    with hall.ledger.read() as connection:
        assert shown(hall.ledger, connection, said)["note"].startswith("Already decided by ")


def test_every_word_is_in_the_readers_language(hall: Hall) -> None:
    hall.locale = "zh_Hant_HK"
    hall.plan = hall._plan()
    key = hall.ask()
    assert hall.buttons(key, AMY) == ["批准", "拒絕"]
    assert "Waiting" not in hall.standing(key)
    assert "Being" not in hall.press(key)["note"]
    hall.work()
    assert "Approved" not in hall.standing(key)
