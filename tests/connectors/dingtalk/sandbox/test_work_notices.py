"""Work notices: accepted at once, and what became of them afterwards."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App

PATH = "/topapi/message/corpconversation"
TEXT = {"msgtype": "text", "text": {"content": "Stock of P-200 is low"}}
OA = {
    "msgtype": "oa",
    "oa": {
        "message_url": "https://erp.example/1",
        "head": {"bgcolor": "FFBBBBBB", "text": "ERP"},
        "status_bar": {"status_value": "Open", "status_bg": "0xFFF65E5E"},
        "body": {
            "title": "SO-1042",
            "form": [{"key": "Amount", "value": "HKD 1"}],
            "rich": {"num": "100", "unit": "units"},
        },
    },
}


def _send(app: App, message: object = None, users: str = "u-amy", **more: object) -> dict[str, Any]:
    body = {"agent_id": app.facts["agent_id"], "userid_list": users, "msg": message or TEXT, **more}
    return app.old(f"{PATH}/asyncsend_v2", {name: value for name, value in body.items() if value is not None})


def _result(app: App, task: int) -> dict[str, Any]:
    told: dict[str, Any] = app.old(f"{PATH}/getsendresult", {"agent_id": app.facts["agent_id"], "task_id": task})
    return dict(told["send_result"])


def _chat(app: App, user: str) -> str:
    return f"work:{app.facts['agent_id']}:{user}"


def test_a_notice_reaches_people_and_is_read(app: App) -> None:
    task = _send(app, users="u-amy,u-ben,u-none")["task_id"]
    assert app.twin.texts(_chat(app, "u-amy")) == ["Stock of P-200 is low"]
    app.twin.control("read", {"user": "u-amy", "conversation": _chat(app, "u-amy")})
    told = _result(app, task)
    assert (told["read_user_id_list"], told["unread_user_id_list"]) == (["u-amy"], ["u-ben"])
    assert told["invalid_user_id_list"] == ["u-none"]


def test_the_same_content_twice_in_a_day_succeeds_and_does_not_arrive(app: App) -> None:
    first, second = _send(app), _send(app)
    assert (first["errcode"], second["errcode"]) == (0, 0)
    told = _result(app, second["task_id"])
    assert told["forbidden_list"] == [{"code": "143106", "count": 1, "userid": "u-amy"}]
    assert told["forbidden_user_id_list"] == ["u-amy"]
    assert len(app.twin.texts(_chat(app, "u-amy"))) == 1
    other = {"msgtype": "text", "text": {"content": "Stock of P-200 is low (2)"}}
    assert _result(app, _send(app, other)["task_id"])["unread_user_id_list"] == ["u-amy"]


def test_the_day_of_identical_content_ends(app: App) -> None:
    app.twin.control("settings", {"notice_day_s": 0.2})
    _send(app)
    time.sleep(0.25)
    assert _result(app, _send(app)["task_id"])["unread_user_id_list"] == ["u-amy"]


def test_more_than_a_days_share_is_dropped(app: App) -> None:
    app.twin.control("settings", {"notices_a_day": 1})
    _send(app)
    told = _result(app, _send(app, {"msgtype": "text", "text": {"content": "another"}})["task_id"])
    assert told["forbidden_list"][0]["code"] == "143105"


def test_too_many_receivers_in_a_minute_and_too_many_sends_to_all(app: App) -> None:
    app.twin.control("settings", {"notice_receivers_a_minute": 1, "notices_to_all_a_day": 0})
    told = _result(app, _send(app, users="u-amy,u-ben")["task_id"])
    assert told["forbidden_list"] == [{"code": "143103", "count": 1, "userid": "u-ben"}]
    told = _result(app, _send(app, users="", to_all_user=True)["task_id"])
    assert {row["code"] for row in told["forbidden_list"]} == {"143105"}
    assert (len(told["forbidden_list"]), told["unread_user_id_list"]) == (6, [])


def test_failures_can_be_armed(app: App) -> None:
    app.twin.control("notices/trouble", {"fate": "failed", "user": "u-amy"})
    app.twin.control("notices/trouble", {"fate": "forbidden", "user": "u-ben", "code": 1430002})
    told = _result(app, _send(app, users="u-amy,u-ben,u-chen")["task_id"])
    assert (told["failed_user_id_list"], told["unread_user_id_list"]) == (["u-amy"], ["u-chen"])
    assert told["forbidden_list"][0]["code"] == "1430002"


def test_a_result_takes_its_time(app: App) -> None:
    app.twin.control("settings", {"notice_settle_s": 0.4})
    task = _send(app)["task_id"]
    asked = {"agent_id": app.facts["agent_id"], "task_id": task}
    assert app.old(f"{PATH}/getsendprogress", asked)["progress"] == {"progress_in_percent": 50, "status": 1}
    assert _result(app, task)["unread_user_id_list"] == []
    time.sleep(0.45)
    assert app.old(f"{PATH}/getsendprogress", asked)["progress"]["status"] == 2
    assert _result(app, task)["unread_user_id_list"] == ["u-amy"]


def test_departments_with_what_is_below_and_everybody(app: App) -> None:
    task = _send(app, users="", dept_id_list="10,99")["task_id"]
    told = _result(app, task)
    assert (told["unread_user_id_list"], told["invalid_dept_id_list"]) == (["u-ben", "u-chen"], [99])
    other = {"msgtype": "text", "text": {"content": "to all"}}
    assert len(_result(app, _send(app, other, users="", to_all_user=True)["task_id"])["unread_user_id_list"]) == 6


def test_a_form_may_carry_the_message_as_text(app: App) -> None:
    form = {"agent_id": app.facts["agent_id"], "userid_list": "u-amy", "msg": json.dumps(TEXT)}
    address = f"{app.twin.base}{PATH}/asyncsend_v2?access_token={app.token}"
    assert app.twin.http.post(address, data=form, timeout=10).json()["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"agent_id": 1}, 40056),
        ({"userid_list": ""}, 41052),
        ({"userid_list": ",".join(f"u-{n}" for n in range(101))}, 40035),
        ({"dept_id_list": ",".join(map(str, range(21)))}, 40035),
        ({"msg": "x"}, 40035),
        ({"msg": {"msgtype": "other"}}, 40008),
        ({"msg": {"msgtype": "markdown", "markdown": {"text": "x"}}}, 40035),
        ({"msg": {"msgtype": "text", "text": {"content": "x" * 2048}}}, 34016),
        ({"msg": OA, "userid_list": "a,b,c,d,e,f"}, 40035),
        ({"msg": OA, "to_all_user": True}, 40035),
    ],
)
def test_what_is_refused(app: App, body: dict[str, object], errcode: int) -> None:
    good = {"agent_id": app.facts["agent_id"], "userid_list": "u-amy", "msg": TEXT}
    assert app.old(f"{PATH}/asyncsend_v2", {**good, **body})["errcode"] == errcode


def test_the_status_bar_of_an_oa_notice_changes(app: App) -> None:
    task = _send(app, OA)["task_id"]
    row = app.twin.control(f"messages?group={_chat(app, 'u-amy')}")["messages"][0]
    assert "> Open" in row["text"]
    assert "### 100 units" in row["text"]
    agent = app.facts["agent_id"]
    change = {"agent_id": agent, "task_id": task, "status_value": "Released", "status_bg": "0xFF78C06E"}
    assert app.old(f"{PATH}/status_bar/update", change)["errcode"] == 0
    assert "> Released" in app.twin.texts(_chat(app, "u-amy"))[0]
    text = _send(app)["task_id"]
    assert app.old(f"{PATH}/status_bar/update", {**change, "task_id": text})["errcode"] == 40035
    assert app.old(f"{PATH}/status_bar/update", {**change, "status_value": ""})["errcode"] == 41052


def test_an_action_card_with_buttons(app: App) -> None:
    buttons = [{"title": "Open", "action_url": "https://erp.example/1"}]
    card = {"title": "SO", "markdown": "**x**", "btn_orientation": "1", "btn_json_list": buttons}
    _send(app, {"msgtype": "action_card", "action_card": card})
    row = app.twin.control(f"messages?group={_chat(app, 'u-amy')}")["messages"][0]
    assert row["buttons"] == [{"title": "Open", "url": "https://erp.example/1"}]


def test_a_recall(app: App) -> None:
    task, agent = _send(app)["task_id"], app.facts["agent_id"]
    assert app.old(f"{PATH}/recall", {"agent_id": agent, "msg_task_id": 1})["errcode"] == 400002
    assert app.old(f"{PATH}/recall", {"agent_id": agent, "msg_task_id": task})["errcode"] == 0
    assert app.twin.control("messages")["messages"][0]["recalled"] is True


def test_a_result_is_not_kept_for_ever(app: App) -> None:
    app.twin.control("settings", {"notice_result_kept_s": 0})
    told = app.old(f"{PATH}/getsendresult", {"agent_id": app.facts["agent_id"], "task_id": _send(app)["task_id"]})
    assert told["errcode"] == -1
