"""The chat page in a real browser."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.connectors.dingtalk.sandbox.served import Client

pytestmark = pytest.mark.browser

ARGS = [
    "--headless=new",
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
MANAGEMENT = '.group[data-group="cid-management"]'
LAST = "[role=log] article:last-of-type"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[WebDriver]:
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in [*ARGS, f"--user-data-dir={tmp_path}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service(executable_path="/usr/bin/chromedriver", log_output=subprocess.DEVNULL)
    with WebDriver(options, service) as page:
        resize(page, WIDE)
        yield page
        said = page.execute("getLog", {"type": "browser"})["value"]
    assert said == []


def resize(page: WebDriver, size: dict[str, int]) -> None:
    # a window cannot be as narrow as a phone, an emulated screen can
    screen = {**size, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def found(page: WebDriver, css: str) -> list[WebElement]:
    return page.find_elements(By.CSS_SELECTOR, css)


def link(page: WebDriver, text: str) -> str | None:
    return page.find_element(By.LINK_TEXT, text).get_dom_attribute("href")


def wait(page: WebDriver, condition: Callable[[], bool], what: str) -> None:
    patient = WebDriverWait(page, 10, 0.1, [StaleElementReferenceException])
    patient.until(lambda _: condition(), what)


def shows(page: WebDriver, css: str, *texts: str) -> None:
    wait(page, lambda: [one.text for one in found(page, css)] == [*texts], f"{css} shows {texts}")


def counts(page: WebDriver, css: str, count: int) -> None:
    wait(page, lambda: len(found(page, css)) == count, f"{count} times {css}")


def visible(page: WebDriver, css: str, *, is_so: bool = True) -> None:
    wait(page, lambda: [one.is_displayed() for one in found(page, css)] == [is_so], f"{css} visible: {is_so}")


def test_a_new_message_appears_without_a_reload(twin: Client, page: WebDriver) -> None:
    page.get(f"{twin.base}/chat/cid-management")
    counts(page, "[role=log] article", 0)
    twin.text("Stock of P-200 fell below 100 units")
    shows(page, f"{LAST} .body", "Stock of P-200 fell below 100 units")
    shows(page, f"{LAST} .from b", "ERP")
    shows(page, ".group.chosen .title", "Stock of P-200 fell below 100 units")


def test_another_group_counts_what_is_unread(twin: Client, page: WebDriver) -> None:
    page.get(f"{twin.base}/chat/cid-operations")
    twin.text("one")
    twin.text("two")
    shows(page, f"{MANAGEMENT} .unread", "2")
    page.find_element(By.CSS_SELECTOR, MANAGEMENT).click()
    shows(page, "h1", "Management")
    visible(page, f"{MANAGEMENT} .unread", is_so=False)


def test_a_reset_empties_the_page(twin: Client, page: WebDriver) -> None:
    twin.text("before")
    page.get(f"{twin.base}/chat/cid-management")
    counts(page, "article", 1)
    twin.control("reset", {})
    counts(page, "article", 0)


def test_markdown_reads_as_in_dingtalk(twin: Client, page: WebDriver) -> None:
    text = (
        "### Order  \n> **Harbour**  \n> *soon*\n\nfirst  \nsecond\nthird\n\n- a\n- b\n\n1. x\n2. y\n\n"
        "![chart](https://erp.example/c.png) [open](https://erp.example/1) @13800000004 1 \\* 2"
    )
    at = {"atMobiles": ["13800000004"]}
    twin.send({"msgtype": "markdown", "markdown": {"title": "t", "text": text}, "at": at})
    page.get(f"{twin.base}/chat/cid-management")
    shows(page, ".body h3", "Order")
    shows(page, ".body blockquote strong", "Harbour")
    shows(page, ".body blockquote em", "soon")
    shows(page, ".body ul li", "a", "b")
    shows(page, ".body ol li", "x", "y")
    shows(page, ".body .picture", "chart")
    assert link(page, "open") == "https://erp.example/1"
    shows(page, ".body .mention", "@Dora Ip")
    assert found(page, ".body > p")[0].get_property("innerHTML") == "first<br>second third"
    assert "1 * 2" in page.find_element(By.CSS_SELECTOR, ".body").text


def test_buttons_open_their_links(twin: Client, page: WebDriver) -> None:
    wrapped = "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Ferp.example%2Fy&pc_slide=true"
    buttons = [{"title": "Yes", "actionURL": wrapped}, {"title": "No", "actionURL": "javascript:alert(1)"}]
    card = {"title": "t", "text": "Approve?", "btns": buttons, "btnOrientation": "1"}
    twin.send({"msgtype": "actionCard", "actionCard": card})
    page.get(f"{twin.base}/chat/cid-management")
    shows(page, ".button.inert", "No")
    assert link(page, "Yes") == "https://erp.example/y"
    assert page.find_elements(By.LINK_TEXT, "No") == []


def test_nothing_that_a_message_carries_runs(twin: Client, page: WebDriver) -> None:
    twin.control("robots/plain", {"name": EVIL}, method="PATCH")
    js = "javascript:window.hacked=1"
    twin.text(EVIL)
    markdown = f"# {EVIL}\n[x]({js}) ![{EVIL}]({js})\n- {EVIL}\n> {EVIL}\n[{EVIL}](https://e.example/'\"onclick=alert)"
    twin.send({"msgtype": "markdown", "markdown": {"title": EVIL, "text": markdown}})
    twin.send({"msgtype": "link", "link": {"title": EVIL, "text": EVIL, "messageUrl": js}})
    story = {"title": EVIL, "messageURL": js, "picURL": js}
    twin.send({"msgtype": "feedCard", "feedCard": {"links": [story]}})
    page.get(f"{twin.base}/chat/cid-management")
    counts(page, "article", 4)
    twin.text(EVIL)
    counts(page, "article", 5)
    assert page.execute_script("return window.hacked") is None
    assert found(page, "article script, article img, article [onclick], a[href^=javascript]") == []
    assert "<script>" in found(page, "article")[0].text


def test_the_page_forbids_scripts_from_elsewhere(twin: Client) -> None:
    headers = twin.http.get(f"{twin.base}/", timeout=10).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_on_a_phone_the_list_and_the_chat_are_two_pages(twin: Client, page: WebDriver) -> None:
    resize(page, PHONE)
    twin.send({"msgtype": "markdown", "markdown": {"title": "t", "text": "W" * 400}})
    page.get(f"{twin.base}/")
    visible(page, ".chat", is_so=False)
    page.find_element(By.CSS_SELECTOR, MANAGEMENT).click()
    counts(page, "article", 1)
    visible(page, "nav", is_so=False)
    assert page.execute_script("return document.documentElement.scrollWidth") == PHONE["width"]
    page.find_element(By.CSS_SELECTOR, 'a[aria-label="All groups"]').click()
    visible(page, "nav")


def test_an_unknown_group_is_not_found(twin: Client) -> None:
    assert twin.http.get(f"{twin.base}/chat/no-such", timeout=10).status_code == 404
