"""Answers to words: to one person by the robot, into a group by the address that came with them, once each."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Converses, Draft, Fact, Line, Outcome, Words
from connectors.dingtalk.app.group import PATH as GROUPS
from connectors.dingtalk.app.person import PATH as PERSON
from connectors.dingtalk.app.talk import SESSION
from connectors.dingtalk.inbound import Inbound, InboundSettings, listener
from tests.connectors.dingtalk.app.vendor import CLIENT, CUT, NOW, Said, Vendor, refusal

GROUP = "cidExample=="
DRAFT = Draft(
    "/why SO-1042", (Fact("Order", "SO-1042", "https://crm.example.com/1", "10:32", (Line("Why", "it was big"),)),)
)
TAKEN = Said(200, {"processQueryKey": "key-of-the-message"})
POSTED = Said(200, {"errcode": 0, "errmsg": "ok"})


def robot(vendor: Vendor, **callbacks: Any) -> Inbound:
    settings = InboundSettings.model_validate({"application": vendor.application(), "callbacks": callbacks})
    return listener("desk", settings, vendor.services())


def words(vendor: Vendor, **changes: Any) -> Words:
    known: dict[str, Any] = {
        "id": "m1",
        "text": "/why SO-1042",
        "by": "u-amy",
        "at": NOW,
        "conversation": GROUP,
        "in_group": True,
        "answer_url": f"{vendor.base}/{SESSION}?session=s1",
        "answer_until": NOW + timedelta(minutes=90),
    }
    return Words(**known | changes)


def test_an_application_converses(vendor: Vendor) -> None:
    assert isinstance(robot(vendor), Converses)


def test_a_person_is_answered_alone(vendor: Vendor) -> None:
    vendor.on(PERSON, TAKEN)
    said = robot(vendor).answer(words(vendor, in_group=False), DRAFT)
    assert said.outcome is Outcome.DELIVERED
    (asked,) = vendor.to(PERSON)
    assert (asked.body["robotCode"], asked.body["userIds"]) == (CLIENT, ["u-amy"])
    assert "SO-1042" in json.loads(asked.body["msgParam"])["text"]
    assert vendor.to(SESSION) == []


def test_a_group_is_answered_at_the_address_that_came_with_the_words(vendor: Vendor) -> None:
    vendor.on(SESSION, POSTED)
    said = robot(vendor).answer(words(vendor), DRAFT)
    assert said.outcome is Outcome.DELIVERED
    (asked,) = vendor.to(SESSION)
    assert asked.query == {"session": "s1"}
    assert asked.body["msgtype"] == "markdown"
    assert "it was big" in asked.body["markdown"]["text"]
    assert vendor.to(GROUPS) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"answer_until": NOW + timedelta(seconds=10)},
        {"answer_until": None},
        {"answer_url": ""},
        {"answer_url": "https://example.com/robot/sendBySession?session=s1"},
        {"answer_url": "http://127.0.0.1:9/robot/send?session=s1"},
    ],
    ids=["ends", "no end", "none", "elsewhere", "another path"],
)
def test_without_a_good_address_the_robot_writes_into_the_group(vendor: Vendor, changes: dict[str, Any]) -> None:
    vendor.on(SESSION, POSTED)
    vendor.on(GROUPS, TAKEN)
    assert robot(vendor).answer(words(vendor, **changes), DRAFT).outcome is Outcome.DELIVERED
    assert vendor.to(SESSION) == []
    assert vendor.to(GROUPS)[0].body["openConversationId"] == GROUP


def test_an_address_that_came_by_http_is_not_believed(vendor: Vendor) -> None:
    vendor.on(GROUPS, TAKEN)
    assert robot(vendor, robot=True).answer(words(vendor), DRAFT).outcome is Outcome.DELIVERED
    assert (len(vendor.to(GROUPS)), vendor.to(SESSION)) == (1, [])


@pytest.mark.parametrize("code", [300001, 130101, -1], ids=["ended", "too fast", "busy"])
def test_an_address_that_does_not_take_it_gives_way_to_the_robot(vendor: Vendor, code: int) -> None:
    vendor.on(SESSION, Said(200, {"errcode": code, "errmsg": "no"}))
    vendor.on(GROUPS, TAKEN)
    assert robot(vendor).answer(words(vendor), DRAFT).outcome is Outcome.DELIVERED
    assert (len(vendor.to(SESSION)), len(vendor.to(GROUPS))) == (1, 1)


@pytest.mark.parametrize("answer", [CUT, Said(500, b"oops"), Said(200, {})], ids=["cut", "500", "empty"])
def test_what_may_have_come_is_not_said_a_second_way(vendor: Vendor, answer: Said) -> None:
    vendor.on(SESSION, answer)
    vendor.on(GROUPS, TAKEN)
    assert robot(vendor).answer(words(vendor), DRAFT).outcome is Outcome.UNKNOWN
    assert (len(vendor.to(SESSION)), vendor.to(GROUPS)) == (1, [])


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (CUT, Outcome.UNKNOWN),
        (refusal("send.too.fast"), Outcome.THROTTLED),
        (refusal("staffId.notExisted"), Outcome.REFUSED),
    ],
)
def test_what_becomes_of_an_answer_to_one_person(vendor: Vendor, answer: Said, outcome: Outcome) -> None:
    vendor.on(PERSON, answer)
    assert robot(vendor).answer(words(vendor, in_group=False), DRAFT).outcome is outcome
    assert len(vendor.to(PERSON)) == 1


def test_a_long_answer_is_one_message(vendor: Vendor) -> None:
    vendor.on(PERSON, TAKEN)
    facts = tuple(Fact("Order", f"SO-{n}", lines=(Line("Why", "x" * 9_000),)) for n in range(3))
    robot(vendor).answer(words(vendor, in_group=False), Draft("/why", facts))
    (asked,) = vendor.to(PERSON)
    assert len(asked.body["msgParam"].encode()) <= 15_000


def test_one_person_and_a_group_have_quotas_of_their_own(vendor: Vendor) -> None:
    client = robot(vendor)
    keys = {client.answer_budgets(words(vendor, in_group=each))[0].key for each in (True, False)}
    assert len(keys) == 2
