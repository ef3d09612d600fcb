"""What a test waits for while a client's program goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.clients.program import PATIENCE_S
from tests.connectors.dingtalk.sandbox.app import App

T = TypeVar("T")


def until(found: Callable[[], T]) -> T:
    """Return what is found as soon as it is something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert value
    return value


def connection(app: App, *, besides: str = "") -> str:
    """Wait for an open Stream connection, `besides` one that is known; return its id."""

    def newest() -> str:
        rows = app.twin.control("stream")["connections"]
        return next((row["id"] for row in reversed(rows) if row["phase"] == "open" and row["id"] != besides), "")

    return until(newest)


def acknowledged(app: App, event: str) -> int:
    """Wait until an event is acknowledged; return in how many attempts."""

    def attempts() -> int:
        row = next(row for row in app.twin.control("events")["events"] if row["id"] == event)
        return row["attempts"] if row["outcome"] == "acknowledged" else 0

    return until(attempts)
