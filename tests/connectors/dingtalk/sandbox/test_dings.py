"""DING: messages that insist, and what they cost."""

from __future__ import annotations

import pytest

from tests.connectors.dingtalk.sandbox.app import App

SEND, RECALL = "robot/ding/send", "robot/ding/recall"


def _body(app: App, *people: str, way: int = 1, **more: object) -> dict[str, object]:
    return {"robotCode": app.id, "remindType": way, "receiverUserIdList": [*people], "content": "Stock is out", **more}


def test_a_ding_reaches_people_and_names_whom_it_did_not(app: App) -> None:
    told = app.done("POST", SEND, _body(app, "u-amy", "u-none"))
    assert told["failedList"] == {"invalid.staffId": ["u-none"]}
    assert app.twin.texts(app.chat("u-amy")) == ["[DING] Stock is out"]


def test_a_ding_is_taken_back(app: App) -> None:
    id_ = app.done("POST", SEND, _body(app, "u-amy"))["openDingId"]
    assert app.done("POST", RECALL, {"robotCode": app.id, "openDingId": id_}) == {"openDingId": id_}
    assert [row["recalled"] for row in app.twin.control("messages")["messages"]] == [True]
    assert app.refused("POST", RECALL, {"robotCode": app.id, "openDingId": "none"}) == "recall.ding.exception"


def test_sms_and_telephone_are_bought(app: App) -> None:
    assert app.refused("POST", SEND, _body(app, "u-amy", way=2)) == "ding.serverquota.insufficient"
    app.twin.control("settings", {"paid_dings": 2})
    app.done("POST", SEND, _body(app, "u-amy", "u-ben", way=3))
    assert app.refused("POST", SEND, _body(app, "u-amy", way=3)) == "ding.serverquota.insufficient"
    assert app.twin.texts(app.chat("u-ben")) == ["[DING by telephone] Stock is out"]


@pytest.mark.parametrize(
    ("people", "change", "code"),
    [
        ([], {}, "miss.staffId"),
        ([f"u-{n}" for n in range(201)], {}, "ding.receivercount.limit"),
        ([f"u-{n}" for n in range(21)], {"remindType": 2}, "ding.receivercount.limit"),
        (["u-amy"], {"remindType": 4}, "invalidParameter.param.invalid"),
        (["u-amy"], {"content": ""}, "invalidParameter.param.invalid"),
        (["u-amy"], {"robotCode": "none"}, "invalid.chatbotId"),
    ],
)
def test_what_is_refused(app: App, people: list[str], change: dict[str, object], code: str) -> None:
    assert app.refused("POST", SEND, _body(app, *people) | change) == code


def test_it_needs_its_own_right(app: App) -> None:
    app.twin.control(f"apps/{app.id}", {"lacks": ["Premium.Ding.Write"]}, "PATCH")
    assert app.refused("POST", SEND, _body(app, "u-amy")).endswith("AccessTokenPermissionDenied")
