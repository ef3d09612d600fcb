"""The demo's application at the twin of a test."""

from __future__ import annotations

import pytest

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.served import Client


@pytest.fixture
def app(twin: Client) -> App:
    return App(twin)
