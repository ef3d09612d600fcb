"""What the twin remembers: settings, armed refusals, and the traffic of each robot."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, Literal

import msgspec

from connectors.dingtalk.sandbox.company import Company
from connectors.dingtalk.sandbox.refusals import OK
from connectors.dingtalk.sandbox.shown import ChatLog
from connectors.dingtalk.sandbox.switches import Switches
from connectors.dingtalk.sandbox.throttle import Window

ARRIVALS_KEPT = 50_000
KEYS_KEPT = 100_000


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """What an administrator of the company would set; `monthly_quota` None means no limit."""

    monthly_quota: int | None = None
    moderated_words: list[str] = []
    msg_uuid_window_s: float = 600.0


class Arrival(msgspec.Struct, gc=False, frozen=True):
    """One request to a robot: `monotonic` and `at` (Unix) in seconds, and what became of it."""

    n: int
    monotonic: float
    at: float
    outcome: Literal["shown", "replayed", "refused"]
    errcode: int


class ArmedRefusal(msgspec.Struct):
    """An errcode to answer inside HTTP 200: for one robot or all, `count` times or until a monotonic time."""

    errcode: int
    errmsg: str
    robot: str
    count: int | None
    until: float | None

    def strikes(self, robot: str, now: float) -> bool:
        """Tell whether this request is hit, and use up one count."""
        if (self.robot and self.robot != robot) or (self.until is not None and now >= self.until):
            return False
        if self.count is None:
            return True
        self.count -= 1
        return self.count >= 0


class Traffic:
    """One robot's window, its idempotency keys (until when, monotonic seconds) and its arrivals."""

    def __init__(self) -> None:
        """Start without a past."""
        self.window = Window()
        self.arrivals: deque[Arrival] = deque(maxlen=ARRIVALS_KEPT)
        self.count = 0
        self._keys: dict[str, float] = {}

    def replayed(self, key: str, now: float) -> bool:
        """Tell whether this msgUuid was shown and is still remembered."""
        return self._keys.get(key, 0.0) > now

    def remember(self, key: str, now: float, until: float) -> None:
        """Remember a msgUuid that was shown, and drop the oldest ones that are over."""
        self._keys.pop(key, None)
        self._keys[key] = until
        oldest = next(iter(self._keys))
        while self._keys[oldest] <= now or len(self._keys) > KEYS_KEPT:
            del self._keys[oldest]
            oldest = next(iter(self._keys))

    def arrived(self, now: float, at: float, outcome: Literal["shown", "replayed", "refused"], errcode: int) -> None:
        """Note one request."""
        self.count += 1
        self.arrivals.append(Arrival(self.count, now, at, outcome, errcode))


class State:
    """Everything that a reset forgets."""

    def __init__(self) -> None:
        """Start with the demo's company and the documented answers."""
        self.company = Company()
        self.reset()

    def reset(self) -> None:
        """Go back to how the twin started."""
        self.company.reset()
        self.switches = Switches()
        self.settings = Settings()
        self.log = ChatLog()
        self.traffic: dict[str, Traffic] = {}
        self.armed: list[ArmedRefusal] = []
        self.outcomes: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        self.quota_used = 0
        self.address_blocked_until = 0.0
        self.address_block_form: Literal["json", "errcode", "html"] = "json"

    def traffic_of(self, robot: str) -> Traffic:
        """Return a robot's traffic, empty at first."""
        found = self.traffic.get(robot)
        if found is None:
            found = self.traffic[robot] = Traffic()
        return found

    def stats(self) -> dict[str, Any]:
        """Return the counts since the start or the last reset."""
        return {
            "shown": self.outcomes["shown"],
            "replayed": self.outcomes["replayed"],
            "refused": {str(code): count for code, count in sorted(self.refused.items()) if code != OK},
            "address_blocked": self.outcomes["address_blocked"],
            "quota_used": self.quota_used,
            "arrivals": {robot: traffic.count for robot, traffic in self.traffic.items()},
        }
