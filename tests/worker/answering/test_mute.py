"""What somebody mutes is not told to them, and to everybody else as before; urgent matters and decisions always are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from connectors.contract import Record, Verb
from pipelines.plan import OWN, Decide, Lane, Mode, Route, Wait
from pipelines.verdict import Reason
from tests.worker.answering.desk import GROUP, OWNED, Desk
from tests.worker.answering.robots import APP, words
from tests.worker.stand_ins import deal as open_deal
from tests.worker.stand_ins import rows
from worker.explain import explain, say
from worker.ledger import mutes
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.mutes import Mute
from worker.ledger.plans import Plans, remember
from worker.ledger.tables import Step, mute, trail
from worker.limiter import Limiter

HOUR = 3_600 * MICROSECONDS


def deal(number: int, *owners: str, minute: int = 0, stage: str = "Open") -> Record:
    found = open_deal(f"d{number}", stage=stage, minute=minute)
    return replace(found, fields={**found.fields, "Owner": tuple(f"crm-{name}" for name in owners)})


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter) -> Desk:
    made = Desk(ledger, limiter)
    made.settle()
    return made


def test_what_names_one_person_is_not_told_while_they_mute_it(desk: Desk) -> None:
    assert desk.say("/mute deals 2h").startswith("deals is muted until ")
    desk.tell(deal(1))
    assert desk.told("amy") == []
    assert desk.told("sales") == ["SO-d1 Open"]
    assert desk.dropped() == {"amy": Reason.MUTED}
    (entry,) = [row for row in rows(desk.ledger, trail) if row.step == Step.DROPPED]
    (kept,) = rows(desk.ledger, mute)
    assert datetime.fromisoformat(entry.detail).timestamp() * MICROSECONDS == pytest.approx(
        kept.until, abs=MICROSECONDS
    )
    assert desk.say("/unmute deals").startswith("You hear of deals again.")
    desk.tell(deal(2))
    assert desk.told("amy") == ["SO-d2 Open"]


def test_whom_a_field_names_mutes_for_themselves_alone(desk: Desk) -> None:
    desk.tell(deal(1, "amy", "ben"))
    assert "mine is muted" in desk.say("/mute mine 30m", "u-ben")
    desk.tell(deal(2, "amy", "ben"))
    assert desk.told("u-amy") == ["SO-d1 Open", "SO-d2 Open"]
    assert desk.told("u-ben") == ["SO-d1 Open"]
    assert desk.dropped() == {"staff/u-ben": Reason.MUTED}


def test_a_mute_ends_by_itself(desk: Desk) -> None:
    desk.say("/mute deals 1h")
    with desk.ledger.write() as connection:
        connection.execute(update(mute).values(until=now() - 1))
    desk.tell(deal(1))
    assert desk.told("amy") == ["SO-d1 Open"]
    assert "muted until" not in desk.say("/mute")


def test_older_states_that_wait_go_with_the_one_that_is_muted(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(deal(1), deal(1, minute=5, stage="Won"))
    assert desk.told("amy") == []
    assert desk.say("/missed").count("SO-d1") == 1


@pytest.mark.parametrize(
    "route",
    [
        replace(GROUP, lane=Lane.URGENT),
        replace(GROUP, lane=Lane.APPROVAL),
        replace(GROUP, decide=Decide("owner", (Verb.APPROVE,), ())),
    ],
)
def test_what_is_urgent_or_asks_for_a_decision_cannot_be_muted(desk: Desk, route: Route) -> None:
    desk.routes = (route,)
    assert desk.say("/mute deals 2h") == "deals cannot be muted: it is urgent, or asks for a decision."
    assert desk.say("/mute") == "There is nothing that you can mute: I tell you nothing alone."


def test_what_became_urgent_is_told_although_it_was_muted(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.routes = (replace(GROUP, lane=Lane.URGENT),)
    desk.tell(deal(1))
    assert desk.told("amy") == ["SO-d1 Open"]


def test_the_steps_of_an_escalation_are_muted_with_their_route(desk: Desk) -> None:
    step = replace(GROUP, name="deals.1", wait=Wait(timedelta(hours=1), escalates="deals"), to=("amy",))
    desk.routes = (replace(GROUP, to=("sales",)), step)
    assert desk.say("/mute deals 2h").startswith("deals is muted")
    assert "nothing called deals.1" in desk.say("/mute deals.1 2h")


def test_nobody_learns_of_routes_that_tell_others(desk: Desk) -> None:
    secret = replace(GROUP, name="secret", to=("sales",))
    own = replace(GROUP, name="operators.fault", source=OWN)
    desk.routes = (GROUP, OWNED, secret, own)
    unknown = desk.say("/mute unheard 2h")
    for name in ("secret", "mine", "operators.fault"):
        assert desk.say(f"/mute {name} 2h") == unknown.replace("unheard", name)
        assert desk.say(f"/mute {name}") == desk.say("/mute unheard").replace("unheard", name)
        assert desk.say(f"/unmute {name}") == desk.say("/unmute unheard").replace("unheard", name)
    assert desk.say("/mute deals 2h", "u-ben") == unknown.replace("unheard", "deals")
    assert rows(desk.ledger, mute) == []


def test_the_list_names_what_can_be_muted_and_what_is(desk: Desk) -> None:
    assert desk.say("/mute").endswith("deals: Deal")
    desk.tell(deal(1, "amy"))
    desk.say("/mute mine 2h")
    listed = desk.say("/mute")
    assert "deals: Deal" in listed
    assert "mine: Your deal: muted until" in listed
    assert desk.say("/unmute") == listed


def test_nobody_mutes_for_longer_than_a_day(desk: Desk) -> None:
    said = desk.say("/mute deals 9d")
    assert "because 24 hours is the longest" in said
    (one,) = rows(desk.ledger, mute)
    assert one.until - one.said_at == 24 * HOUR


@pytest.mark.parametrize("given", ["", " soon", " 0h", " 2", " -1h", f" {'9' * 60}d"])
def test_without_a_time_nothing_is_muted(desk: Desk, given: str) -> None:
    assert desk.say(f"/mute deals{given}") == "Say for how long, in minutes, hours or days: /mute deals 2h"
    assert rows(desk.ledger, mute) == []


def test_however_it_is_typed(desk: Desk) -> None:
    assert desk.say("、ＭＵＴＥ　Ｄｅａｌｓ　2Ｈ。").startswith("deals is muted until")


def test_in_a_group_nobody_mutes_anything(desk: Desk) -> None:
    for text in ("/mute deals 2h", "/mute", "/unmute deals", "/missed"):
        said = desk.say(text, conversation="cid", in_group=True)
        assert said == f"{text.split()[0]} is about what I tell you alone: write it to me in a chat of our own."
    assert rows(desk.ledger, mute) == []


def test_an_answer_that_comes_again_mutes_no_longer_and_the_last_word_stands(desk: Desk) -> None:
    room = desk.room
    room.hear(words("/mute deals 2h"), at=now() - HOUR // 10)
    room.answerer().run()
    (one,) = rows(desk.ledger, mute)
    with desk.ledger.write() as connection:
        # an older word, answered late, changes nothing
        mutes.put(desk.ledger, connection, Mute(APP, "u-amy", "deals", one.until + HOUR, one.said_at - 1))
    assert rows(desk.ledger, mute) == [one]
    assert one.until - one.said_at == 2 * HOUR
    desk.say("/unmute deals")
    assert rows(desk.ledger, mute)[0].until < now()
    assert desk.say("/unmute deals") == "deals is not muted."


def test_another_application_is_not_meant(desk: Desk) -> None:
    with desk.ledger.write() as connection:
        mutes.put(desk.ledger, connection, Mute("another", "u-amy", "deals", now() + HOUR, now()))
    desk.tell(deal(1))
    assert desk.told("amy") == ["SO-d1 Open"]


def test_the_story_of_a_record_says_who_muted_it(desk: Desk) -> None:
    plan_id = remember(desk.ledger, desk.plan)
    assert plan_id == 1
    desk.say("/mute deals 2h")
    desk.tell(deal(1))
    story = say(explain(desk.ledger, "SO-d1", Plans(desk.ledger), datetime.now(UTC)))
    assert "Not sent to amy, because its one reader had muted the route until" in story


def test_on_trial_is_said_before_muted(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.routes = (replace(GROUP, mode=Mode.SHADOW),)
    desk.tell(deal(1))
    assert Reason.MUTED not in desk.dropped().values()
    assert "You missed nothing" in desk.say("/missed")


def test_words_that_ended_long_ago_are_forgotten(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    with desk.ledger.write() as connection:
        mutes.forget(connection, now())
        assert len(connection.execute(mute.select()).all()) == 1
        mutes.forget(connection, now() + 3 * HOUR)
        assert connection.execute(mute.select()).all() == []
