"""Who asks is told of what was told to them, and of nothing else: not even whether there is anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, update

from connectors.contract import Delivery, Outcome, Reach
from pipelines.plan import Compare, Destination, FieldMap, FieldType, Route, Threshold
from tests.worker.answering.robots import Room, words
from tests.worker.ledgers import BIG, FIELDS, ROUTE, WORD, ZONE, Bridge, deal, plan_of
from tests.worker.repairs import Open, released, replayed
from worker.ledger.tables import notice, plan, reader
from worker.limiter import Limiter

GROUP = "cid-sales"
REACHES = {"sales": Reach(place=GROUP), "board": Reach(people=frozenset({"u-boss"}))}
LOW = Threshold("low", "Margin", Compare.AT_MOST, Decimal(17))
BOTH = replace(ROUTE, to=("sales", "board"))
Enter = Callable[[Bridge], Room]


@pytest.fixture
def enter(limiter: Limiter) -> Enter:
    """Give a room whose readers read everything since ever."""

    def entered(one: Bridge) -> Room:
        room = Room(one.ledger, limiter, one.plan, dict(REACHES))
        room.note()
        with one.ledger.write() as connection:
            connection.execute(update(reader).values(since=0))
        return room

    return entered


def ask(one: Bridge, room: Room, text: str = "/why SO-1042", by: str = "u-boss", **where: object) -> str:
    room.plan = one.plan
    room.hear(words(text, by, **where), at=one.clock())
    room.answerer().run()
    return room.robot.texts.pop()


def in_group(one: Bridge, room: Room, text: str = "/why SO-1042", by: str = "u-amy") -> str:
    return ask(one, room, text, by, conversation=GROUP, in_group=True)


def test_when_by_which_route_and_why(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, when='Stage == "PROP" && big && changed.Stage && is_new', thresholds=(BIG,)))
    one.arrive(deal("Proposal", 1_200_000, when="09:01"))
    one.clock.set("09:02")
    one.dispatch()
    said = ask(one, enter(one))
    assert "Deal SO-1042" in said
    assert "Oct 6, 2026 9:02" in said
    assert "https://crm.example/d1" in said
    assert "Told in: board" in said
    assert "Why: stage was Proposal; amount was HKD 1,200,000.00, and big means at least HKD 1,000,000.00; " in said
    assert "stage had changed; the record was new" in said
    assert "PROP" not in said, "the code was never shown"


def test_a_route_without_a_condition_tells_every_change(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.arrive(deal())
    one.dispatch()
    assert "Why: every change is told here" in ask(one, enter(one))


def test_what_a_field_had_to_equal_is_told(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, equals={"Stage": "PROP"}, when="present.Amount && !deleted"))
    one.arrive(deal())
    one.dispatch()
    assert "Why: stage was Proposal; amount was filled in; the record was not deleted" in ask(one, enter(one))


def test_what_was_withheld_is_counted_and_not_named(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, fields=("Stage", "Margin"), when="low && present.Margin", thresholds=(LOW,)))
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    said = in_group(one, enter(one))
    assert "Not everybody here may see all of this: 1 field withheld." in said
    assert "1 value counted that is not shown here" in said
    for secret in ("margin", "12.5", "low", "17"):
        assert secret not in said.lower()


def test_what_the_route_does_not_show_is_not_named_either(bridge: Open, enter: Enter) -> None:
    one = bridge(replace(BOTH, fields=("Stage",), when="big && changed.Amount", thresholds=(BIG,)))
    one.arrive(deal(amount=1_200_000))
    one.dispatch()
    said = ask(one, enter(one))
    assert "Why: 1 value counted that is not shown here" in said
    assert "1,200,000" not in said
    assert "1,000,000" not in said


def test_what_its_readers_may_no_longer_see_is_not_repeated(bridge: Open, enter: Enter) -> None:
    route = replace(BOTH, fields=("Stage", "Margin"), when="low", thresholds=(LOW,))
    one = bridge(route, word=WORD)
    one.arrive(deal(fields={"Margin": Decimal("12.5")}))
    one.dispatch()
    room = enter(one)
    assert "margin was 12.5, and low means at most 17" in in_group(one, room)
    one.use(plan_of(route))
    assert "12.5" not in in_group(one, room)


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


def test_the_three_newest_are_told(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    for minute, stage in enumerate(("One", "Two", "Three", "Four")):
        one.arrive(deal(stage, when=f"09:0{minute}"))
        one.clock.set(f"09:0{minute}")
        one.dispatch()
    said = ask(one, enter(one))
    assert [said.count(f"9:0{minute}") for minute in range(4)] == [0, 1, 1, 1]
    assert said.index("9:03") < said.index("9:02")


def test_without_a_number_it_is_what_was_told_last(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.arrive(deal())
    one.dispatch()
    one.clock.set("09:10")
    one.arrive(deal(id="d2", number="SO-1044", when="09:10"))
    one.dispatch()
    said = ask(one, enter(one), "/why")
    assert "SO-1044" in said
    assert "SO-1042" not in said


def test_of_a_digest_it_says_so(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.tap.room = 1
    one.arrive(deal(), deal(id="d2", number="SO-1044"), deal(id="d3", number="SO-1046"))
    one.dispatch()
    room = enter(one)
    said = in_group(one, room, "/why SO-1044")
    assert "It came in one message with 2 other facts." in said


def test_late_for_each_reason(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.chat.answers.append(Delivery(Outcome.RETRY, "-1", "busy", timedelta(minutes=1)))
    one.clock.set("09:10")
    one.arrive(deal(when="09:00"))
    one.clock.set("09:30")
    one.dispatch()
    one.clock.set("09:35")
    one.dispatch()
    said = in_group(one, enter(one))
    assert "It came 35 minutes after it happened: 10 minutes until the system told of it; 20 minutes in line" in said
    assert "5 minutes until the message was taken, in 2 attempts" in said


def test_what_was_held_says_for_how_long(bridge: Open, enter: Enter) -> None:
    route = replace(ROUTE, fields=("Stage", "Margin"), required=("Margin",))
    one = bridge(route)
    one.arrive(deal(fields={"Margin": Decimal(12)}))
    one.dispatch()
    one.clock.set("11:00")
    one.use(plan_of(route, word=WORD))
    released(one)
    one.dispatch()
    said = in_group(one, enter(one))
    assert "2 hours held until somebody released it" in said


def test_what_came_soon_is_not_called_late(bridge: Open, enter: Enter) -> None:
    one = bridge(BOTH)
    one.arrive(deal())
    one.clock.set("09:01")
    one.dispatch()
    assert "after it happened" not in in_group(one, enter(one))


def test_what_was_told_again_says_so(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    one.clock.set("12:00")
    replayed(one, 1)
    one.dispatch()
    said = in_group(one, enter(one))
    assert "It was told again because somebody asked for it." in said


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


def test_without_the_plan_of_then_it_says_when_and_not_why(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    with one.ledger.write() as connection:
        connection.execute(delete(plan))
    said = in_group(one, enter(one))
    assert "SO-1042" in said
    assert "Why:" not in said


def test_a_list_of_withheld_fields_that_was_cut_withholds_all(bridge: Open, enter: Enter) -> None:
    names = [f"Secret{n:03}" for n in range(80)]
    hidden = tuple(FieldMap(name, name, FieldType.TEXT, name.lower(), data_class="finance") for name in names)
    route: Route = replace(ROUTE, fields=(*names, "Stage"), when='Secret079 == "x" || Stage == "PROP"')
    one = bridge()
    one.use(plan_of(route, fields=(*FIELDS, *hidden)))
    one.arrive(deal(fields=dict.fromkeys(names, "x")))
    one.dispatch()
    one.use(plan_of(route, fields=(*FIELDS, *hidden), word=WORD))
    assert "was x" not in in_group(one, enter(one))


def test_a_destination_that_is_gone_is_not_spoken_of(bridge: Open, enter: Enter) -> None:
    one = bridge(ROUTE)
    one.arrive(deal())
    one.dispatch()
    room = enter(one)
    assert "Deal" in in_group(one, room)
    gone = {"board": Destination("board", ZONE, "en")}
    one.plan = replace(one.plan, destinations=gone)
    assert "nothing of SO-1042" in in_group(one, room)


def told(one: Bridge, stage: str, when: str) -> None:
    one.clock.set(when)
    one.arrive(deal(stage, when=when))
    one.dispatch()


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
