"""The twin's clock put forward: what ends after minutes, hours and days ends at once."""

from __future__ import annotations

import time

import pytest
from pytest_httpserver import HTTPServer

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.streaming import streaming

MINUTE, HOUR, DAY = 60, 3_600, 86_400
NOTICE = "/topapi/message/corpconversation/asyncsend_v2"


def _forward(app: App, seconds: float) -> None:
    app.twin.control("clock", {"seconds": seconds})


def test_it_tells_where_it_stands_and_a_reset_puts_it_back(app: App) -> None:
    _forward(app, HOUR)
    _forward(app, HOUR)
    told = app.twin.control("clock")
    assert told["ahead"] == 2 * HOUR
    assert told["now"] == pytest.approx(time.time() + 2 * HOUR, abs=30)
    app.twin.control("clock", {"seconds": -1}, status=400)
    app.twin.control("reset", {})
    assert app.twin.control("clock")["ahead"] == 0


def test_a_token_ends(app: App) -> None:
    _forward(app, 2 * HOUR + 1)
    assert app.new("GET", "workflow/processInstances")[1]["code"] == "InvalidAuthentication"
    app.token = app.fresh_token()
    assert app.refused("GET", "workflow/processInstances") == "processInstanceIdError"


def test_a_message_can_no_longer_be_recalled_or_asked_about(app: App) -> None:
    key = app.send("u-amy")["processQueryKey"]
    _forward(app, DAY + 1)
    app.token = app.fresh_token()
    body = {"robotCode": app.id, "processQueryKeys": [key]}
    told = app.done("POST", "robot/otoMessages/batchRecall", body)
    assert told["failedResult"] == {key: "robot.processQueryKey.expired"}
    asked = {"robotCode": app.id, "processQueryKey": key}
    assert app.refused("GET", "robot/oToMessages/readStatus", **asked) == "processQueryKey.expireTime"


def test_the_same_notice_arrives_again_the_next_day(app: App) -> None:
    body = {
        "agent_id": app.facts["agent_id"],
        "userid_list": "u-amy",
        "msg": {"msgtype": "text", "text": {"content": "x"}},
    }
    app.old(NOTICE, body)
    app.old(NOTICE, body)
    chat = f"work:{app.facts['agent_id']}:u-amy"
    assert app.twin.texts(chat) == ["x"]
    _forward(app, DAY + 1)
    app.token = app.fresh_token()
    app.old(NOTICE, body)
    assert app.twin.texts(chat) == ["x", "x"]


def test_the_block_of_a_custom_robot_ends_and_signatures_stay_good(app: App) -> None:
    app.twin.control("robots/plain", {"secret": "SEC1"}, "PATCH")
    codes = [app.twin.send(secret="SEC1")["errcode"] for _ in range(21)]
    assert codes[-1] == 130101
    _forward(app, 10 * MINUTE + 1)
    assert app.twin.send(secret="SEC1")["errcode"] == 0


def test_a_new_month_begins_with_nothing_used(app: App) -> None:
    app.twin.control("settings", {"monthly_quota": 1, "monthly_calls": 1})
    assert [app.twin.text("x")["errcode"] for _ in range(2)] == [0, 90030]
    app.send("u-amy")
    body = app.group_message("cid-management")
    assert app.refused("POST", "robot/groupMessages/send", body).endswith("ApiCountLimitForOrg")
    _forward(app, 31 * DAY)
    app.token = app.fresh_token()
    assert app.twin.text("y")["errcode"] == 0
    app.send_to("cid-management")


def test_an_event_without_an_answer_comes_again_when_its_wait_is_over(app: App) -> None:
    app.twin.control("settings", {"ack_timeout_s": 0.1, "event_retries_s": [HOUR]})
    with streaming(app) as stream:
        app.twin.control("events", {"type": "org_change", "data": {"n": 1}})
        first = stream.frame()
        assert stream.quiet()
        _forward(app, HOUR)
        again = stream.frame()
        assert again["headers"]["eventId"] == first["headers"]["eventId"]
        stream.ack(again)


def test_pushes_over_http_are_tried_again_and_fail_without_waiting(app: App, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/events").respond_with_data("no", 500)
    body = {"url": httpserver.url_for("/events"), "token": "tok123", "aes_key": "a" * 43, "check": False}
    app.twin.control(f"apps/{app.id}/callback", body)
    app.twin.control("events", {"type": "org_change", "data": {}})
    for attempts in (1, 2, 3):
        deadline = time.monotonic() + 5
        while len(httpserver.log) < attempts and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(httpserver.log) == attempts
        # the push that was just seen may not be over yet
        time.sleep(0.2)
        _forward(app, 30)
    told = app.old("/call_back/get_call_back_failed_result", method="GET")
    assert [row["call_back_tag"] for row in told["failed_list"]] == ["org_change"]


def test_an_approval_can_be_withdrawn_after_fifteen_seconds(app: App) -> None:
    started = {
        "processCode": "PROC-SANDBOX-ORDER",
        "originatorUserId": "u-ben",
        "deptId": -1,
        "formComponentValues": [{"name": "Order", "value": "SO-1042"}],
    }
    id_ = app.done("POST", "workflow/processInstances", started)["instanceId"]
    body = {"processInstanceId": id_, "isSystem": False, "operatingUserId": "u-ben"}
    assert app.refused("POST", "workflow/processInstances/terminate", body) == "aflowProcessInstStatusException"
    _forward(app, 15)
    assert app.done("POST", "workflow/processInstances/terminate", body)["result"] is True
