"""Who asks is told of what came to them, and of nothing else: not even whether there is anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from connectors.contract import Delivery, Outcome, Reach, Reached, Resend
from pipelines.plan import Destination, WhenUnknown
from tests.worker.answering.chats import BOTH, GROUP, Enter, ask, in_group, told
from tests.worker.ledgers import ROUTE, ZONE, deal
from tests.worker.repairs import Open
from worker.ledger import recalls
from worker.ledger.tables import notice


def test_others_learn_nothing_not_even_that_there_is_something(bridge: Open, enter: Enter) -> None:
    one = bridge()
    one.arrive(deal(), deal(id="d2", number="SO-1044", when="09:01"))
    one.dispatch()
    room = enter(one)
    for by in ("u-boss", "u-amy"):
        nothing = ask(one, room, "/why SO-9999", by)
        assert nothing.strip() == "In the last 90 days I have told you nothing of SO-9999."
        assert ask(one, room, "/why SO-1042", by) == nothing.replace("9999", "1042")
        assert ask(one, room, "/why", by).strip() == "In the last 90 days I have told you nothing."
    elsewhere = ask(one, room, "/why SO-1042", "u-amy", conversation="cid-other", in_group=True)
    assert elsewhere.strip() == "In the last 90 days I have told this group nothing of SO-1042."
    assert "Deal SO-1042" in in_group(one, room)


def test_a_group_is_told_of_what_it_was_told_alone(bridge: Open, enter: Enter) -> None:
    secret = replace(ROUTE, name="secret", to=("board",), title="For the board")
    one = bridge(ROUTE, secret)
    one.arrive(deal())
    one.dispatch()
    said = in_group(one, enter(one), by="u-boss")
    assert "For the board" not in said
    assert "board" not in said
    assert "For the board" in ask(one, enter(one))


def test_members_of_a_group_may_ask_in_a_chat_of_their_own(bridge: Open, enter: Enter) -> None:
    one = bridge()
    one.arrive(deal())
    one.dispatch()
    room = enter(one)
    room.members = lambda _, user: {"sales": 0} if user == "u-amy" else {}
    assert "Told in: sales" in ask(one, room, by="u-amy")
    assert "nothing" in ask(one, room, by="u-ben")


def test_a_state_that_was_never_told_is_not_told_here(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, when='was.Stage == "NEGO" || is_new || Stage == "NEGO"'))
    one.arrive(deal("Proposal"))
    one.dispatch()
    one.arrive(deal("Negotiation", when="09:05"))
    one.arrive(deal("Won", when="09:06"))
    one.dispatch()
    said = ask(one, enter(one))
    assert "stage was Won" in said
    assert "what stage was before counted" in said
    assert "Negotiation" not in said


def test_another_number_than_the_one_that_was_told_is_not_known(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(ROUTE, when="is_new", to=("board",)))
    one.arrive(deal())
    one.dispatch()
    one.arrive(deal("Won", when="09:05", number="SO-7"))
    assert "told you nothing of SO-7" in ask(one, enter(one), "/why SO-7")


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNKNOWN])
def test_what_did_not_come_was_not_told(bridge: Open, enter: Enter, outcome: Outcome) -> None:
    one = bridge(ROUTE)
    one.chat.answers.append(Delivery(outcome, "1", "no"))
    one.arrive(deal())
    one.dispatch()
    assert "nothing of SO-1042" in in_group(one, enter(one))


def test_what_is_erased_is_not_known(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    with one.ledger.write() as connection:
        connection.execute(update(notice).values(payload=None))
    assert "nothing of SO-1042" in in_group(one, enter(one))
    assert "told this group nothing." in in_group(one, enter(one), "/why")


def test_a_destination_that_is_gone_is_not_spoken_of(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    room = enter(one)
    assert "Deal" in in_group(one, room)
    gone = {"board": Destination("board", ZONE, "en")}
    one.plan = replace(one.plan, destinations=gone)
    assert "nothing of SO-1042" in in_group(one, room)


def test_who_comes_later_is_not_told_of_what_was_told_before(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    room = enter(one)
    told(one, "One", "09:01")
    one.clock.set("09:02")
    room.reaches["board"] = Reach(people=frozenset({"u-boss", "u-new"}))
    room.note()
    assert "nothing of SO-1042" in ask(one, room, by="u-new")
    assert "told you nothing." in ask(one, room, "/why", by="u-new")
    assert "9:01" in ask(one, room)
    told(one, "Two", "09:03")
    said = ask(one, room, by="u-new")
    assert "9:03" in said
    assert "9:01" not in said
    assert "9:01" in ask(one, room)


def test_who_left_and_came_again_is_not_told_of_the_time_between(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    room = enter(one)
    board = room.reaches.pop("board")
    room.note()
    told(one, "One", "09:01")
    assert "nothing of SO-1042" in ask(one, room)
    one.clock.set("09:02")
    room.reaches["board"] = board
    room.note()
    room.note()
    assert "nothing of SO-1042" in ask(one, room)
    told(one, "Two", "09:03")
    assert "9:03" in ask(one, room, "/why")


def test_a_destination_that_moved_to_another_group_takes_nothing_along(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    room = enter(one)
    told(one, "One", "09:01")
    assert "9:01" in in_group(one, room)
    one.clock.set("09:02")
    room.reaches["sales"] = Reach(place="cid-new")
    room.note()
    assert "nothing of SO-1042" in ask(one, room, conversation="cid-new", in_group=True)
    assert "nothing of SO-1042" in in_group(one, room)


def test_a_conversation_and_a_person_of_one_name_are_two(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    room = enter(one)
    told(one, "One", "09:01")
    assert "nothing of SO-1042" in ask(one, room, by=GROUP)
    assert "nothing of SO-1042" in ask(one, room, conversation="u-boss", in_group=True)


GOT_BY_ONE = {"u-boss": Reached.TAKEN, "u-late": Reached.THROTTLED, "u-gone": Reached.INVALID}


def test_only_those_to_whom_a_message_came_were_told(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(ROUTE, to=("board",)))
    room = enter(one)
    room.reaches["board"] = Reach(people=frozenset(GOT_BY_ONE))
    room.note()
    one.board.answers += [
        Delivery(Outcome.PARTLY, people=GOT_BY_ONE, rest=b'{"rest": true}', after=timedelta(minutes=5)),
        Delivery(Outcome.DELIVERED, people={"u-late": Reached.TAKEN}),
    ]
    told(one, "One", "09:01")
    assert "Deal SO-1042" in ask(one, room)
    for user in ("u-late", "u-gone"):
        assert "nothing of SO-1042" in ask(one, room, by=user)
        assert "told you nothing." in ask(one, room, "/why", by=user)
    one.clock.set("09:07")
    one.dispatch()
    assert "Deal SO-1042" in ask(one, room, by="u-late")
    assert "nothing of SO-1042" in ask(one, room, by="u-gone")


def test_the_newest_is_the_newest_that_came(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(ROUTE, to=("board",)))
    room = enter(one)
    told(one, "One", "09:01")
    one.board.answers.append(Delivery(Outcome.PARTLY, people={"u-boss": Reached.FAILED, "u-amy": Reached.TAKEN}))
    one.clock.set("09:02")
    one.arrive(deal(id="d2", number="SO-7", when="09:02"))
    one.dispatch()
    assert "SO-1042" in ask(one, room, "/why")


def test_what_was_taken_back_is_not_repeated(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    room = enter(one)
    told(one, "One", "09:01")
    assert "Deal" in in_group(one, room)
    with one.ledger.write() as connection:
        recalls.gone(connection, [1, 2], "an operator", one.clock())
    assert "nothing of SO-1042" in in_group(one, room)
    assert "told you nothing." in ask(one, room, "/why")


def test_what_was_told_once_more_without_an_answer_was_told(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(ROUTE, when_unknown=WhenUnknown.AGAIN))
    room = enter(one)
    one.chat.resend = Resend.DUPLICATES
    one.chat.answers.append(Delivery(Outcome.UNKNOWN))
    told(one, "One", "09:01")
    one.clock.set("09:05")
    one.dispatch()
    assert len(one.chat.sent) == 2
    assert "Deal SO-1042" in in_group(one, room)
