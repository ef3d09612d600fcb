"""The control API: what it tells, and what it refuses."""

from __future__ import annotations

import re

import pytest

from connectors.dingtalk.sandbox import create
from connectors.dingtalk.sandbox.shown import ChatLog
from connectors.dingtalk.sandbox.switches import AppSwitches, Switches
from tests.connectors.dingtalk.sandbox.served import Client


def test_the_demo_has_three_groups_with_a_signed_robot_each(twin: Client) -> None:
    page = twin.control("")
    demo = [robot for robot in page["robots"] if robot["id"] != "plain"]
    assert [group["name"] for group in page["groups"]] == ["Sales Hong Kong", "Management", "Operations"]
    assert {robot["group"] for robot in demo} == {group["id"] for group in page["groups"]}
    for robot in demo:
        assert robot["webhook"] == f"{twin.base}/robot/send?access_token={robot['token']}"
        assert re.fullmatch(r"SEC[0-9a-f]{64}", robot["secret"])
        assert twin.send(token=robot["token"], secret=robot["secret"])["errcode"] == 0
    assert len(twin.texts()) == 3


def test_it_is_described_without_being_served() -> None:
    twin = create()
    assert twin.name == "dingtalk"
    assert twin.describe("http://127.0.0.1:9")["robots"][0]["webhook"].startswith("http://127.0.0.1:9/robot/send?")


def test_messages_are_paged_by_index(twin: Client) -> None:
    for number in range(5):
        twin.text(f"m{number}")
    page = twin.control("messages?group=cid-management&after=1&limit=2")
    assert page["count"] == 5
    assert [(row["index"], row["text"]) for row in page["messages"]] == [(2, "m1"), (3, "m2")]
    assert twin.control("messages?group=cid-operations")["messages"] == []


def test_arrivals_tell_time_and_outcome(twin: Client) -> None:
    twin.text("one", msgUuid="k")
    twin.text("one", msgUuid="k")
    twin.send({})
    page = twin.control("arrivals?robot=plain")
    rows = page["arrivals"]
    assert [(row["n"], row["outcome"], row["errcode"]) for row in rows] == [
        (1, "shown", 0),
        (2, "replayed", 0),
        (3, "refused", 40035),
    ]
    assert rows[0]["monotonic"] <= rows[1]["monotonic"] <= rows[2]["monotonic"]
    assert rows[0]["at"] == pytest.approx(rows[2]["at"], abs=5)
    assert len(twin.control("arrivals?robot=plain&after=2")["arrivals"]) == 1
    assert twin.control("stats")["arrivals"] == {"plain": 3}


def test_groups_people_and_robots_can_be_added(twin: Client) -> None:
    twin.control("users", {"id": "u-gil", "name": "Gil Ho", "mobile": "13800000007"})
    twin.control("groups", {"id": "cid-new", "name": "New", "members": ["u-gil"]})
    robot = twin.control("robots", {"group": "cid-new", "name": "CRM"})
    assert twin.send(token=robot["token"])["errcode"] == 0
    assert twin.texts("cid-new") == ["hello"]


def test_a_new_token_replaces_the_old_one(twin: Client) -> None:
    twin.control("robots/plain", {"token": "n" * 64}, method="PATCH")
    assert twin.send()["errcode"] == 400101
    assert twin.send(token="n" * 64)["errcode"] == 0


@pytest.mark.parametrize(
    ("path", "body", "method", "status"),
    [
        ("switches", {"no_such": 1}, "POST", 400),
        ("switches", {"window": "other"}, "POST", 400),
        ("robots/plain", {"limits": {"count": "many"}}, "PATCH", 400),
        ("robots/nobody", {}, "PATCH", 404),
        ("robots", {"group": "cid-none"}, "POST", 404),
        ("robots", {"group": "cid-management", "id": "plain"}, "POST", 409),
        ("robots", {"group": "cid-management", "token": "t" * 64}, "POST", 409),
        ("robots/plain", {"group": "cid-none"}, "PATCH", 404),
        ("robots/plain", {"ips": ["300.0.0.1"]}, "PATCH", 400),
        ("fail", {}, "POST", 400),
        ("messages?after=x", None, "GET", 400),
    ],
)
def test_a_wrong_request_is_told_so(twin: Client, path: str, body: object, method: str, status: int) -> None:
    reply = twin.http.request(method, f"{twin.base}/__sandbox/{path}", json=body, timeout=10)
    assert reply.status_code == status


def test_each_switch_names_its_own_assumption(twin: Client) -> None:
    rows = twin.control("switches")["switches"]
    assert {row["name"] for row in rows} == {*Switches.__struct_fields__, *AppSwitches.__struct_fields__}
    assert len({row["assumption"] for row in rows}) == len(rows)
    assert all(row["value"] == row["default"] and row["says"] for row in rows)
    twin.switch(window="fixed", click_field="value")
    changed = [row for row in twin.control("switches")["switches"] if row["value"] != row["default"]]
    assert {row["name"]: row["value"] for row in changed} == {"window": "fixed", "click_field": "value"}


def test_the_documented_times_and_numbers_are_the_defaults(twin: Client) -> None:
    settings = twin.control("settings")
    documented = {
        "token_life_s": 7200,
        "ticket_life_s": 90,
        "stream_grace_s": 10,
        "ack_timeout_s": 3,
        "card_timeout_s": 2,
        "http_timeout_s": 2.5,
        "http_retries_s": [10, 30],
        "recall_window_s": 86_400,
        "terminate_after_s": 15,
        "notices_a_day": 500,
        "notices_to_all_a_day": 3,
        "notice_receivers_a_minute": 5000,
        "qps": 20,
    }
    assert {name: settings[name] for name in documented} == documented
    assert settings["event_retries_s"][0] == settings["ack_timeout_s"]
    assert twin.control("robots")["robots"][0]["limits"] == {"count": 20, "window": 60, "block": 600}


def test_a_reset_forgets_everything(twin: Client) -> None:
    twin.text("one")
    twin.switch(msg_uuid=False)
    twin.control("fail", {"errcode": -1})
    twin.control("reset", {})
    assert twin.control("stats")["shown"] == 0
    assert twin.texts() == []
    assert all(row["value"] == row["default"] for row in twin.control("switches")["switches"])
    assert twin.send()["errcode"] == 400101


def test_an_answer_can_be_lost_after_the_message_was_shown(twin: Client) -> None:
    twin.control("faults", {"path": "^/robot/send$", "after": True, "status": 502, "body": "bad gateway"})
    url = f"{twin.base}/robot/send?access_token={'t' * 64}"
    message = {"msgtype": "text", "text": {"content": "once"}, "msgUuid": "k"}
    assert twin.http.post(url, json=message, timeout=10).status_code == 502
    assert twin.send(message)["errcode"] == 0
    assert twin.texts() == ["once"]


def test_the_log_keeps_the_last_messages_by_index() -> None:
    log = ChatLog(kept=3)
    for number in range(5):
        log.show(group="g", robot="r", at=0.0, raw=b"%d" % number)
    assert [(one.index, one.raw) for one in log.since(0)] == [(3, b"2"), (4, b"3"), (5, b"4")]
    assert [one.index for one in log.since(4)] == [5]
    assert (log.count, log.count_in("g"), len(log.tail("g"))) == (5, 5, 5)
