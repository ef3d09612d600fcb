"""One browser for the page's tests; each test has a window of its own, and nothing may be wrong in its console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.connectors.dingtalk.sandbox.page.browser import WIDE

PATIENCE_MS = 10_000


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"]) as browser,
    ):
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    said: list[str] = []
    with browser.new_context(viewport=WIDE) as context:
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", lambda message: said.append(message.text))
        context.on("weberror", lambda error: said.append(str(error.error)))
        yield context.new_page()
    assert said == []
