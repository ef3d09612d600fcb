"""The DingTalk twin as the sink: what it showed, and how it is told to misbehave."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec
import requests

from tests.processes.process import Process

READ_S = 30.0
PAGE = 5000


@dataclass(frozen=True, slots=True)
class Quota:
    """So many messages in a window of whole seconds; one more and the robot is blocked."""

    count: int
    window_s: int
    block_s: int


class Sink:
    """The twin's control API."""

    def __init__(self, base: str, robots: dict[str, dict[str, Any]]) -> None:
        self.base = base
        self._control = f"{base}/__sandbox"
        self._http = requests.Session()
        self.robots = robots

    @classmethod
    def of(cls, process: Process) -> Sink:
        """The sink of a started twin, as soon as it has printed where it is."""
        deadline = time.monotonic() + READ_S
        while not (said := process.said()).endswith("\n"):
            if time.monotonic() > deadline or process.running.poll() is not None:
                raise TimeoutError(f"the twin did not start: {said}")
            time.sleep(0.05)
        described = msgspec.json.decode(said.splitlines()[-1])["dingtalk"]
        return cls(described["control"].removesuffix("/__sandbox/"), {r["id"]: r for r in described["robots"]})

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **given: Any) -> Any:
        answer = self._http.request(method, f"{self._control}/{path}", timeout=READ_S, **given)
        answer.raise_for_status()
        return answer.json()

    def limit(self, robot: str, quota: Quota) -> None:
        """Hold a robot to this quota."""
        limits = {"count": quota.count, "window": quota.window_s, "block": quota.block_s}
        self.ask("PATCH", f"robots/{robot}", json={"limits": limits})

    def refuse(self, errcode: int, *, robot: str, seconds: float) -> None:
        """Answer this errcode inside HTTP 200."""
        self.ask("POST", "fail", json={"errcode": errcode, "robot": robot, "seconds": seconds})

    def accept(self) -> None:
        """End every refusal by errcode."""
        self.ask("DELETE", "fail")

    def fault(self, **fault: Any) -> None:
        """Misbehave on HTTP: `status`, `hang`, `drop`, for `seconds`."""
        self.ask("POST", "faults", json={"path": "/robot/send", **fault})

    def switch(self, **switches: Any) -> None:
        self.ask("POST", "switches", json=switches)

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self.ask("GET", "stats")
        return stats

    def messages(self) -> list[dict[str, Any]]:
        """All that was shown, in the order in which it was shown."""
        return self._all("messages", "messages", "index")

    def arrivals(self, robot: str) -> list[dict[str, Any]]:
        """All requests to a robot, in the order of their arrival."""
        return self._all(f"arrivals?robot={robot}", "arrivals", "n")

    def _all(self, path: str, name: str, number: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            after = rows[-1][number] if rows else 0
            page = self.ask("GET", path, params={"after": after, "limit": PAGE})[name]
            rows += page
            if len(page) < PAGE:
                return rows
