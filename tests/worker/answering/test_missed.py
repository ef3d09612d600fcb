"""Who muted something asks what it was: only what they were not told, only what they may be told today."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update

from connectors.contract import Delivery, Outcome, Record
from pipelines.clearances import Clearance, Clearances
from pipelines.plan import Policy, Silence
from tests.worker.answering.desk import GROUP, OWNED, Desk
from tests.worker.answering.robots import APP, told, words
from tests.worker.answering.test_mute import HOUR, deal
from tests.worker.stand_ins import MORNING
from worker.answering import muting
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import AnswerForm, answer, missed, notice, reader
from worker.limiter import Limiter

NOTHING = "You missed nothing in the last 24 hours by muting it."


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter) -> Desk:
    made = Desk(ledger, limiter)
    made.settle()
    return made


def linked(number: int) -> Record:
    return replace(deal(number), url=f"https://crm.example/d{number}")


def test_what_was_muted_is_told_newest_first_with_its_link(desk: Desk) -> None:
    desk.tell(linked(1))
    desk.say("/mute deals 2h")
    desk.tell(linked(2), linked(3))
    said = desk.say("/missed 2h")
    assert re.findall(r"SO-d\d", said) == ["SO-d3", "SO-d2"]
    assert "https://crm.example/d3" in said
    assert "Deal" in said
    assert "Open" not in said
    assert said.endswith("https://crm.example/d2")


def test_of_each_record_it_is_the_newest_and_not_what_was_told_since(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(deal(1), deal(2))
    desk.tell(deal(1, minute=5, stage="Won"))
    assert re.findall(r"SO-d\d", desk.say("/missed")) == ["SO-d1", "SO-d2"]
    desk.say("/unmute deals")
    desk.tell(deal(2, minute=9, stage="Won"))
    assert re.findall(r"SO-d\d", desk.say("/missed")) == ["SO-d1"]


def test_what_was_not_told_for_another_reason_was_not_missed(desk: Desk) -> None:
    silence = Silence("freeze", MORNING.replace(year=9000), "ops", "a test", routes=("mine",))
    desk.tell(deal(1, "amy"))
    desk.silences = (silence,)
    desk.tell(deal(2, "amy"))
    assert desk.say("/missed") == NOTHING
    assert desk.say("/missed", "u-ben") == NOTHING


def test_each_is_told_of_their_own(desk: Desk) -> None:
    desk.tell(deal(1, "amy", "ben"))
    desk.say("/mute mine 2h", "u-ben")
    desk.tell(deal(2, "amy", "ben"), deal(3, "amy"))
    assert re.findall(r"SO-d\d", desk.say("/missed", "u-ben")) == ["SO-d2"]
    assert desk.say("/missed", "u-amy") == NOTHING


def test_only_what_was_muted_lately(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(deal(1))
    with desk.ledger.write() as connection:
        connection.execute(update(reader).values(since=0))
        connection.execute(update(missed).values(at=now() - 3 * HOUR))
    assert desk.say("/missed 2h") == "You missed nothing in the last 2 hours by muting it."
    assert "SO-d1" in desk.say("/missed 4h")
    assert "SO-d1" in desk.say("/missed 9999d")
    assert desk.say("/missed lately") == "Say how far back, in minutes, hours or days: /missed 2h"
    assert desk.say("/missed 2h x") == "Say how far back, in minutes, hours or days: /missed 2h"


def test_who_reads_a_destination_since_later_missed_nothing_there(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(deal(1))
    with desk.ledger.write() as connection:
        connection.execute(update(reader).values(since=now() + HOUR))
    assert desk.say("/missed") == NOTHING


def test_what_may_not_be_told_today_is_not_named(desk: Desk) -> None:
    route = replace(GROUP, fields=("stage", "margin"), policy=Policy.REFUSE)
    desk.routes = (route,)
    desk.clearances = Clearances((Clearance("finance", APP, people=("u-amy",)),))
    desk.say("/mute deals 2h")
    found = deal(1)
    desk.tell(replace(found, fields={**found.fields, "Margin": Decimal(7)}))
    assert "SO-d1" in desk.say("/missed")
    desk.clearances = Clearances((Clearance("finance", APP, people=("u-ben",)),))
    assert desk.say("/missed") == NOTHING


def test_what_no_route_tells_any_more_is_not_named(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(deal(1))
    desk.routes = (OWNED,)
    assert desk.say("/missed") == NOTHING


def test_what_was_erased_is_gone(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(deal(1))
    with desk.ledger.write() as connection:
        connection.execute(update(notice).values(payload=None))
    assert desk.say("/missed") == NOTHING


def many(desk: Desk, count: int) -> None:
    desk.say("/mute deals 2h")
    desk.tell(*(linked(n) for n in range(10, 10 + count)))


def test_as_many_messages_as_it_takes(desk: Desk) -> None:
    many(desk, 2 * muting.PAGE + 3)
    room = desk.room
    room.most = 2
    room.hear(words("/missed"))
    assert room.answerer().run() == 3
    found = [re.findall(r"SO-d\d+", told(draft)) for _, draft in room.robot.said]
    assert [len(page) for page in found] == [muting.PAGE, muting.PAGE, 3]
    numbers = [int(one[4:]) for page in found for one in page]
    assert numbers == sorted(range(10, 10 + 2 * muting.PAGE + 3), reverse=True)
    with desk.ledger.read() as connection:
        forms = [row.form for row in connection.execute(answer.select().order_by(answer.c.id))]
    assert forms[-3:] == [AnswerForm.ANSWER, AnswerForm.REST, AnswerForm.REST]


def test_long_texts_make_smaller_messages(desk: Desk) -> None:
    desk.say("/mute deals 2h")
    desk.tell(*(replace(linked(n), url=f"https://crm.example/{'x' * 2000}/{n}") for n in range(10, 15)))
    room = desk.room
    room.hear(words("/missed"))
    assert room.answerer().run() == 3
    assert [told(draft).count("https://") for _, draft in room.robot.said] == [2, 2, 1]


def test_where_nobody_knows_whether_a_part_came_the_rest_does_not(desk: Desk) -> None:
    many(desk, muting.PAGE + 1)
    room = desk.room
    room.robot.outcomes.append(Delivery(Outcome.UNKNOWN))
    room.hear(words("/missed"))
    room.answerer().run()
    assert len(room.robot.said) == 1


def test_the_rest_is_of_what_was_there_when_it_began(desk: Desk) -> None:
    many(desk, muting.PAGE)
    assert desk.say("/missed 2h 1") == "You missed nothing else in the last 2 hours."


def test_who_was_told_one_to_one_may_ask_why(desk: Desk) -> None:
    desk.routes = (OWNED,)
    desk.tell(deal(1, "amy", "ben"), deal(2, "ben"))
    assert "Told in: staff" in desk.say("/why SO-d1")
    assert "nothing of SO-d2" in desk.say("/why SO-d2")
