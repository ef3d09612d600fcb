"""The limits of a robot: 20 a minute, the block, idempotency keys, the month's quota; and armed refusals."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dingtalk.sandbox.company import Limits
from connectors.dingtalk.sandbox.switches import Switches
from connectors.dingtalk.sandbox.throttle import Window
from tests.connectors.dingtalk.sandbox.served import Client

SHORT = {"count": 3, "window": 0.3, "block": 0.4}
TOO_FAST = {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}


def _codes(twin: Client, count: int) -> list[int]:
    return [twin.text(f"m{n}")["errcode"] for n in range(count)]


def test_the_21st_message_of_a_minute_is_refused_and_blocks_the_robot(twin: Client) -> None:
    assert _codes(twin, 20) == [0] * 20
    assert twin.text("the 21st") == TOO_FAST
    assert twin.text("and on") == TOO_FAST
    assert len(twin.texts()) == 20
    assert twin.control("stats")["refused"] == {"130101": 2}


def test_another_robot_of_the_group_is_not_blocked(twin: Client) -> None:
    _codes(twin, 21)
    twin.robot(id="second", token="2" * 64)
    assert twin.send(token="2" * 64)["errcode"] == 0


def test_during_the_block_the_other_code_is_a_switch(twin: Client) -> None:
    twin.switch(throttled_errcode=410100)
    assert _codes(twin, 22)[20:] == [130101, 410100]


def test_the_block_ends(twin: Client) -> None:
    twin.control("robots/plain", {"limits": SHORT}, method="PATCH")
    assert _codes(twin, 4) == [0, 0, 0, 130101]
    time.sleep(0.45)
    assert twin.text("again")["errcode"] == 0


def test_over_http_no_window_holds_more_than_the_limit(twin: Client) -> None:
    count, window = 5, 0.2
    twin.control("robots/plain", {"limits": {"count": count, "window": window, "block": 0.05}}, method="PATCH")
    pauses = random.Random(7)
    for number in range(60):
        twin.text(f"m{number}")
        time.sleep(pauses.choice([0, 0, 0.01, 0.06]))
    arrivals = twin.control("arrivals?robot=plain")["arrivals"]
    shown = [row["monotonic"] for row in arrivals if row["outcome"] == "shown"]
    assert {row["errcode"] for row in arrivals} == {0, 130101}
    assert all(sum(last - window < one <= last for one in shown) <= count for last in shown)
    assert len(twin.texts()) == len(shown)


ARRIVALS = st.lists(st.floats(0, 0.3), min_size=1, max_size=80)


def _accepted(gaps: Sequence[float], limits: Limits, switches: Switches) -> tuple[list[float], list[float]]:
    window, now = Window(), 100.0
    accepted: list[float] = []
    refused: list[float] = []
    for gap in gaps:
        now += gap
        (refused if window.refused(now, limits, switches) else accepted).append(now)
    return accepted, refused


@given(ARRIVALS, st.integers(1, 5))
def test_no_window_holds_more_than_the_limit(gaps: list[float], count: int) -> None:
    accepted, refused = _accepted(gaps, Limits(count, 1.0, 2.0), Switches())
    assert all(sum(start - 1.0 < one <= start for one in accepted) <= count for start in accepted)
    first = refused[0] if refused else None
    assert first is None or sum(first - 1.0 < one <= first for one in accepted) == count
    assert first is None or not any(first < one < first + 2.0 for one in accepted)


def test_a_fixed_window_lets_two_bursts_meet() -> None:
    gaps = [0.0, 0.9, 0.0, 0.2, 0.0, 0.0]
    sliding, _ = _accepted(gaps, Limits(3, 1.0, 5.0), Switches())
    fixed, _ = _accepted(gaps, Limits(3, 1.0, 5.0), Switches(window="fixed"))
    assert (len(sliding), len(fixed)) == (4, 6)


def test_a_block_can_start_again_with_each_message() -> None:
    limits, gaps = Limits(1, 0.1, 1.0), [0.0, 0.01, 0.9, 0.9]
    once, _ = _accepted(gaps, limits, Switches())
    again, _ = _accepted(gaps, limits, Switches(block_extends=True))
    assert (len(once), len(again)) == (2, 1)


def test_refused_messages_count_by_a_switch(twin: Client) -> None:
    twin.control("robots/plain", {"limits": {"count": 2, "window": 60, "block": 60}}, method="PATCH")
    twin.switch(refused_count=True)
    assert [twin.send({})["errcode"] for _ in range(2)] == [40035, 40035]
    assert twin.text("third")["errcode"] == 130101


def test_a_repeated_key_shows_nothing_more(twin: Client) -> None:
    assert [twin.text(t, msgUuid="k")["errcode"] for t in ("one", "two")] == [0, 0]
    assert twin.text("three", msgUuid="other")["errcode"] == 0
    assert twin.texts() == ["one", "three"]
    assert twin.control("stats")["replayed"] == 1


def test_a_key_is_forgotten_after_its_window(twin: Client) -> None:
    twin.control("settings", {"msg_uuid_window_s": 0.05})
    twin.text("one", msgUuid="k")
    time.sleep(0.1)
    twin.text("one", msgUuid="k")
    assert twin.texts() == ["one", "one"]


def test_without_the_promise_every_send_shows(twin: Client) -> None:
    twin.switch(msg_uuid=False)
    twin.text("one", msgUuid="k")
    twin.text("one", msgUuid="k")
    assert twin.texts() == ["one", "one"]


@pytest.mark.parametrize(("counts", "errcode"), [(True, 130101), (False, 0)])
def test_whether_a_repeated_key_counts_is_a_switch(twin: Client, counts: bool, errcode: int) -> None:
    twin.switch(replays_count=counts)
    twin.control("robots/plain", {"limits": {"count": 1, "window": 60, "block": 60}}, method="PATCH")
    twin.text("one", msgUuid="k")
    assert twin.text("one", msgUuid="k")["errcode"] == errcode


def test_a_refused_message_does_not_use_up_its_key(twin: Client) -> None:
    twin.control("fail", {"errcode": -1})
    assert twin.text("one", msgUuid="k") == {"errcode": -1, "errmsg": "系统繁忙"}
    assert twin.text("one", msgUuid="k")["errcode"] == 0
    assert twin.texts() == ["one"]


def test_the_month_is_used_up(twin: Client) -> None:
    twin.control("settings", {"monthly_quota": 2})
    assert _codes(twin, 3) == [0, 0, 90030]
    assert twin.control("stats")["quota_used"] == 2
    twin.switch(quota_errcode=90020)
    assert twin.text("x")["errcode"] == 90020


def test_moderation_refuses_a_word(twin: Client) -> None:
    twin.control("settings", {"moderated_words": ["forbidden"]})
    assert twin.text("a forbidden word")["errcode"] == 430102
    assert twin.text("fine")["errcode"] == 0
    assert twin.texts() == ["fine"]


def test_an_armed_refusal_strikes_one_robot_for_a_time(twin: Client) -> None:
    twin.robot(id="second", token="2" * 64)
    twin.control("fail", {"errcode": 430104, "robot": "second", "seconds": 0.2})
    assert twin.text("x")["errcode"] == 0
    assert [twin.send(token="2" * 64)["errcode"] for _ in range(2)] == [430104, 430104]
    time.sleep(0.25)
    assert twin.send(token="2" * 64)["errcode"] == 0


def test_a_blocked_address_gets_a_body_without_errcode(twin: Client) -> None:
    twin.control("throttle", {"seconds": 0.2})
    reply = twin.text("x")
    assert {key: reply[key] for key in ("status", "wait", "source", "punish")} == {
        "status": 1111,
        "wait": 5,
        "source": "x5",
        "punish": "deny",
    }
    assert "errcode" not in reply
    time.sleep(0.25)
    assert twin.text("x")["errcode"] == 0


def test_a_blocked_address_may_get_html_or_a_code(twin: Client) -> None:
    twin.control("throttle", {"form": "errcode"})
    assert twin.text("x")["errcode"] == 130101
    twin.control("throttle", {"form": "html"})
    reply = twin.http.post(f"{twin.base}/robot/send?access_token={'t' * 64}", json={}, timeout=10)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html")


def test_a_robot_can_be_throttled_at_once(twin: Client) -> None:
    assert twin.control("throttle", {"robot": "plain"}) == {"blocked_for": 600.0}
    assert twin.text("x") == TOO_FAST


def test_errcode_may_be_a_string(twin: Client) -> None:
    twin.switch(errcode_as_string=True)
    assert twin.text("x") == {"errcode": "0", "errmsg": "ok"}
    assert twin.send({})["errcode"] == "40035"
