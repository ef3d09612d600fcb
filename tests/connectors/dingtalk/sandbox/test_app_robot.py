"""The robot of an application: to people, to groups, recalls, who has read, and what people write to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.connectors.dingtalk.sandbox.app import App

SEND = "robot/oToMessages/batchSend"
RECALL = "robot/otoMessages/batchRecall"


def _status(app: App, key: str) -> dict[str, Any]:
    return app.done("GET", "robot/oToMessages/readStatus", robotCode=app.id, processQueryKey=key)


def test_messages_to_people_with_partial_success(app: App) -> None:
    app.twin.control("settings", {"flow_controlled": ["u-ben"]})
    told = app.send("u-amy", "u-ben", "u-none")
    assert (told["invalidStaffIdList"], told["flowControlledStaffIdList"]) == (["u-none"], ["u-ben"])
    assert app.twin.texts(app.chat("u-amy")) == ["hello"]
    assert app.twin.texts(app.chat("u-ben")) == []


def test_nothing_makes_a_second_send_the_same(app: App) -> None:
    assert app.send("u-amy")["processQueryKey"] != app.send("u-amy")["processQueryKey"]
    assert app.twin.texts(app.chat("u-amy")) == ["hello", "hello"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"userIds": [f"u-{n}" for n in range(21)]}, "invalidParameter.userIds.overMax"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "none"}, "invalidParameter.robotCode.notExsit"),
        ({"msgKey": ""}, "invalidParameter.msgKey.empty"),
        ({"msgKey": "sampleFeedCard"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": {"content": "x"}}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": '{"content":'}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "{}"}, "invalidParameter.param.invalid"),
        ({"msgParam": json.dumps({"content": "x" * 15_000})}, "invalidParameter.msgParam.tooLong"),
    ],
)
def test_what_is_refused(app: App, change: dict[str, object], code: str) -> None:
    good = {"robotCode": app.id, "userIds": ["u-amy"], "msgKey": "sampleText", "msgParam": '{"content":"x"}'}
    assert app.refused("POST", SEND, {**good, **change}) == code
    assert app.twin.texts(app.chat("u-amy")) == []


@pytest.mark.parametrize(
    ("key", "param", "msgtype", "buttons"),
    [
        ("sampleMarkdown", {"title": "t", "text": "**x**"}, "markdown", []),
        ("sampleImageMsg", {"photoURL": "@media"}, "image", []),
        ("sampleLink", {"title": "t", "text": "x", "picUrl": "p", "messageUrl": "u"}, "link", ["t"]),
        (
            "sampleActionCard",
            {"title": "t", "text": "x", "singleTitle": "Open", "singleURL": "u"},
            "actionCard",
            ["Open"],
        ),
        (
            "sampleActionCard2",
            {"title": "t", "text": "x", "actionTitle1": "A", "actionURL1": "u", "actionTitle2": "B", "actionURL2": "u"},
            "actionCard",
            ["A", "B"],
        ),
        (
            "sampleActionCard6",
            {"title": "t", "text": "x", "buttonTitle1": "A", "buttonUrl1": "u", "buttonTitle2": "B", "buttonUrl2": "u"},
            "actionCard",
            ["A", "B"],
        ),
        ("sampleFile", {"mediaId": "@m", "fileName": "a.pdf", "fileType": "pdf"}, "text", []),
    ],
)
def test_message_types(app: App, key: str, param: dict[str, str], msgtype: str, buttons: list[str]) -> None:
    app.send_to("cid-management", key=key, **param)
    row = app.twin.control("messages?group=cid-management")["messages"][0]
    assert (row["msgtype"], [one["title"] for one in row["buttons"]]) == (msgtype, buttons)
    assert row["robot"] == app.id


def test_a_robot_of_an_application_mentions_nobody(app: App) -> None:
    app.send_to("cid-management", content="@13800000004 look")
    assert app.twin.control("messages?group=cid-management")["messages"][0]["mentions"]["users"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"disbanded": True}, "group.disbanded"),
        ({"robots": []}, "resource.not.found"),
        ({"outsiders": [{"id": "x", "name": "X"}]}, "conversation.org.notMatch"),
    ],
)
def test_groups_that_cannot_be_written_to(app: App, change: dict[str, object], code: str) -> None:
    app.twin.control("groups/cid-management", change, method="PATCH")
    assert app.refused("POST", "robot/groupMessages/send", app.group_message("cid-management")) == code
    assert (
        app.refused("POST", "robot/groupMessages/send", app.group_message("cid-none")) == "invalid.openConversationId"
    )


def test_a_robot_that_came_with_a_cool_app_names_it(app: App) -> None:
    body = app.group_message("cid-operations")
    assert app.refused("POST", "robot/groupMessages/send", body) == "invalidParameter.robotCode.coolApp"
    app.done("POST", "robot/groupMessages/send", {**body, "coolAppCode": "COOLAPP-1-SANDBOX"})
    assert app.twin.texts("cid-operations") == ["hello"]


def test_the_robot_of_another_application(app: App) -> None:
    app.twin.control("apps", {"client_id": "second", "client_secret": "s", "agent_id": 7})
    body = {**app.group_message("cid-management"), "robotCode": "second"}
    assert app.refused("POST", "robot/groupMessages/send", body) == "invalidParameter.robotCode.auth"
    assert app.twin.texts() == []


def test_a_robot_that_was_stopped(app: App) -> None:
    body = {"robotCode": app.id, "userIds": ["u-amy"], "msgKey": "sampleText", "msgParam": '{"content":"x"}'}
    app.twin.control(f"apps/{app.id}", {"robot": "no_single_chats"}, method="PATCH")
    assert app.refused("POST", SEND, body) == "chatbotId.notAllow.sendOTO"
    app.twin.control(f"apps/{app.id}", {"robot": "stopped"}, method="PATCH")
    assert app.refused("POST", SEND, body) == "bot.stopped"


def test_moderation(app: App) -> None:
    app.twin.control("settings", {"moderated_words": ["forbidden"]})
    body = app.group_message("cid-management", content="a forbidden word")
    assert app.refused("POST", "robot/groupMessages/send", body) == "contain.notAllowed.text"


def test_recalls(app: App) -> None:
    single, group = app.send("u-amy")["processQueryKey"], app.send_to("cid-management")["processQueryKey"]
    told = app.done("POST", RECALL, {"robotCode": app.id, "processQueryKeys": [single, "none", group]})
    assert told["successResult"] == [single]
    assert told["failedResult"] == {"none": "invalid.processQueryKey", group: "invalid.processQueryKey"}
    body = {"robotCode": app.id, "openConversationId": "cid-management", "processQueryKeys": [group]}
    assert app.done("POST", "robot/groupMessages/recall", body)["successResult"] == [group]
    rows = app.twin.control("messages")["messages"]
    assert [row["recalled"] for row in rows] == [True, True]
    assert _status(app, single)["sendStatus"] == "RECALLED"


def test_a_recall_that_comes_too_late_or_names_too_many(app: App) -> None:
    app.twin.control("settings", {"recall_window_s": 0})
    key = app.send("u-amy")["processQueryKey"]
    told = app.done("POST", RECALL, {"robotCode": app.id, "processQueryKeys": [key]})
    assert told["failedResult"] == {key: "robot.processQueryKey.expired"}
    many = {"robotCode": app.id, "processQueryKeys": ["k"] * 21}
    assert app.refused("POST", RECALL, many) == "invalidParameter.processQueryKeys.overMax"


def test_who_has_read(app: App) -> None:
    key = app.send("u-amy", "u-ben")["processQueryKey"]
    app.twin.control("read", {"user": "u-amy", "conversation": app.chat("u-amy")})
    told = _status(app, key)
    assert told["sendStatus"] == "SUCCESS"
    assert {row["userId"]: row["readStatus"] for row in told["messageReadInfoList"]} == {
        "u-amy": "READ",
        "u-ben": "UNREAD",
    }
    group = app.send_to("cid-management")["processQueryKey"]
    for user in ("u-dora", "u-amy"):
        app.twin.control("read", {"user": user, "conversation": "cid-management"})
    asked = {"robotCode": app.id, "openConversationId": "cid-management", "processQueryKey": group, "maxResults": 1}
    first = app.done("POST", "robot/groupMessages/query", asked)
    rest = app.done("POST", "robot/groupMessages/query", {**asked, "nextToken": first["nextToken"]})
    assert (first["readUserIds"], first["hasMore"], rest["readUserIds"]) == (["u-dora"], True, ["u-amy"])
    event = app.twin.control("events?type=robot_msg_read")["events"][0]["data"]
    assert (event["userId"], event["processQueryKey"]) == ("u-amy", key)


def test_a_key_is_not_known_at_once_or_for_ever(app: App) -> None:
    app.twin.control("settings", {"query_key_delay_s": 60})
    key = app.send("u-amy")["processQueryKey"]
    asked = {"robotCode": app.id, "processQueryKey": key}
    assert app.refused("GET", "robot/oToMessages/readStatus", **asked) == "processQueryKey.expireTime"
    app.twin.switch(sent_status="SUCESS")
    app.twin.control("settings", {"query_key_delay_s": 0})
    assert _status(app, key)["sendStatus"] == "SUCESS"


def test_words_are_posted_and_signed_and_the_answer_is_shown(app: App, httpserver: HTTPServer) -> None:
    answer = {"msgtype": "text", "text": {"content": "One moment"}}
    httpserver.expect_request("/robot").respond_with_json(answer)
    given = {"mode": "http", "robot_url": httpserver.url_for("/robot")}
    app.twin.control(f"apps/{app.id}", given, method="PATCH")
    assert app.twin.control("say", {"user": "u-amy", "text": "status SO-1042"})["outcome"] == "pushed"
    deadline = time.monotonic() + 5
    while len(app.twin.texts(app.chat("u-amy"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert app.twin.texts(app.chat("u-amy")) == ["status SO-1042", "One moment"]
    request = httpserver.log[0][0]
    timestamp = request.headers["timestamp"]
    digest = hmac.digest(app.secret.encode(), f"{timestamp}\n{app.secret}".encode(), hashlib.sha256)
    assert request.headers["sign"] == base64.b64encode(digest).decode()
    body = request.json
    assert (body["conversationType"], body["senderStaffId"], body["robotCode"]) == ("1", "u-amy", app.id)
    assert (body["msgtype"], body["text"]) == ("text", {"content": "status SO-1042"})
    assert body["sessionWebhookExpiredTime"] - body["createAt"] == pytest.approx(5_400_000, abs=1000)


def test_above_the_months_pushes_words_are_posted_without_content(app: App, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robot").respond_with_json({"msgtype": "empty"})
    given = {"mode": "http", "robot_url": httpserver.url_for("/robot")}
    app.twin.control(f"apps/{app.id}", given, method="PATCH")
    app.twin.control("settings", {"monthly_quota": 1})
    for text in ("first", "second"):
        app.twin.control("say", {"user": "u-amy", "text": text})
    deadline = time.monotonic() + 5
    while len(httpserver.log) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    bodies = {body.get("errorCode", ""): body for body in (request.json for request, _ in httpserver.log)}
    assert bodies[""]["text"] == {"content": "first"}
    assert set(bodies["20001"]) == {"errorCode", "errorMessage", "conversationId", "robotCode"}


def _session(app: App, httpserver: HTTPServer, **say: object) -> str:
    httpserver.expect_request("/robot").respond_with_json({"msgtype": "empty"})
    app.twin.control(f"apps/{app.id}", {"mode": "http", "robot_url": httpserver.url_for("/robot")}, method="PATCH")
    app.twin.control("say", {"user": "u-amy", "text": "status", **say})
    deadline = time.monotonic() + 5
    while not httpserver.log and time.monotonic() < deadline:
        time.sleep(0.02)
    return str(httpserver.log[0][0].json["sessionWebhook"])


def test_a_session_webhook_answers_into_the_group_until_it_is_over(app: App, httpserver: HTTPServer) -> None:
    app.twin.control("settings", {"session_life_s": 1.0})
    address = _session(app, httpserver, group="cid-management")
    message = {"msgtype": "markdown", "markdown": {"title": "t", "text": "SO-1042 is shipped"}}
    assert app.twin.http.post(address, json=message, timeout=10).json()["errcode"] == 0
    assert app.twin.texts("cid-management") == ["@dingbridge status", "SO-1042 is shipped"]
    assert app.twin.http.post(address, json={"msgtype": "other"}, timeout=10).json()["errcode"] == 400105
    time.sleep(1.0)
    assert app.twin.http.post(address, json=message, timeout=10).json()["errcode"] == 300001
    app.twin.switch(expired_session=400002)
    assert app.twin.http.post(address, json=message, timeout=10).json()["errcode"] == 400002


def test_an_outsider_has_no_userid(app: App, httpserver: HTTPServer) -> None:
    app.twin.control(
        "groups/cid-sales-hk/members", {"outsiders": [{"id": "x-zoe", "name": "Zoe", "unionid": "union-zoe"}]}
    )
    _session(app, httpserver, user="union-zoe", group="cid-sales-hk")
    body = httpserver.log[0][0].json
    assert (body["senderUnionId"], body["senderNick"]) == ("union-zoe", "Zoe")
    assert "senderStaffId" not in body


def test_in_a_group_the_robot_hears_only_what_mentions_it(app: App) -> None:
    say = {"user": "u-amy", "text": "lunch?", "group": "cid-management", "mention": False}
    assert app.twin.control("say", say)["outcome"].startswith("shown in the group")
    assert app.twin.texts("cid-management") == ["lunch?"]


def test_without_a_connection_words_are_lost(app: App) -> None:
    assert app.twin.control("say", {"user": "u-amy", "text": "status"})["outcome"].startswith("lost")


def test_who_is_not_in_the_group_cannot_write_there(app: App) -> None:
    app.twin.control("say", {"user": "u-ben", "text": "x", "group": "cid-management"}, status=409)
    assert app.twin.texts("cid-management") == []
