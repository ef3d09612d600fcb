"""The demo's application at the twin of a test."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.served import Client

# the page's tests import Playwright, which `make browser` installs
collect_ignore = [] if find_spec("playwright") else ["page"]


@pytest.fixture
def app(twin: Client) -> App:
    return App(twin)
