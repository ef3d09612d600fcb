"""What tests look for in the chat page."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize, expect

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 800}


def shows(page: Page, css: str, *texts: str) -> None:
    found = page.locator(css)
    expect(found).to_have_text([*texts], use_inner_text=True)
    expect(found.filter(visible=True)).to_have_count(len(texts))


def counts(page: Page, css: str, count: int) -> None:
    expect(page.locator(css)).to_have_count(count)


def hidden(page: Page, css: str) -> None:
    one = page.locator(css)
    expect(one).to_be_attached()
    expect(one).to_be_hidden()
