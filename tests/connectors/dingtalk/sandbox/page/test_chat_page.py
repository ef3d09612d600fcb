"""The chat page in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.connectors.dingtalk.sandbox.page.browser import PHONE, counts, hidden, shows
from tests.connectors.dingtalk.sandbox.served import Client

pytestmark = pytest.mark.browser

EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
MANAGEMENT = '.group[data-group="cid-management"]'
LAST = "[role=log] article:last-of-type"


def test_a_new_message_appears_without_a_reload(twin: Client, page: Page) -> None:
    page.goto(f"{twin.base}/chat/cid-management")
    counts(page, "[role=log] article", 0)
    twin.text("Stock of P-200 fell below 100 units")
    shows(page, f"{LAST} .body", "Stock of P-200 fell below 100 units")
    shows(page, f"{LAST} .from b", "ERP")
    shows(page, ".group.chosen .title", "Stock of P-200 fell below 100 units")


def test_another_group_counts_what_is_unread(twin: Client, page: Page) -> None:
    page.goto(f"{twin.base}/chat/cid-operations")
    twin.text("one")
    twin.text("two")
    shows(page, f"{MANAGEMENT} .unread", "2")
    page.locator(MANAGEMENT).click()
    shows(page, "h1", "Management")
    hidden(page, f"{MANAGEMENT} .unread")


def test_a_reset_empties_the_page(twin: Client, page: Page) -> None:
    twin.text("before")
    page.goto(f"{twin.base}/chat/cid-management")
    counts(page, "article", 1)
    twin.control("reset", {})
    counts(page, "article", 0)


def test_markdown_reads_as_in_dingtalk(twin: Client, page: Page) -> None:
    text = (
        "### Order  \n> **Harbour**  \n> *soon*\n\nfirst  \nsecond\nthird\n\n- a\n- b\n\n1. x\n2. y\n\n"
        "![chart](https://erp.example/c.png) [open](https://erp.example/1) @13800000004 1 \\* 2"
    )
    at = {"atMobiles": ["13800000004"]}
    twin.send({"msgtype": "markdown", "markdown": {"title": "t", "text": text}, "at": at})
    page.goto(f"{twin.base}/chat/cid-management")
    shows(page, ".body h3", "Order")
    shows(page, ".body blockquote strong", "Harbour")
    shows(page, ".body blockquote em", "soon")
    shows(page, ".body ul li", "a", "b")
    shows(page, ".body ol li", "x", "y")
    shows(page, ".body .picture", "chart")
    expect(page.get_by_role("link", name="open", exact=True)).to_have_attribute("href", "https://erp.example/1")
    shows(page, ".body .mention", "@Dora Ip")
    expect(page.locator(".body > p").first).to_have_js_property("innerHTML", "first<br>second third")
    expect(page.locator(".body")).to_contain_text("1 * 2", use_inner_text=True)


def test_buttons_open_their_links(twin: Client, page: Page) -> None:
    wrapped = "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Ferp.example%2Fy&pc_slide=true"
    buttons = [{"title": "Yes", "actionURL": wrapped}, {"title": "No", "actionURL": "javascript:alert(1)"}]
    card = {"title": "t", "text": "Approve?", "btns": buttons, "btnOrientation": "1"}
    twin.send({"msgtype": "actionCard", "actionCard": card})
    page.goto(f"{twin.base}/chat/cid-management")
    shows(page, ".button.inert", "No")
    expect(page.get_by_role("link", name="Yes", exact=True)).to_have_attribute("href", "https://erp.example/y")
    counts(page, 'a:text-is("No")', 0)


def test_nothing_that_a_message_carries_runs(twin: Client, page: Page) -> None:
    twin.control("robots/plain", {"name": EVIL}, method="PATCH")
    js = "javascript:window.hacked=1"
    twin.text(EVIL)
    markdown = f"# {EVIL}\n[x]({js}) ![{EVIL}]({js})\n- {EVIL}\n> {EVIL}\n[{EVIL}](https://e.example/'\"onclick=alert)"
    twin.send({"msgtype": "markdown", "markdown": {"title": EVIL, "text": markdown}})
    twin.send({"msgtype": "link", "link": {"title": EVIL, "text": EVIL, "messageUrl": js}})
    story = {"title": EVIL, "messageURL": js, "picURL": js}
    twin.send({"msgtype": "feedCard", "feedCard": {"links": [story]}})
    page.goto(f"{twin.base}/chat/cid-management")
    counts(page, "article", 4)
    twin.text(EVIL)
    counts(page, "article", 5)
    assert page.evaluate("window.hacked") is None
    counts(page, "article script, article img, article [onclick], a[href^=javascript]", 0)
    expect(page.locator("article").first).to_contain_text("<script>", use_inner_text=True)


def test_the_page_forbids_scripts_from_elsewhere(twin: Client) -> None:
    headers = twin.http.get(f"{twin.base}/", timeout=10).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_on_a_phone_the_list_and_the_chat_are_two_pages(twin: Client, page: Page) -> None:
    page.set_viewport_size(PHONE)
    twin.send({"msgtype": "markdown", "markdown": {"title": "t", "text": "W" * 400}})
    page.goto(f"{twin.base}/")
    hidden(page, ".chat")
    page.locator(MANAGEMENT).click()
    counts(page, "article", 1)
    hidden(page, "nav")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.locator('a[aria-label="All groups"]').click()
    expect(page.locator("nav")).to_be_visible()


def test_an_unknown_group_is_not_found(twin: Client) -> None:
    assert twin.http.get(f"{twin.base}/chat/no-such", timeout=10).status_code == 404
