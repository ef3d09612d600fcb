"""Where the browser is and which language it speaks change nothing of what a message shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.page.browser import WIDE, counts

pytestmark = pytest.mark.browser

LINES = (
    "Deal won D-1 · Mar 2, 2026 7:00 AM",
    "Amount: HKD 1,234,567.50",
    "Betrag: 1.234.567,50 EUR",
    "金额: CNY 1,234,567.50",
    "Jumlah: HKD 1.234.567,50",
    "Close date: Mar 31, 2026",
    "交货日期: 2026年3月31日 07:00",
    "Quantity: 1,500 g (= 1.500 kg)",
    "Discount: 5 %, 12345678901234567.89, 0123, 03/04/05, -1, 2026-03-02T23:30:00Z",
)
"""What groups of several languages read: numbers, money and dates whose form says something."""


@dataclass(frozen=True, slots=True)
class Place:
    """A browser's language and time zone."""

    locale: str
    zone: str


PLACES = (
    Place("ar-EG", "Africa/Cairo"),
    Place("de-DE", "Europe/Berlin"),
    Place("zh-CN", "Asia/Shanghai"),
    Place("fa-IR", "Asia/Tehran"),
    Place("en-US", "Pacific/Kiritimati"),
    Place("en-US", "Pacific/Pago_Pago"),
)


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[Sequence[Page]]:
    contexts = [browser.new_context(viewport=WIDE, locale=one.locale, timezone_id=one.zone) for one in PLACES]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def test_the_browsers_differ_in_language_and_time(pages: Sequence[Page]) -> None:
    read = "() => [new Date(0).toLocaleString(), (1234567.5).toLocaleString(), String(new Date(0).getTimezoneOffset())]"
    assert len({tuple(page.evaluate(read)) for page in pages}) == len(PLACES)


@pytest.mark.parametrize("kind", ["text", "markdown", "card"])
def test_a_message_reads_the_same_everywhere(kind: str, app: App, pages: Sequence[Page]) -> None:
    if kind == "text":
        app.twin.text("\n".join(LINES))
    elif kind == "markdown":
        app.twin.send({"msgtype": "markdown", "markdown": {"title": LINES[0], "text": "  \n".join(LINES)}})
    else:
        values = {**app.card()["cardData"]["cardParamMap"], "title": LINES[0], "body": "  \n".join(LINES[1:])}
        app.put_card(cardData={"cardParamMap": values})
    seen = []
    for page in pages:
        page.goto(f"{app.twin.base}/chat/cid-management?as=u-amy")
        counts(page, "[role=log] article", 1)
        seen.append((page.locator("[role=log] article").inner_text(), page.locator("nav").inner_text()))
    assert len(set(seen)) == 1, seen
    ((message, chats), *_) = seen
    assert [line for line in LINES if line not in message] == []
    assert LINES[0] in chats
