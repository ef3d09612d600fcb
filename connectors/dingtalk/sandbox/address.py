"""What a blocked egress address gets, whatever it asks.

https://open.dingtalk.com/document/development/call-frequency-limit
"""

from __future__ import annotations

import uuid
from collections import deque
from typing import Literal

import msgspec

JSON = "application/json"
HTML = "text/html"
WINDOW_S = 20.0
BLOCK_S = 300.0
Form = Literal["json", "errcode", "html"]


class Address:
    """The block of callers by their address; monotonic seconds."""

    def __init__(self) -> None:
        """Start unblocked."""
        self.blocked_until = 0.0
        self.form: Form = "json"
        self._calls: deque[float] = deque()

    def blocked(self, now: float, most: int | None) -> bool:
        """Count a call; tell whether it meets the block. `most` calls in 20 seconds start one of five minutes."""
        if now < self.blocked_until:
            return True
        if most is None:
            return False
        while self._calls and self._calls[0] <= now - WINDOW_S:
            self._calls.popleft()
        self._calls.append(now)
        if len(self._calls) <= most:
            return False
        self._calls.clear()
        self.blocked_until = now + BLOCK_S
        return True

    def answer(self) -> tuple[bytes, str]:
        """Return the body of an HTTP 200 and its content type."""
        if self.form == "html":
            return b"<!doctype html><html><head><title>deny</title></head><body>x5 deny</body></html>", HTML
        body = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": uuid.uuid4().hex}
        if self.form == "errcode":
            body["errcode"] = 130101
        return msgspec.json.encode(body), JSON
