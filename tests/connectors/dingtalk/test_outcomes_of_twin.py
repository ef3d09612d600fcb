"""Each refusal that the twin can give, through the connector: what it becomes and what the operator reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Delivery, Outcome
from connectors.dingtalk.sandbox import refusals
from connectors.dingtalk.sandbox.refusals import Refusal
from tests.connectors.dingtalk.sandbox.other_answers import OTHER_ANSWERS
from tests.connectors.dingtalk.sandbox.served import Client
from tests.connectors.dingtalk.sender import draft, post, sender, shown

BLOCK = timedelta(minutes=10)
HOST_BLOCK = timedelta(minutes=5)
ROBOT = "robots/plain"
WORDINGS = ("documented", "more", "described")


@dataclass(frozen=True)
class Story:
    """What is set at the twin, and what becomes of the next message. `says` stands in the operator's sentence."""

    path: str
    body: Mapping[str, Any]
    method: str
    outcome: Outcome
    codes: tuple[str, ...]
    says: str
    after: timedelta | None = None


def patch(path: str, outcome: Outcome, code: str, says: str, **body: Any) -> Story:
    return Story(path, body, "PATCH", outcome, tuple(code.split()), says)


def throttled(path: str, code: str, after: timedelta | None, **body: Any) -> Story:
    return Story(path, body, "POST", Outcome.THROTTLED, tuple(code.split()), "", after)


WRONG = Outcome.MISCONFIGURED
STORIES = {
    "disabled": patch(ROBOT, WRONG, "400102", "disabled", state="disabled"),
    "removed": patch(ROBOT, WRONG, "400106", "removed", state="removed"),
    "disbanded": patch("groups/cid-management", WRONG, "400013", "disbanded", disbanded=True),
    "unknown token": patch(ROBOT, WRONG, "400101 300001 300005", "access_token", token="n" * 64),
    "no keyword": patch(ROBOT, WRONG, "310000", "keyword", keywords=["other"]),
    "no sign": patch(ROBOT, WRONG, "310000", "signature does not match", secret="SECx"),
    "other address": patch(ROBOT, WRONG, "310000", "address is not on the robot's IP list", ips=["10.0.0.0/8"]),
    "moderated": Story("settings", {"moderated_words": ["SO-1042"]}, "POST", Outcome.REFUSED, ("430102",), "text"),
    "too fast": throttled("throttle", "130101 410100", BLOCK, robot="plain"),
    "address blocked": throttled("throttle", "x5", HOST_BLOCK, form="json"),
    "address blocked with errcode": throttled("throttle", "x5", HOST_BLOCK, form="errcode"),
    "address blocked with a page": throttled("throttle", "HTML", HOST_BLOCK, form="html"),
    "month used up": throttled("settings", "90030 90020", None, monthly_quota=0),
    "busy": Story("fail", {"errcode": -1}, "POST", Outcome.RETRY, ("-1",), "busy", timedelta(seconds=1)),
}


def assert_becomes(twin: Client, story: Story) -> Delivery:
    twin.control(story.path, story.body, method=story.method)
    delivery = post(sender(twin))
    assert delivery.outcome is story.outcome
    assert delivery.code in story.codes
    assert story.says in delivery.reason
    assert delivery.reason.endswith(".")
    assert story.after is None or delivery.after == story.after
    assert shown(twin) == []
    return delivery


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_each_refusal_in_each_wording(twin: Client, story: Story, wording: str) -> None:
    twin.switch(wording=wording)
    assert_becomes(twin, story)


@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
def test_each_refusal_with_the_other_answer(twin: Client, answer: dict[str, Any]) -> None:
    for story in STORIES.values():
        twin.control("reset", {})
        twin.robot()
        twin.switch(**answer)
        assert_becomes(twin, story)
    twin.control("reset", {})
    twin.robot()
    twin.switch(**answer)
    assert post(sender(twin)) == Delivery(Outcome.DELIVERED, "0")


def test_the_address_that_dingtalk_sees_is_named(twin: Client) -> None:
    assert "127.0.0.1" in assert_becomes(twin, STORIES["other address"]).reason


def test_a_used_up_month_lasts_until_it_ends_in_china(twin: Client) -> None:
    now = datetime.now(UTC)
    delivery = assert_becomes(twin, STORIES["month used up"])
    assert delivery.after is not None
    # a second of rounding, because the connector's clock was read a moment later
    end = (now + delivery.after + timedelta(seconds=1)).astimezone(ZoneInfo("Asia/Shanghai"))
    assert (end.day, end.hour, end.minute) == (1, 0, 0)
    assert delivery.after <= timedelta(days=31)


BY_CODE = {
    -1: Outcome.RETRY,
    404: WRONG,
    40035: Outcome.REFUSED,
    43002: Outcome.REFUSED,
    43004: Outcome.REFUSED,
    90020: Outcome.THROTTLED,
    90030: Outcome.THROTTLED,
    130101: Outcome.THROTTLED,
    410100: Outcome.THROTTLED,
    300001: WRONG,
    300005: WRONG,
    310000: WRONG,
    400013: WRONG,
    400101: WRONG,
    400102: WRONG,
    400105: Outcome.REFUSED,
    400106: WRONG,
    400402: Outcome.REFUSED,
    430102: Outcome.REFUSED,
    460101: Outcome.TOO_LARGE,
}


@pytest.mark.parametrize("as_string", [False, True])
@pytest.mark.parametrize(("code", "outcome"), BY_CODE.items())
def test_each_code_as_a_number_and_as_a_text(twin: Client, code: int, outcome: Outcome, as_string: bool) -> None:
    twin.switch(errcode_as_string=as_string)
    twin.control("fail", {"errcode": code})
    delivery = post(sender(twin))
    assert (delivery.outcome, delivery.code) == (outcome, str(code))
    assert post(sender(twin)).outcome is Outcome.DELIVERED


def test_no_code_of_the_twin_is_left_out() -> None:
    written = {each.errcode for each in vars(refusals).values() if isinstance(each, Refusal)}
    switched = {value for answer in OTHER_ANSWERS for value in answer.values() if type(value) is int}
    assert written | switched <= BY_CODE.keys()


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize(
    ("minutes", "outcome", "says"),
    [(59, Outcome.DELIVERED, ""), (-59, Outcome.DELIVERED, ""), (61, WRONG, "clock"), (-61, WRONG, "clock")],
)
def test_a_clock_may_be_wrong_by_an_hour(twin: Client, wording: str, minutes: int, outcome: Outcome, says: str) -> None:
    twin.switch(wording=wording)
    twin.control(ROBOT, {"secret": "SECx"}, method="PATCH")
    delivery = post(sender(twin, skew=timedelta(minutes=minutes), secret="SECx"))
    assert delivery.outcome is outcome
    assert says in delivery.reason


@pytest.mark.parametrize("wording", WORDINGS)
def test_a_wrong_secret_is_not_taken_for_a_wrong_clock(twin: Client, wording: str) -> None:
    twin.switch(wording=wording)
    twin.control(ROBOT, {"secret": "SECx"}, method="PATCH")
    assert "signature does not match" in post(sender(twin, secret="SECy")).reason


@pytest.mark.parametrize("answer", [{}, {"throttled_errcode": 410100}, {"window": "fixed"}, {"block_extends": True}])
def test_the_twenty_first_message_in_a_minute_stops_the_robot(twin: Client, answer: dict[str, Any]) -> None:
    twin.switch(**answer)
    robot = sender(twin)
    codes = [post(robot, key=f"key-{number}").code for number in range(20)]
    last = [post(robot, key=f"key-{number}") for number in (20, 21)]
    assert codes == ["0"] * 20
    assert {(each.outcome, each.after) for each in last} == {(Outcome.THROTTLED, BLOCK)}
    assert [each.code for each in last] == ["130101", str(answer.get("throttled_errcode", 130101))]
    assert len(shown(twin)) == 20


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"status": 500, "body": "<html>x</html>"}, Outcome.UNKNOWN),
        ({"status": 502, "body": {"errcode": 0}}, Outcome.UNKNOWN),
        ({"status": 200, "body": "ok"}, Outcome.UNKNOWN),
        ({"status": 200, "body": "<html>x</html>"}, Outcome.THROTTLED),
        ({"status": 413}, Outcome.TOO_LARGE),
        ({"status": 429}, Outcome.THROTTLED),
        ({"status": 407, "body": "<html>proxy</html>"}, WRONG),
        ({"status": 302, "headers": {"location": "https://login.example.com"}}, WRONG),
        ({"status": 200, "body": {"errcode": 88, "sub_code": "90018", "errmsg": "x"}}, Outcome.THROTTLED),
        ({"drop": True}, Outcome.UNKNOWN),
        ({"hang": 1.0}, Outcome.UNKNOWN),
    ],
    ids=str,
)
def test_what_the_way_to_dingtalk_does(twin: Client, fault: dict[str, Any], outcome: Outcome) -> None:
    twin.control("faults", fault)
    delivery = post(sender(twin, timeouts={"connect": "300ms", "read": "300ms"}))
    assert delivery.outcome is outcome
    assert delivery.reason


@pytest.mark.parametrize("fault", [{"after": True}, {"after": True, "status": 502, "body": "bad gateway"}], ids=str)
def test_a_message_whose_answer_was_lost_is_shown_once_when_sent_again(twin: Client, fault: dict[str, Any]) -> None:
    robot = sender(twin)
    frozen = robot.freeze(draft(), "key-1")
    twin.control("faults", fault)
    assert [robot.send(frozen).outcome for _attempt in range(2)] == [Outcome.UNKNOWN, Outcome.DELIVERED]
    assert [row["msgUuid"] for row in shown(twin)] == ["key-1"]
