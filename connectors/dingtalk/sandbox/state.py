"""What the twin remembers: company, applications, what was sent and shown, and how it misbehaves."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, Literal

import msgspec

from connectors.dingtalk.sandbox.address import Address
from connectors.dingtalk.sandbox.api.account import Account
from connectors.dingtalk.sandbox.api.rates import Rates
from connectors.dingtalk.sandbox.approvals.instances import Approvals
from connectors.dingtalk.sandbox.apps import Apps
from connectors.dingtalk.sandbox.cards.deck import Deck
from connectors.dingtalk.sandbox.centre.tickets import Centre
from connectors.dingtalk.sandbox.clock import Clock
from connectors.dingtalk.sandbox.company import Company
from connectors.dingtalk.sandbox.media.shelf import Shelf
from connectors.dingtalk.sandbox.notices.tasks import Notices
from connectors.dingtalk.sandbox.refusals import OK
from connectors.dingtalk.sandbox.robots.sent import Sending, Sent
from connectors.dingtalk.sandbox.robots.sessions import Sessions
from connectors.dingtalk.sandbox.settings import Settings
from connectors.dingtalk.sandbox.shown import ChatLog, Shown
from connectors.dingtalk.sandbox.switches import AppSwitches, Switches
from connectors.dingtalk.sandbox.throttle import Window

ARRIVALS_KEPT = 50_000
KEYS_KEPT = 100_000


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
        self.clock = Clock()
        self.switches = Switches()
        self.app_switches = AppSwitches()
        self.settings = Settings()
        self.apps = Apps()
        self.rates = Rates()
        self.account = Account(self.clock)
        self.sent = Sent()
        self.sessions = Sessions()
        self.notices = Notices()
        self.deck = Deck()
        self.approvals = Approvals()
        self.centre = Centre()
        self.shelf = Shelf()
        self.refused_calls: Counter[tuple[str, str]] = Counter()
        self.log = ChatLog()
        self.traffic: dict[str, Traffic] = {}
        self.armed: list[ArmedRefusal] = []
        self.outcomes: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        self.address = Address()

    def traffic_of(self, robot: str) -> Traffic:
        """Return a robot's traffic, empty at first."""
        found = self.traffic.get(robot)
        if found is None:
            found = self.traffic[robot] = Traffic()
        return found

    def show(self, shown: Shown) -> Shown:
        """Show a message with the next index, and return it as it stands in the log."""
        numbered = msgspec.structs.replace(shown, index=self.log.count + 1)
        self.log.add(numbered)
        return numbered

    def recall(self, index: int) -> None:
        """Take a message back out of its conversation."""
        self.log.recalled.add(index)

    def take_back(self, sending: Sending) -> None:
        """Take what a robot sent back out of all its conversations."""
        sending.recalled = True
        for index in sending.shown.values():
            self.recall(index)

    def count_refusal(self, path: str, code: str) -> None:
        """Count a refusal of the API."""
        self.refused_calls[path, code] += 1

    def push_left(self) -> bool:
        """Tell whether the month still has a webhook message or a push."""
        quota = self.settings.monthly_quota
        return quota is None or self.account.month.pushes < quota

    def push_allowed(self) -> bool:
        """Tell whether the month still has a push of Stream or an HTTP callback, and count it."""
        allowed = self.push_left()
        self.account.month.pushes += allowed
        return allowed

    def stats(self) -> dict[str, Any]:
        """Return the counts since the start or the last reset."""
        return {
            "shown": self.outcomes["shown"],
            "replayed": self.outcomes["replayed"],
            "refused": {str(code): count for code, count in sorted(self.refused.items()) if code != OK},
            "address_blocked": self.outcomes["address_blocked"],
            "quota_used": self.account.month.pushes,
            "calls_used": self.account.month.paid,
            "calls_refused": {f"{path} {code}": count for (path, code), count in sorted(self.refused_calls.items())},
            "arrivals": {robot: traffic.count for robot, traffic in self.traffic.items()},
        }
