"""The limit of a custom robot: 20 messages a minute, one more and it is blocked for 10 minutes.

https://open.dingtalk.com/document/development/custom-robots-send-group-messages
"""

from __future__ import annotations

from collections import deque

from connectors.dingtalk.sandbox.company import Limits
from connectors.dingtalk.sandbox.refusals import THROTTLED, TOO_FAST, Refusal
from connectors.dingtalk.sandbox.switches import Switches


class Window:
    """The messages of one robot that count. All times are monotonic seconds."""

    def __init__(self) -> None:
        """Start empty and unblocked."""
        self._counted: deque[float] = deque()
        self.blocked_until = 0.0

    def refused(self, now: float, limits: Limits, switches: Switches) -> Refusal | None:
        """Count a message that arrived at `now`, or say why it is too much."""
        if now < self.blocked_until:
            if switches.block_extends:
                self.blocked_until = now + limits.block
            return THROTTLED if switches.throttled_errcode == THROTTLED.errcode else TOO_FAST
        self._forget(now - limits.window, switches)
        if len(self._counted) >= limits.count:
            self.blocked_until = now + limits.block
            return TOO_FAST
        self._counted.append(now)
        return None

    def _forget(self, before: float, switches: Switches) -> None:
        counted = self._counted
        if switches.window == "fixed":
            if counted and counted[0] <= before:
                counted.clear()
            return
        while counted and counted[0] <= before:
            counted.popleft()
