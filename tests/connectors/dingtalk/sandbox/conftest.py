"""The demo's application at the twin of a test, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.browser import browsing
from tests.connectors.dingtalk.sandbox.served import Client


@pytest.fixture
def app(twin: Client) -> App:
    return App(twin)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[WebDriver]:
    with browsing(tmp_path) as page:
        yield page
