"""Interactive cards: made, delivered, changed, pressed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from connectors.dingtalk.sandbox.cards.clicks import signature
from tests.connectors.dingtalk.sandbox.app import TEMPLATE, App
from tests.connectors.dingtalk.sandbox.streaming import CLICKS, Stream, streaming

CARDS = "card/instances"
PRESS = {"user": "u-amy", "card": "card-1", "action": "approve"}


@pytest.fixture
def hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def _press(app: App, hands: ThreadPoolExecutor, **change: object) -> Future[Any]:
    return hands.submit(lambda: App(app.twin, token=app.token).twin.control("press", {**PRESS, **change}))


def _answer(stream: Stream, response: object) -> dict[str, Any]:
    frame = stream.frame()
    stream.ack(frame, {"response": response})
    return frame


def test_a_card_in_a_group_is_seen_with_each_persons_own_data(app: App) -> None:
    told = app.put_card()
    result = told["deliverResults"][0]
    assert (told["outTrackId"], result["success"], result["spaceType"]) == ("card-1", True, "IM_GROUP")
    assert result["carrierId"]
    amy, dora = app.seen("card-1", "u-amy"), app.seen("card-1", "u-dora")
    assert (amy["title"], amy["body"]) == ("SO-1042", "Release **HKD 480,000**?")
    assert [one["label"] for one in amy["buttons"]] == ["Approve", "Reject"]
    assert dora["buttons"] == []


def test_a_card_in_two_steps(app: App) -> None:
    body = app.card()
    assert app.done("POST", CARDS, body)["result"] == "card-1"
    assert app.twin.control("messages")["messages"] == []
    told = app.done("POST", f"{CARDS}/deliver", body)
    assert [row["success"] for row in told["result"]] == [True]
    assert app.twin.control("messages")["messages"][0]["kind"] == "card"


def test_a_card_in_a_persons_chat_with_the_robot(app: App) -> None:
    app.put_card(
        openSpaceId="dtv1.card//im_robot.u-amy",
        imRobotOpenSpaceModel={"supportForward": False},
        imRobotOpenDeliverModel={"spaceType": "IM_ROBOT", "robotCode": app.id},
    )
    assert app.twin.control("messages")["messages"][0]["group"] == app.chat("u-amy")


def test_unionids_instead_of_userids(app: App) -> None:
    app.put_card(
        openSpaceId="dtv1.card//IM_ROBOT.union-u-amy",
        imRobotOpenSpaceModel={"supportForward": False},
        imRobotOpenDeliverModel={"spaceType": "IM_ROBOT", "robotCode": app.id},
        privateData={"union-u-amy": {"cardParamMap": {"may_decide": "true"}}},
        userIdType=2,
    )
    assert len(app.seen("card-1", "u-amy")["buttons"]) == 2


def test_one_space_may_fail_while_another_gets_the_card(app: App) -> None:
    spaces = "dtv1.card//IM_GROUP.cid-management;IM_GROUP.cid-none;CO_FEED.u-amy"
    results = app.put_card(openSpaceId=spaces)["deliverResults"]
    assert [row["success"] for row in results] == [True, False, False]
    assert results[1]["errorMsg"] == "spaceId is illegal"
    app.twin.control("groups/cid-sales-hk", {"robots": []}, method="PATCH")
    failed = app.put_card("card-2", openSpaceId="dtv1.card//IM_GROUP.cid-sales-hk")["deliverResults"][0]
    assert (failed["success"], failed["errorMsg"]) == (False, "robot is not in the group")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"cardTemplateId": ""}, "param.cardTemplateIdEmpty"),
        ({"cardTemplateId": "none"}, "param.templateNotExist"),
        ({"cardTemplateId": "sandbox-draft.schema"}, "param.templateUnpublished"),
        ({"openSpaceId": ""}, "param.openSpaceIdEmpty"),
        ({"openSpaceId": "cid-management"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//NO_SPACE.x"}, "param.openSpaceIdInvalid"),
        ({"imGroupOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"cardData": {"cardParamMap": {"amount": 480000}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"body": "x" * 1025}}}, "param.invalid"),
        ({"privateData": {"u-none": {"cardParamMap": {}}}}, "param.userIdNotExist"),
    ],
)
def test_what_is_refused(app: App, change: dict[str, object], code: str) -> None:
    assert app.refused("POST", f"{CARDS}/createAndDeliver", {**app.card(), **change}) == code
    assert app.twin.control("messages")["messages"] == []


def test_words_that_are_forbidden_in_cards(app: App) -> None:
    app.twin.control("settings", {"moderated_words": ["forbidden"]})
    body = app.card(cardData={"cardParamMap": {"body": "a forbidden word"}})
    assert app.refused("POST", f"{CARDS}/createAndDeliver", body) == "param.contentUnsafe"
    app.put_card()
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"body": "forbidden"}}}
    assert app.refused("PUT", CARDS, change) == "param.contentUnsafe"
    assert app.seen("card-1", "u-amy")["updates"] == 0


def test_an_id_makes_one_card(app: App) -> None:
    app.put_card()
    assert app.refused("POST", f"{CARDS}/createAndDeliver", app.card()) == "param.cardAlreadyExist"
    app.twin.switch(used_out_track_id="ignored", delivered_again="once")
    other = app.put_card(cardData={"cardParamMap": {"title": "Other"}})
    assert other["deliverResults"][0]["success"] is True
    assert app.seen("card-1", "u-amy")["title"] == "SO-1042"
    assert len(app.twin.control("messages")["messages"]) == 1


def test_long_values_may_be_accepted(app: App) -> None:
    app.twin.switch(long_card_values="accepted")
    assert app.put_card(cardData={"cardParamMap": {"body": "x" * 5000}})["outTrackId"]


def test_a_space_needs_its_part_at_creation(app: App) -> None:
    body = app.card()
    del body["imGroupOpenSpaceModel"]
    app.done("POST", CARDS, body)
    told = app.done("POST", f"{CARDS}/deliver", body)["result"][0]
    assert (told["success"], told["errorMsg"]) == (False, "spaces of card is empty")
    app.twin.switch(space_model_needed=False)
    assert app.done("POST", f"{CARDS}/deliver", body)["result"][0]["success"] is True


def test_recipients_and_quiet_cards(app: App) -> None:
    notification = {"alertContent": "An order waits", "notificationOff": True}
    app.put_card(
        imGroupOpenSpaceModel={"notification": notification},
        imGroupOpenDeliverModel={"robotCode": app.id, "recipients": ["u-dora"], "atUserIds": {"u-dora": "Dora Ip"}},
    )
    delivery = app.seen("card-1", "u-dora")["deliveries"][0]
    assert (delivery["quiet"], delivery["alert"], delivery["at"]) == (True, "An order waits", {"u-dora": "Dora Ip"})
    assert app.twin.control("messages")["messages"][0]["only"] == ["u-dora"]
    app.twin.control("press", PRESS, status=409)
    app.twin.switch(recipients_restrict=False)
    app.put_card("card-2", imGroupOpenDeliverModel={"robotCode": app.id, "recipients": ["u-dora"]})
    assert app.twin.control("messages")["messages"][1]["only"] == []


def test_private_data_needs_a_flagged_variable(app: App) -> None:
    private = {"u-amy": {"cardParamMap": {"title": "For Amy"}}}
    app.put_card(privateData=private)
    assert app.seen("card-1", "u-amy")["title"] == "SO-1042"
    app.twin.switch(private_needs_flag=False)
    app.put_card("card-2", privateData=private)
    assert app.seen("card-2", "u-amy")["title"] == "For Amy"


def test_an_update_by_key_and_one_of_everything(app: App) -> None:
    app.put_card()
    by_key = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"state": "released"}}}
    assert app.done("PUT", CARDS, {**change, "cardUpdateOptions": by_key}) == {"success": True, "result": True}
    seen = app.seen("card-1", "u-amy")
    assert (seen["title"], seen["data"]["state"], seen["buttons"]) == ("SO-1042", "released", [])
    app.done("PUT", CARDS, change)
    assert app.seen("card-1", "u-amy")["title"] == ""


def test_wrong_updates(app: App) -> None:
    app.put_card()
    assert app.refused("PUT", CARDS, {"outTrackId": "card-1"}) == "param.cardDataAndPrivateDataBothEmpty"
    change = {"outTrackId": "none", "cardData": {"cardParamMap": {"x": "1"}}}
    assert app.refused("PUT", CARDS, change) == "param.cardNotExist"
    half = {**change, "outTrackId": "card-1", "privateData": {"u-none": {"cardParamMap": {}}}}
    assert app.refused("PUT", CARDS, half) == "param.userIdNotExist"
    assert "x" not in app.seen("card-1", "u-amy")["data"]


def test_streaming_text_into_a_card(app: App) -> None:
    app.put_card()
    for text, full in (("a", True), ("b", False)):
        body = {"outTrackId": "card-1", "guid": "g", "key": "body", "content": text, "isFull": full}
        app.done("PUT", "card/streaming", body)
    assert app.seen("card-1", "u-amy")["body"] == "ab"


def test_a_press_by_stream_shows_its_answer_to_one_person_and_an_update_to_all(
    app: App, hands: ThreadPoolExecutor
) -> None:
    app.put_card()
    with streaming(app) as stream:
        pressed = _press(app, hands)
        response = {
            "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
            "cardData": {"cardParamMap": {"state": "working"}},
            "userPrivateData": {"cardParamMap": {"may_decide": "false"}},
        }
        frame = _answer(stream, response)
        assert pressed.result(5)["outcome"] == "answered"
        data = frame["data"]
        assert (frame["headers"]["topic"], data["type"]) == (CLICKS, "actionCallback")
        assert (data["outTrackId"], data["userId"], data["spaceId"]) == ("card-1", "u-amy", "cid-management")
        assert json.loads(data["content"]) == {
            "cardPrivateData": {"actionIds": ["approve"], "params": {"action": "approve"}}
        }
    assert app.seen("card-1", "u-amy")["data"]["state"] == "working"
    assert app.seen("card-1", "u-dora")["data"]["state"] == "pending"
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"state": "released"}}}
    app.done("PUT", CARDS, {**change, "cardUpdateOptions": {"updateCardDataByKey": True}})
    assert [app.seen("card-1", user)["data"]["state"] for user in ("u-amy", "u-dora")] == ["released", "released"]


def test_the_answer_may_be_seen_by_everybody(app: App, hands: ThreadPoolExecutor) -> None:
    app.twin.switch(answer_seen_by="everybody")
    app.put_card()
    with streaming(app) as stream:
        pressed = _press(app, hands)
        _answer(
            stream,
            {"cardUpdateOptions": {"updateCardDataByKey": True}, "cardData": {"cardParamMap": {"state": "working"}}},
        )
        pressed.result(5)
    assert app.seen("card-1", "u-dora")["data"]["state"] == "working"


@pytest.mark.parametrize(("name", "fields"), [("value", {"value"}), ("both", {"value", "content"})])
def test_the_fields_other_name(app: App, hands: ThreadPoolExecutor, name: str, fields: set[str]) -> None:
    app.twin.switch(click_field=name)
    app.put_card()
    with streaming(app) as stream:
        pressed = _press(app, hands)
        assert set(_answer(stream, None)["data"]) & {"value", "content"} == fields
        pressed.result(5)


def test_who_answers_too_late_is_not_heard(app: App) -> None:
    app.twin.control("settings", {"card_timeout_s": 0.2})
    app.put_card()
    with streaming(app) as stream:
        assert app.twin.control("press", PRESS)["outcome"] == "no answer in time"
        _answer(stream, {"cardData": {"cardParamMap": {"state": "late"}}})
        time.sleep(0.1)
    assert app.seen("card-1", "u-amy")["data"]["state"] == "pending"
    assert app.twin.control("press", PRESS)["outcome"] == "no answer in time"


def test_an_update_inside_the_callback_is_noted(app: App, hands: ThreadPoolExecutor) -> None:
    app.put_card()
    with streaming(app) as stream:
        pressed = _press(app, hands)
        frame = stream.frame()
        app.done("PUT", CARDS, {"outTrackId": "card-1", "cardData": {"cardParamMap": {"state": "x"}}})
        stream.ack(frame, {"response": None})
        pressed.result(5)
    assert app.seen("card-1", "u-amy")["updated_in_callback"] == 1


def test_ten_presses_are_ten_callbacks(app: App, hands: ThreadPoolExecutor) -> None:
    app.put_card()
    with streaming(app) as stream:
        pressed = _press(app, hands, times=10)
        ids = [_answer(stream, None)["headers"]["messageId"] for _ in range(10)]
        assert pressed.result(5) == {"outcome": "answered", "answered": 10}
        assert len(set(ids)) == 10


@pytest.mark.parametrize(
    "change",
    [{"user": "u-dora"}, {"user": "u-ben"}, {"action": "other"}],
    ids=["no right", "not in the group", "no button"],
)
def test_a_button_is_pressed_only_by_who_sees_it(app: App, change: dict[str, object]) -> None:
    app.put_card()
    with streaming(app) as stream:
        app.twin.control("press", {**PRESS, **change}, status=409)
        assert stream.quiet()


def _register(app: App, httpserver: HTTPServer, **more: object) -> dict[str, Any]:
    body = {"callbackRouteKey": "bridge", "callbackUrl": httpserver.url_for("/click"), "apiSecret": "s3cret", **more}
    return app.done("POST", "card/callbacks/register", body)


def test_a_press_by_http_is_signed(app: App, httpserver: HTTPServer) -> None:
    change = {"cardUpdateOptions": {"updateCardDataByKey": True}, "cardData": {"cardParamMap": {"state": "working"}}}
    httpserver.expect_request("/click").respond_with_json(change)
    told = _register(app, httpserver)
    assert told["result"] == {"callbackUrl": httpserver.url_for("/click"), "apiSecret": "s3cret"}
    app.put_card(callbackType="HTTP", callbackRouteKey="bridge")
    assert app.twin.control("press", PRESS)["outcome"] == "answered"
    request = httpserver.log[0][0]
    timestamp = request.headers["x-ddpaas-signature-timestamp"]
    digest = hmac.digest(b"s3cret", timestamp.encode(), hashlib.sha256)
    assert request.headers["x-ddpaas-signature"] == base64.b64encode(digest).decode()
    assert request.json["userId"] == "u-amy"
    assert app.seen("card-1", "u-amy")["data"]["state"] == "working"


def test_the_signature_by_a_known_example() -> None:
    assert signature("secret", "1700000000000") == "T+LOEv1r7F4GSLI7+/8Vi6X8GLOiFLTCBzFGcUSKleE="


def test_a_route_is_registered_once_unless_forced(app: App, httpserver: HTTPServer) -> None:
    _register(app, httpserver)
    body = {"callbackRouteKey": "bridge", "callbackUrl": "http://127.0.0.1:1/x"}
    status, told = app.new("POST", "card/callbacks/register", body)
    assert (status, told["code"]) == (500, "param.callbackRouteKeyExist")
    _register(app, httpserver, forceUpdate=True)
    assert app.refused("POST", "card/callbacks/register", {"callbackUrl": "x"}) == "param.callbackRouteKeyEmpty"


def test_a_card_without_a_way_back(app: App) -> None:
    app.put_card(callbackType="HTTP", callbackRouteKey="none")
    assert app.twin.control("press", PRESS)["outcome"].startswith("no address is registered")
    app.put_card("card-2", callbackType="")
    assert app.twin.control("press", {**PRESS, "card": "card-2"})["outcome"] == "the card has no callback"
    app.put_card("card-3")
    app.twin.control("settings", {"monthly_quota": 0})
    assert app.twin.control("press", {**PRESS, "card": "card-3"})["outcome"] == "the month's pushes are used up"


def test_templates_can_be_added_and_may_take_buttons_from_data(app: App) -> None:
    template = {
        "id": "own.schema",
        "title": "${title}",
        "body": "${body}",
        "buttons_from": "buttons",
        "private": ["buttons"],
    }
    app.twin.control("templates", template)
    buttons = json.dumps([{"id": "go", "text": "Go", "params": {"n": 1}}, {"text": "Off", "status": "disabled"}])
    app.put_card(cardTemplateId="own.schema", privateData={"u-amy": {"cardParamMap": {"buttons": buttons}}})
    assert app.seen("card-1", "u-amy")["buttons"] == [{"id": "go", "label": "Go", "params": {"n": "1"}, "when": {}}]
    assert TEMPLATE in app.twin.control("")["card_templates"]


def test_a_pinned_card_is_for_some_and_ends(app: App) -> None:
    until = round(time.time() * 1000) + 60_000
    model = {"expiredTimeMillis": until, "userIds": ["u-amy"]}
    space: dict[str, Any] = {
        "openSpaceId": "dtv1.card//ONE_BOX.cid-management",
        "topOpenSpaceModel": {"spaceType": "ONE_BOX"},
    }
    app.put_card(**space, topOpenDeliverModel=model)

    def seen(user: str) -> bool:
        page = app.twin.http.get(f"{app.twin.base}/chat/cid-management?as={user}", timeout=10)
        return "SO-1042" in page.text and "pinned" in page.text

    assert (seen("u-amy"), seen("u-dora")) == (True, False)
    app.twin.control("clock", {"seconds": 61})
    assert not seen("u-amy")
    wrong = app.card("card-2", **space, topOpenDeliverModel={"userIds": ["u-amy"]})
    app.token = app.fresh_token()
    assert app.refused("POST", "card/instances/createAndDeliver", wrong) == "param.openDeliverModelError"
