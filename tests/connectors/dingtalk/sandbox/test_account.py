"""What the control API tells of calls: which wrote what and when, and how often each was called in a month."""

from __future__ import annotations

import time
from typing import Any

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.streaming import streaming

CARDS = "/v1.0/card/instances"
APPROVALS = "/v1.0/workflow/processInstances"
MONTH_S = 31 * 86_400


def _writes(app: App, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    rows: list[dict[str, Any]] = app.twin.control(f"writes?{asked}")["writes"]
    return rows


def _calls(app: App) -> list[dict[str, dict[str, int]]]:
    return [month["apis"] for month in app.twin.control("calls")["months"].values()]


def test_cards_that_were_made_and_changed_with_their_time(app: App) -> None:
    before = time.time()
    app.put_card("one")
    app.put_card("two")
    change = {"outTrackId": "one", "cardData": {"cardParamMap": {"state": "done"}}}
    app.done("PUT", "card/instances", change)
    app.refused("PUT", "card/instances", {**change, "outTrackId": "none"})
    rows = _writes(app, id="one")
    assert [row["api"] for row in rows] == [f"POST {CARDS}/createAndDeliver", f"PUT {CARDS}"]
    assert before <= rows[0]["at"] <= rows[1]["at"] <= time.time()
    assert rows[0]["monotonic"] <= rows[1]["monotonic"]
    assert {row["app"] for row in rows} == {app.id}
    assert [row["ids"] for row in _writes(app, api=f"POST {CARDS}/createAndDeliver")] == [["one"], ["two"]]


def test_approvals_and_what_was_decided(app: App) -> None:
    values = [{"name": "Amount", "value": "1"}, {"name": "Reason", "value": "Stock"}]
    app.twin.control(
        "processes", {"code": "PROC-1", "name": "Order", "components": [{"name": "Amount"}, {"name": "Reason"}]}
    )
    body = {"processCode": "PROC-1", "originatorUserId": "u-ben", "formComponentValues": values}
    approvers = [{"actionType": "NONE", "userIds": ["u-amy"]}]
    id_ = app.done("POST", "workflow/processInstances", {**body, "approvers": approvers})["instanceId"]
    task = app.done("GET", "workflow/processInstances", processInstanceId=id_)["result"]["tasks"][0]["taskId"]
    act = {"processInstanceId": id_, "taskId": task, "actionerUserId": "u-amy", "result": "agree"}
    app.done("POST", "workflow/processInstances/execute", act)
    assert [row["api"] for row in _writes(app, id=id_)] == [f"POST {APPROVALS}", f"POST {APPROVALS}/execute"]
    shown = app.twin.control("approvals")["approvals"][0]
    assert (shown["app"], shown["at"]) == (app.id, _writes(app)[0]["at"])


def test_messages_notices_and_recalls(app: App) -> None:
    key = app.send("u-amy", "u-ben")["processQueryKey"]
    app.done("POST", "robot/otoMessages/batchRecall", {"robotCode": app.id, "processQueryKeys": [key]})
    sent = {
        "agent_id": app.facts["agent_id"],
        "userid_list": "u-amy",
        "msg": {"msgtype": "text", "text": {"content": "x"}},
    }
    task = app.old("/topapi/message/corpconversation/asyncsend_v2", sent)["task_id"]
    rows = _writes(app)
    assert [(row["n"], row["ids"]) for row in rows] == [(1, [key]), (2, [key]), (3, [str(task)])]
    assert _writes(app, after="2") == rows[2:]
    assert _writes(app, limit="1") == rows[:1]


def test_what_one_person_can_read(app: App) -> None:
    app.twin.text("to management")
    app.send("u-amy", "u-ben", content="to two")
    app.send_to("cid-sales-hk", content="to sales")
    key = app.send("u-amy", content="taken back")["processQueryKey"]
    app.done("POST", "robot/otoMessages/batchRecall", {"robotCode": app.id, "processQueryKeys": [key]})
    app.put_card(imGroupOpenDeliverModel={"robotCode": app.id, "recipients": ["u-dora"]})

    def read_by(user: str) -> list[str]:
        return [row["text"] for row in app.twin.control(f"messages?reader={user}")["messages"]]

    assert read_by("u-amy") == ["to management", "to two", "to sales"]
    assert read_by("u-ben") == ["to two", "to sales"]
    assert read_by("u-dora") == ["to management", "[Card]"]
    assert read_by("u-fang") == []
    assert [row["at"] for row in app.twin.control("messages?reader=u-ben")["messages"]] == sorted(
        row["at"] for row in app.twin.control("messages?reader=u-ben")["messages"]
    )


def test_calls_are_counted_by_api_and_month(app: App) -> None:
    app.send("u-amy")
    app.refused("POST", "robot/oToMessages/batchSend", {})
    app.old("/topapi/v2/user/get", {"userid": "u-amy"})
    app.twin.control("clock", {"seconds": MONTH_S})
    app.token = app.fresh_token()
    app.send("u-amy")
    first, second = _calls(app)
    send = "POST /v1.0/robot/oToMessages/batchSend"
    assert first[send] == {"calls": 2, "done": 1, "paid": 1}
    assert first["POST /topapi/v2/user/get"] == {"calls": 1, "done": 1, "paid": 0}
    assert first["POST /v1.0/oauth2/accessToken"]["paid"] == 0
    assert second[send] == {"calls": 1, "done": 1, "paid": 1}
    assert [month["paid"] for month in app.twin.control("calls")["months"].values()] == [1, 1]


def test_webhook_messages_and_pushes_are_counted_together(app: App) -> None:
    app.twin.text("one")
    app.twin.send({})
    app.twin.control("say", {"user": "u-amy", "text": "status"})
    app.twin.control("events", {"type": "org_change"})
    (month,) = app.twin.control("calls")["months"].values()
    assert month["apis"]["POST /robot/send"] == {"calls": 2, "done": 1, "paid": 0}
    assert (month["paid"], month["pushes"]) == (0, 2)
    assert app.twin.control("stats")["quota_used"] == 2


def test_a_throttled_call_came_and_is_not_charged(app: App) -> None:
    app.twin.control("settings", {"qps": 1})
    app.send("u-amy")
    assert app.new("POST", "robot/oToMessages/batchSend", {})[0] == 403
    assert _calls(app)[0]["POST /v1.0/robot/oToMessages/batchSend"] == {"calls": 2, "done": 1, "paid": 1}
    assert len(_writes(app)) == 1


def test_a_reply_by_a_session_webhook_is_a_write(app: App) -> None:
    with streaming(app) as stream:
        app.twin.control("say", {"user": "u-amy", "text": "status"})
        url = stream.frame()["data"]["sessionWebhook"]
    app.twin.http.post(url, json={"msgtype": "text", "text": {"content": "shipped"}}, timeout=10)
    shown = app.twin.control("messages")["messages"][-1]
    assert [(row["api"], row["ids"], row["app"]) for row in _writes(app)] == [
        ("POST /robot/sendBySession", [str(shown["index"])], app.id)
    ]
