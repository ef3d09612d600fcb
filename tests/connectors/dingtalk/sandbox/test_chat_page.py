"""The chat page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.connectors.dingtalk.sandbox.served import Client

pytestmark = pytest.mark.browser

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}
EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": WIDE["width"], "height": WIDE["height"]})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def test_a_new_message_appears_without_a_reload(twin: Client, page: Page) -> None:
    page.goto(f"{twin.base}/chat/cid-management")
    expect(page.get_by_role("log").locator("article")).to_have_count(0)
    twin.text("Stock of P-200 fell below 100 units")
    bubble = page.get_by_role("log").locator("article").last
    expect(bubble).to_contain_text("Stock of P-200 fell below 100 units")
    expect(bubble.locator(".from b")).to_have_text("ERP")
    expect(page.locator(".group.chosen .title")).to_have_text("Stock of P-200 fell below 100 units")


def test_another_group_counts_what_is_unread(twin: Client, page: Page) -> None:
    page.goto(f"{twin.base}/chat/cid-operations")
    twin.text("one")
    twin.text("two")
    row = page.locator('.group[data-group="cid-management"]')
    expect(row.locator(".unread")).to_have_text("2")
    row.click()
    expect(page.locator("h1")).to_have_text("Management")
    expect(page.locator('.group[data-group="cid-management"] .unread')).to_be_hidden()


def test_a_reset_empties_the_page(twin: Client, page: Page) -> None:
    twin.text("before")
    page.goto(f"{twin.base}/chat/cid-management")
    expect(page.locator("article")).to_have_count(1)
    twin.control("reset", {})
    expect(page.locator("article")).to_have_count(0)


def test_markdown_reads_as_in_dingtalk(twin: Client, page: Page) -> None:
    text = (
        "### Order  \n> **Harbour**  \n> *soon*\n\nfirst  \nsecond\nthird\n\n- a\n- b\n\n1. x\n2. y\n\n"
        "![chart](https://erp.example/c.png) [open](https://erp.example/1) @13800000004 1 \\* 2"
    )
    at = {"atMobiles": ["13800000004"]}
    twin.send({"msgtype": "markdown", "markdown": {"title": "t", "text": text}, "at": at})
    page.goto(f"{twin.base}/chat/cid-management")
    body = page.locator(".body")
    expect(body.locator("h3")).to_have_text("Order")
    expect(body.locator("blockquote strong")).to_have_text("Harbour")
    expect(body.locator("blockquote em")).to_have_text("soon")
    expect(body.locator("ul li")).to_have_text(["a", "b"])
    expect(body.locator("ol li")).to_have_text(["x", "y"])
    expect(body.locator(".picture")).to_have_text("chart")
    expect(body.get_by_role("link", name="open")).to_have_attribute("href", "https://erp.example/1")
    expect(body.locator(".mention")).to_have_text("@Dora Ip")
    assert body.locator("> p").first.inner_html() == "first<br>second third"
    assert "1 * 2" in body.inner_text()


def test_buttons_open_their_links(twin: Client, page: Page) -> None:
    wrapped = "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Ferp.example%2Fy&pc_slide=true"
    buttons = [{"title": "Yes", "actionURL": wrapped}, {"title": "No", "actionURL": "javascript:alert(1)"}]
    card = {"title": "t", "text": "Approve?", "btns": buttons, "btnOrientation": "1"}
    twin.send({"msgtype": "actionCard", "actionCard": card})
    page.goto(f"{twin.base}/chat/cid-management")
    expect(page.get_by_role("link", name="Yes")).to_have_attribute("href", "https://erp.example/y")
    expect(page.locator(".button.inert")).to_have_text("No")
    expect(page.get_by_role("link", name="No", exact=True)).to_have_count(0)


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
    expect(page.locator("article")).to_have_count(4)
    twin.text(EVIL)
    expect(page.locator("article")).to_have_count(5)
    assert page.evaluate("window.hacked") is None
    assert page.locator("article script, article img, article [onclick], a[href^=javascript]").count() == 0
    assert "<script>" in page.locator("article").first.inner_text()


def test_the_page_forbids_scripts_from_elsewhere(twin: Client) -> None:
    headers = twin.http.get(f"{twin.base}/", timeout=10).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_on_a_phone_the_list_and_the_chat_are_two_pages(twin: Client, page: Page) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    twin.send({"msgtype": "markdown", "markdown": {"title": "t", "text": "W" * 400}})
    page.goto(f"{twin.base}/")
    expect(page.locator(".chat")).to_be_hidden()
    page.locator('.group[data-group="cid-management"]').click()
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("nav")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("link", name="All groups").click()
    expect(page.locator("nav")).to_be_visible()


def test_an_unknown_group_is_not_found(twin: Client) -> None:
    assert twin.http.get(f"{twin.base}/chat/no-such", timeout=10).status_code == 404
