"""What the groups are shown of each message type, and what is refused as incomplete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.served import Client

LINK = {"title": "Order", "text": "SO-1042 was approved", "messageUrl": "https://erp.example/so/1042"}
CARD = {"title": "Approval", "text": "### SO-1042"}
SINGLE = {**CARD, "singleTitle": "Open", "singleURL": "https://erp.example/1"}
YES = {"title": "Yes", "actionURL": "https://erp.example/y"}
NO = {"title": "No", "actionURL": "https://erp.example/n"}
MULTI = {**CARD, "btns": [YES, NO]}
STORY = {"title": "One", "messageURL": "https://erp.example/1", "picURL": "https://erp.example/1.png"}


@pytest.mark.parametrize(
    ("msgtype", "part", "title", "text", "buttons"),
    [
        ("text", {"content": "100 units"}, "100 units", "100 units", []),
        ("link", LINK, "Order", "SO-1042 was approved", [("Order", "https://erp.example/so/1042")]),
        ("markdown", {"title": "Stock", "text": "# Low"}, "Stock", "# Low", []),
        ("actionCard", SINGLE, "Approval", "### SO-1042", [("Open", "https://erp.example/1")]),
        (
            "actionCard",
            MULTI,
            "Approval",
            "### SO-1042",
            [("Yes", "https://erp.example/y"), ("No", "https://erp.example/n")],
        ),
        # btns have no effect beside singleTitle and singleURL
        ("actionCard", {**SINGLE, **MULTI}, "Approval", "### SO-1042", [("Open", "https://erp.example/1")]),
        ("feedCard", {"links": [STORY]}, "One", "One", [("One", "https://erp.example/1")]),
    ],
)
def test_each_type_is_shown(
    twin: Client, msgtype: str, part: object, title: str, text: str, buttons: list[tuple[str, str]]
) -> None:
    assert twin.send({"msgtype": msgtype, msgtype: part, "msgUuid": "k1"}) == {"errcode": 0, "errmsg": "ok"}
    [row] = twin.control("messages?group=cid-management")["messages"]
    assert (row["msgtype"], row["title"], row["text"]) == (msgtype, title, text)
    assert [(one["title"], one["url"]) for one in row["buttons"]] == buttons
    assert (row["robot"], row["group"], row["msgUuid"]) == ("plain", "cid-management", "k1")


def _without(part: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": {"content": "no msgtype"}},
        {"msgtype": "text"},
        {"msgtype": "text", "text": "content"},
        {"msgtype": "text", "text": {}},
        {"msgtype": "text", "text": {"content": ""}},
        *({"msgtype": "link", "link": _without(LINK, name)} for name in LINK),
        {"msgtype": "link", "link": {"title": "t", "text": "t", "messageURL": "https://wrong.example/case"}},
        {"msgtype": "markdown", "markdown": {"text": "no title"}},
        {"msgtype": "markdown", "markdown": {"title": "no text"}},
        {"msgtype": "actionCard", "actionCard": CARD},
        {"msgtype": "actionCard", "actionCard": {**CARD, "singleTitle": "Open"}},
        {"msgtype": "actionCard", "actionCard": {**CARD, "btns": []}},
        {"msgtype": "actionCard", "actionCard": {**CARD, "btns": [YES, {"title": "no URL"}]}},
        {"msgtype": "feedCard", "feedCard": {"links": []}},
        *({"msgtype": "feedCard", "feedCard": {"links": [_without(STORY, name)]}} for name in STORY),
        [],
        "text",
    ],
)
def test_an_incomplete_message_is_refused_and_not_shown(twin: Client, message: object) -> None:
    assert twin.send(message) == {"errcode": 40035, "errmsg": "缺少参数 json"}
    assert twin.texts() == []


def test_a_missing_field_can_be_answered_as_the_field_sees_it(twin: Client) -> None:
    twin.switch(missing_field=400402)
    reply = twin.send({"msgtype": "markdown", "markdown": {"text": "t"}})
    assert reply["errcode"] == 400402
    assert "markdown --》 title" in reply["errmsg"]


@pytest.mark.parametrize("msgtype", ["file", "image", "Text", "oa"])
def test_an_unknown_type_is_refused(twin: Client, msgtype: str) -> None:
    assert twin.send({"msgtype": msgtype, msgtype: {"picURL": "https://e.example/1.png"}})["errcode"] == 400105


def test_the_undocumented_image_type_is_a_switch(twin: Client) -> None:
    twin.switch(image=True)
    assert twin.send({"msgtype": "image", "image": {"picURL": "https://e.example/1.png"}})["errcode"] == 0


@pytest.mark.parametrize("body", [b"", b"{", b'{"msgtype":"text","text":{"content":"D:\\D"}}', b"\xff\xfe"])
def test_a_body_that_is_no_json_is_refused(twin: Client, body: bytes) -> None:
    url = f"{twin.base}/robot/send?access_token={'t' * 64}"
    reply = twin.http.post(url, data=body, headers={"content-type": "application/json"}, timeout=10)
    assert (reply.status_code, reply.json()["errcode"]) == (200, 40035)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
def test_another_content_type_is_refused(twin: Client, kind: str) -> None:
    url = f"{twin.base}/robot/send?access_token={'t' * 64}"
    body = '{"msgtype":"text","text":{"content":"x"}}'
    reply = twin.http.post(url, data=body.encode(), headers={"content-type": kind}, timeout=10)
    assert (reply.status_code, reply.json()["errcode"]) == (200, 43004)


@pytest.mark.parametrize("kind", ["application/json;charset=UTF-8", "Application/JSON"])
def test_the_content_type_may_carry_a_charset_and_any_case(twin: Client, kind: str) -> None:
    url = f"{twin.base}/robot/send?access_token={'t' * 64}"
    body = '{"msgtype":"text","text":{"content":"单"}}'
    reply = twin.http.post(url, data=body.encode(), headers={"content-type": kind}, timeout=10)
    assert reply.json()["errcode"] == 0
    assert twin.texts() == ["单"]


@pytest.mark.parametrize("depth", [100, 900, 9000])
def test_a_deeply_nested_body_neither_passes_nor_breaks_the_page(twin: Client, depth: int) -> None:
    url = f"{twin.base}/robot/send?access_token={'t' * 64}"
    body = '{"msgtype":"text","text":{"content":"x"},"more":' + "[" * depth + "]" * depth + "}"
    reply = twin.http.post(url, data=body, headers={"content-type": "application/json"}, timeout=10)
    assert reply.json()["errcode"] == 40035
    assert twin.http.get(f"{twin.base}/chat/cid-management", timeout=10).status_code == 200


def test_the_form_of_the_vendors_sample_is_a_switch(twin: Client) -> None:
    twin.switch(form_body=True)
    form = {"msgtype": "text", "text": '{"content":"by form"}', "at": "null"}
    reply = twin.http.post(f"{twin.base}/robot/send?access_token={'t' * 64}", data=form, timeout=10)
    assert reply.json()["errcode"] == 0
    assert twin.texts() == ["by form"]


def test_20000_bytes_pass_and_one_more_does_not(twin: Client) -> None:
    empty = '{"msgtype":"text","text":{"content":""}}'
    url = f"{twin.base}/robot/send?access_token={'t' * 64}"
    codes = []
    for size in (20_000, 20_001):
        body = empty.replace('""', '"' + "a" * (size - len(empty)) + '"')
        reply = twin.http.post(url, data=body, headers={"content-type": "application/json"}, timeout=10)
        codes.append(reply.json()["errcode"])
    assert codes == [0, 460101]


def test_a_mention_must_be_written_and_outsiders_are_masked(twin: Client) -> None:
    at = {"atMobiles": ["13800000004", "13999998888"], "atUserIds": ["u-amy", "u-ben"]}
    twin.text("@13800000004 and @13999998888 and @u-ben", at=at)
    [row] = twin.control("messages")["messages"]
    assert row["mentions"] == {"all": False, "users": ["u-dora"]}
    assert row["text"] == "@13800000004 and @139****8888 and @u-ben"


def test_in_an_external_group_nobody_is_mentioned(twin: Client) -> None:
    guest = {"id": "union-1", "name": "Guest", "mobile": "13911112222"}
    twin.control("groups/cid-management", {"outsiders": [guest]}, method="PATCH")
    twin.text("@13800000004", at={"atMobiles": ["13800000004"], "isAtAll": True})
    [row] = twin.control("messages")["messages"]
    assert row["mentions"] == {"all": False, "users": []}


def test_more_than_50_people_are_refused_or_cut_by_a_switch(twin: Client) -> None:
    at = {"atUserIds": [f"u-{n}" for n in range(50)], "atMobiles": ["13800000004"]}
    assert twin.text("@13800000004", at=at)["errcode"] == 40035
    assert twin.text("hello", at={**at, "atMobiles": []})["errcode"] == 0
    twin.switch(too_many_mentions="truncate")
    assert twin.text("@13800000004", at=at)["errcode"] == 0


def test_get_and_other_paths_answer_as_this_host_does(twin: Client) -> None:
    get = twin.http.get(f"{twin.base}/robot/send?access_token={'t' * 64}", timeout=10)
    other = twin.http.post(f"{twin.base}/robot/sent", json={}, timeout=10)
    assert (get.status_code, get.json()["errcode"]) == (200, 43002)
    assert (other.status_code, other.json()["errcode"]) == (200, 404)
