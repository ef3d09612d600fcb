"""The robot in the chat of two people, by a cool app; and a message that a person takes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.streaming import streaming

CHAT, COOL = "cid-amy-ben", "COOLAPP-2-SANDBOX"
PATH = "robot/privateChatMessages"


@pytest.fixture(autouse=True)
def chat(app: App) -> None:
    body = {
        "id": CHAT,
        "name": "Amy Wong, Ben Lau",
        "kind": "private",
        "members": ["u-amy", "u-ben"],
        "cool_app": COOL,
        "app": app.id,
        "robots": [app.id],
    }
    app.twin.control("groups", body)


def _body(app: App, **more: object) -> dict[str, Any]:
    return {**app.group_message(CHAT), "coolAppCode": COOL, **more}


def test_both_see_it_and_who_has_read_it_is_told(app: App) -> None:
    key = app.done("POST", f"{PATH}/send", _body(app))["processQueryKey"]
    assert app.twin.texts(CHAT) == ["hello"]
    app.twin.control("read", {"user": "u-ben", "conversation": CHAT})
    asked = {"robotCode": app.id, "openConversationId": CHAT, "processQueryKey": key}
    told = app.done("POST", f"{PATH}/query", asked)
    assert (told["sendStatus"], told["readUserIds"], told["hasMore"]) == ("SUCCESS", ["u-ben"], False)


def test_it_is_recalled(app: App) -> None:
    key = app.done("POST", f"{PATH}/send", _body(app))["processQueryKey"]
    body = {"robotCode": app.id, "openConversationId": CHAT, "processQueryKeys": [key, "none"]}
    told = app.done("POST", f"{PATH}/batchRecall", body)
    assert told == {"successResult": [key], "failedResult": {"none": "invalid.processQueryKey"}}
    assert app.twin.control(f"messages?group={CHAT}")["messages"][0]["recalled"] is True


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"coolAppCode": ""}, "invalidParameter.robotCode.coolApp"),
        ({"coolAppCode": "COOLAPP-1-SANDBOX"}, "invalidParameter.robotCode.coolApp"),
        ({"openConversationId": ""}, "miss.openConversationId"),
        ({"openConversationId": "cid-management"}, "invalid.openConversationId"),
    ],
)
def test_what_is_refused(app: App, change: dict[str, object], code: str) -> None:
    assert app.refused("POST", f"{PATH}/send", _body(app, **change)) == code


def test_the_chat_of_two_people_is_no_group(app: App) -> None:
    body = app.group_message(CHAT)
    assert app.refused("POST", "robot/groupMessages/send", body) == "invalid.openConversationId"
    members = {"openConversationId": CHAT, "maxResults": 10}
    assert app.refused("POST", "im/sceneGroups/members/batchQuery", members) == "cidEncryptError"


def test_a_card_between_two_people(app: App) -> None:
    space = f"dtv1.card//IM_SINGLE.{CHAT}"
    told = app.put_card(openSpaceId=space, imSingleOpenSpaceModel={}, imSingleOpenDeliverModel={"robotCode": app.id})
    assert [row["success"] for row in told["deliverResults"]] == [True]
    assert app.twin.control("press", {"user": "u-amy", "card": "card-1", "action": "approve"})["outcome"]
    wrong = {"openSpaceId": "dtv1.card//IM_SINGLE.cid-management", "imSingleOpenDeliverModel": {"robotCode": app.id}}
    other = app.put_card("card-2", imSingleOpenSpaceModel={}, **wrong)
    assert other["deliverResults"][0]["errorMsg"] == "spaceId is illegal"


def test_an_owner_takes_a_robots_message_back_and_the_application_hears_of_it(app: App) -> None:
    key = app.send_to("cid-management")["processQueryKey"]
    app.twin.control("recall", {"user": "u-dora", "key": key}, status=409)
    with streaming(app) as stream:
        app.twin.control("recall", {"user": "u-amy", "key": key})
        frame = stream.frame()
        stream.ack(frame)
    assert frame["headers"]["eventType"] == "robot_msg_recall"
    assert (frame["data"]["userId"], frame["data"]["processQueryKey"]) == ("u-amy", key)
    assert app.twin.control("messages?group=cid-management")["messages"][0]["recalled"] is True
