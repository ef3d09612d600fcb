"""How often each application calls: windows of a second and a minute.

https://open.dingtalk.com/document/development/call-frequency-limit
"""

from __future__ import annotations

from collections import defaultdict, deque
from enum import StrEnum

SECOND = 1.0
MINUTE = 60.0


class Excess(StrEnum):
    """Which limit a call is above."""

    QPS = "qps"
    QPM = "qpm"
    PLATFORM = "platform"
    MONTH = "month"


LIMITS = {
    Excess.QPS: ("QpsLimitForAppkeyAndApi", 90018, "调用该接口的频率超过每秒限制"),
    Excess.QPM: ("QpmLimitForAppkeyAndApi", 90018, "调用该接口的频率超过每分钟限制"),
    Excess.PLATFORM: ("QpsLimitForApi", 90002, "服务器调用该接口的频率超过限制"),
    Excess.MONTH: ("ApiCountLimitForOrg", 90020, "企业当月接口调用次数已用完"),
}
"""By excess: the end of the new host's code, the old host's code, and a text."""


class Rates:
    """The calls that counted, by application and API. Times are monotonic seconds."""

    def __init__(self) -> None:
        """Start without calls."""
        self._calls: defaultdict[tuple[str, str, float], deque[float]] = defaultdict(deque)

    def over(self, key: tuple[str, str], now: float, most: int | None, window: float) -> bool:
        """Tell whether one more call of `key` would be more than `most` in `window` seconds."""
        if most is None:
            return False
        calls = self._calls[*key, window]
        while calls and calls[0] <= now - window:
            calls.popleft()
        return len(calls) >= most

    def count(self, key: tuple[str, str], now: float, window: float) -> None:
        """Count a call."""
        self._calls[*key, window].append(now)
