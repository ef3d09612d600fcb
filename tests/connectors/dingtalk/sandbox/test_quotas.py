"""Limits by second, minute and month, and the block of an address, each in the form of both hosts."""

from __future__ import annotations

import time

from tests.connectors.dingtalk.sandbox.app import App

QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"


def _codes(app: App, count: int) -> list[str]:
    replies = [app.new("POST", "im/innerGroups/members/check", {"openConversationId": "x"}) for _ in range(count)]
    return [told["code"] for _status, told in replies]


def test_the_21st_call_of_a_second_is_refused_as_if_a_right_were_missing(app: App) -> None:
    replies = [app.new("GET", "workflow/processInstances", processInstanceId="none") for _ in range(21)]
    assert [status for status, _told in replies] == [400] * 20 + [403]
    assert replies[-1][1]["code"] == QPS
    time.sleep(1)
    assert app.refused("GET", "workflow/processInstances", processInstanceId="none") == "processInstanceNotExist"


def test_the_limit_is_of_one_application_and_one_call(app: App) -> None:
    app.twin.control("settings", {"qps": 1})
    other = {"client_id": "second", "client_secret": "s", "agent_id": 7}
    app.twin.control("apps", other)
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 0
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["sub_code"] == "90018"
    assert app.old("/topapi/user/listid", {"dept_id": 1})["errcode"] == 0
    second = App(
        app.twin, token=app.done("POST", "oauth2/accessToken", {"appKey": "second", "appSecret": "s"})["accessToken"]
    )
    assert second.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 0


def test_the_old_host_in_both_forms(app: App) -> None:
    app.twin.control("settings", {"qps": 0})
    told = app.old("/topapi/v2/user/get", {"userid": "u-amy"})
    assert (told["errcode"], told["sub_code"]) == (88, "90018")
    app.twin.switch(throttled_by="errcode")
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 90018


def test_the_minute_and_the_platform(app: App) -> None:
    app.twin.control("settings", {"qpm": 2, "qps": None})
    assert _codes(app, 3)[-1] == "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"
    app.twin.control("settings", {"platform_qps": 0})
    assert _codes(app, 1) == ["Forbidden.AccessDenied.QpsLimitForApi"]
    assert app.old("/topapi/user/listid", {"dept_id": 1})["sub_code"] == "90002"


def test_the_month_counts_what_is_paid_and_was_done(app: App) -> None:
    app.twin.control("settings", {"monthly_calls": 2})
    app.old("/topapi/v2/user/get", {"userid": "u-amy"})
    app.refused("POST", "robot/oToMessages/batchSend", {})
    app.send("u-amy")
    app.send_to("cid-management")
    assert app.twin.control("stats")["calls_used"] == 2
    body = app.group_message("cid-management")
    assert app.refused("POST", "robot/groupMessages/send", body) == "Forbidden.AccessDenied.ApiCountLimitForOrg"
    sent = app.old("/topapi/message/corpconversation/asyncsend_v2", {})
    assert (sent["errcode"], sent["sub_code"]) == (88, "90020")
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 0


def test_whether_refused_calls_count_is_a_switch(app: App) -> None:
    app.twin.switch(failures_count=True)
    app.refused("POST", "robot/oToMessages/batchSend", {})
    assert app.twin.control("stats")["calls_used"] == 1


def test_an_edition_sets_the_documented_numbers(app: App) -> None:
    told = app.twin.control("edition", {"name": "standard"})
    assert (told["qps"], told["monthly_calls"], told["monthly_quota"]) == (20, 5000, 3000)
    assert app.twin.control("edition", {"name": "professional"})["qps"] == 40


def test_a_blocked_address_is_blocked_everywhere(app: App) -> None:
    app.twin.control("throttle", {"form": "html"})
    reply = app.twin.http.get(f"{app.twin.base}/v1.0/workflow/processInstances", timeout=10)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html")
    assert "deny" in reply.text


def test_too_many_calls_of_an_address_block_it(app: App) -> None:
    app.twin.control("settings", {"address_limit": 3})
    replies = [app.old("/topapi/user/listid", {"dept_id": 1}) for _ in range(4)]
    assert [reply.get("punish") for reply in replies] == [None, None, None, "deny"]
    assert app.twin.text("x")["punish"] == "deny"
