"""The chat page as one person sees it: their conversations, their cards, and what they write and press."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.page.browser import counts, shows
from tests.connectors.dingtalk.sandbox.streaming import Stream, streaming

pytestmark = pytest.mark.browser

LAST = "[role=log] article:last-of-type"
GROUPS = ["Sales Hong Kong", "Management", "Operations"]
EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


@contextmanager
def _answering(stream: Stream, response: object) -> Iterator[list[object]]:
    got: list[object] = []

    def answer() -> None:
        frame = stream.frame()
        got.append(frame["data"])
        stream.ack(frame, {"response": response})

    thread = threading.Thread(target=answer)
    thread.start()
    yield got
    thread.join(10)


def _write(page: Page, text: str) -> None:
    box = page.locator("[name=text]")
    box.fill(text)
    box.press("Enter")


def test_a_person_is_chosen(app: App, page: Page) -> None:
    page.goto(app.twin.base)
    shows(page, "nav .name", *GROUPS)
    page.locator(".who select").select_option(label="Dora Ip")
    shows(page, "nav .name", "Management", "dingbridge", "Work notices of dingbridge")
    page.locator("nav .group").nth(1).click()
    shows(page, "h1", "dingbridge")
    expect(page).to_have_url(re.compile(r"\?as=u-dora$"))


def test_without_a_person_all_chats_that_were_used_are_listed(app: App, page: Page) -> None:
    app.send("u-dora")
    page.goto(app.twin.base)
    shows(page, "nav .name", *GROUPS, "dingbridge and Dora Ip")


def test_each_person_sees_their_own_buttons_and_a_press_changes_the_card(app: App, page: Page) -> None:
    app.put_card()
    amy, dora = page, page.context.new_page()
    for person, seen in ("u-amy", amy), ("u-dora", dora):
        seen.goto(f"{app.twin.base}/chat/cid-management?as={person}")
        shows(seen, f"{LAST} .card-title", "SO-1042")
        shows(seen, f"{LAST} strong", "HKD 480,000")
    shows(amy, "button[data-action]", "Approve", "Reject")
    counts(dora, "button[data-action]", 0)
    response = {"cardData": {"cardParamMap": {"state": "working", "title": "SO-1042: working"}}}
    with streaming(app) as stream, _answering(stream, response) as got:
        amy.locator("[data-action=approve]").click()
        shows(amy, f"{LAST} .card-title", "SO-1042: working")
        counts(amy, "button[data-action]", 0)
    assert got[0]["userId"] == "u-amy"  # type: ignore[index]  # a frame's data
    dora.reload()
    shows(dora, f"{LAST} .card-title", "SO-1042")
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"title": "Released"}}}
    app.done("PUT", "card/instances", change)
    for seen in amy, dora:
        shows(seen, f"{LAST} .card-title", "Released")
        shows(seen, ".group.chosen .title", "Released")


def test_a_press_without_an_answer_is_told(app: App, page: Page) -> None:
    app.put_card()
    page.goto(f"{app.twin.base}/chat/cid-management?as=u-amy")
    page.locator("[data-action=reject]").click()
    shows(page, ".outcome", "no answer in time")


def test_without_a_person_buttons_are_shown_and_not_pressed(app: App, page: Page) -> None:
    card = app.card()["cardData"]["cardParamMap"]
    app.put_card(cardData={"cardParamMap": {**card, "may_decide": "true"}}, privateData={})
    page.goto(f"{app.twin.base}/chat/cid-management")
    shows(page, "button[data-action]", "Approve", "Reject")
    counts(page, "button[data-action]:enabled", 0)


def test_words_go_to_the_robot_and_its_reply_appears(app: App, page: Page) -> None:
    page.goto(f"{app.twin.base}/chat/{app.chat('u-amy')}?as=u-amy")
    with streaming(app) as stream, _answering(stream, None) as got:
        _write(page, "status SO-1042")
        shows(page, f"{LAST} .body", "status SO-1042")
        shows(page, f"{LAST} .from b", "Amy Wong")
    assert got[0]["text"] == {"content": "status SO-1042"}  # type: ignore[index]  # a frame's data
    app.send("u-amy", content="shipped")
    shows(page, "[role=log] .body", "status SO-1042", "shipped")
    counts(page, f"{LAST} .tag", 1)


def test_in_a_group_the_mention_can_be_left_out(app: App, page: Page) -> None:
    page.goto(f"{app.twin.base}/chat/cid-management?as=u-amy")
    page.locator(".mention-robot input").click()
    _write(page, "lunch?")
    shows(page, f"{LAST} .body", "lunch?")
    shows(page, ".told", "shown in the group; the robot hears only what mentions it")


def test_looking_is_reading(app: App, page: Page) -> None:
    key = app.send("u-amy")["processQueryKey"]
    with page.expect_response("**/__sandbox/read"):
        page.goto(f"{app.twin.base}/chat/{app.chat('u-amy')}?as=u-amy")
    told = app.done("GET", "robot/oToMessages/readStatus", robotCode=app.id, processQueryKey=key)
    assert told["messageReadInfoList"][0]["readStatus"] == "READ"


def test_a_recalled_message_goes_away(app: App, page: Page) -> None:
    key = app.send_to("cid-management")["processQueryKey"]
    page.goto(f"{app.twin.base}/chat/cid-management?as=u-amy")
    counts(page, "[role=log] article", 1)
    body = {"robotCode": app.id, "openConversationId": "cid-management", "processQueryKeys": [key]}
    app.done("POST", "robot/groupMessages/recall", body)
    counts(page, "[role=log] article", 0)


def test_a_card_for_some_is_seen_by_them_alone(app: App, page: Page) -> None:
    app.put_card(imGroupOpenDeliverModel={"robotCode": app.id, "recipients": ["u-dora"]})
    page.goto(f"{app.twin.base}/chat/cid-management?as=u-amy")
    counts(page, "[role=log] article", 0)
    page.goto(f"{app.twin.base}/chat/cid-management?as=u-dora")
    counts(page, "[role=log] article", 1)


def test_a_work_notice_with_its_status_bar(app: App, page: Page) -> None:
    agent = app.facts["agent_id"]
    bar = {"status_value": "Open", "status_bg": "0xFFF65E5E"}
    oa = {
        "message_url": "https://erp.example",
        "head": {"text": "ERP"},
        "status_bar": bar,
        "body": {"title": "SO-1042"},
    }
    sent = {"agent_id": agent, "userid_list": "u-amy", "msg": {"msgtype": "oa", "oa": oa}}
    task = app.old("/topapi/message/corpconversation/asyncsend_v2", sent)["task_id"]
    page.goto(f"{app.twin.base}/chat/work:{agent}:u-amy?as=u-amy")
    shows(page, f"{LAST} blockquote", "Open")
    change = {"agent_id": agent, "task_id": task, "status_value": "Released", "status_bg": "0xFF78C06E"}
    app.old("/topapi/message/corpconversation/status_bar/update", change)
    shows(page, f"{LAST} blockquote", "Released")


def test_nothing_that_a_card_or_a_person_carries_runs(app: App, page: Page) -> None:
    template = {"id": "evil", "title": "${title}", "body": "${body}", "buttons": [{"id": EVIL, "label": EVIL}]}
    app.twin.control("templates", template)
    data = {"title": EVIL, "body": f"# {EVIL}\n[x](javascript:window.hacked=1)"}
    app.put_card(cardTemplateId="evil", cardData={"cardParamMap": data}, privateData={})
    app.twin.control("users", {"id": "u-evil", "name": EVIL})
    app.twin.control("groups/cid-management/members", {"join": ["u-evil"]})
    app.twin.control("say", {"user": "u-evil", "text": EVIL, "group": "cid-management"})
    page.goto(f"{app.twin.base}/chat/cid-management?as=u-evil")
    counts(page, "[role=log] article", 2)
    expect(page.locator("[role=log] .button")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    counts(page, "article script, article img, a[href^=javascript]", 0)


@pytest.mark.parametrize(
    "path", ["/?as=u-none", "/chat/single:none:u-amy", "/chat/work:x:u-amy", "/chat/cid-management?as=u-ben"]
)
def test_unknown_people_and_chats_of_others_are_not_found(app: App, path: str) -> None:
    assert app.twin.http.get(f"{app.twin.base}{path}", timeout=10).status_code == 404
