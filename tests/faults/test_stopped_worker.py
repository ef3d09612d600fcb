"""A worker that is stopped between its grant and its send exceeds no window when it goes on."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.conftest import Report
from tests.faults.streams import bridge, event_numbers, events
from tests.processes.installation import Installation, installation, until
from tests.processes.sender import Sender
from tests.processes.sink import Quota
from tests.processes.windows import most_in_a_window

ROBOT = "robot-sales-hk"
RULE = Quota(count=10, window_s=2, block_s=5)
STOPPED_S = 3.0
BURSTS = ("S", "T", "U")
GRANTED = 8
"""What the lane of ordinary facts may send at once: each fact becomes a message of its own."""
MORE = 6
"""Facts that come while the worker is stopped: a limiter that forgot the unused grants would let these go as well."""
HANG_S = 0.2

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


def test_a_worker_stopped_between_grant_and_send_exceeds_no_window(tmp_path: Path, report: Report) -> None:
    with installation(tmp_path, bridge(RULE)) as parts:
        parts.sink.limit(ROBOT, RULE)
        # two requests at a time, and slow ones: of the messages that are granted at once, most still wait for a thread
        parts.sink.fault(hang=HANG_S, seconds=600)
        parts.start()
        granted: list[int] = []
        acknowledged: set[str] = set()
        for burst in BURSTS:
            acknowledged |= set(_send(parts, f"{burst}A", GRANTED).join(30).acknowledged)
            until(lambda: len(parts.books.in_flight()) >= GRANTED, "grants wait to be used", 30, look_s=0.01)
            parts.worker.signal(signal.SIGSTOP)
            granted.append(len(parts.books.in_flight()))
            more = _send(parts, f"{burst}B", MORE)
            time.sleep(STOPPED_S)
            parts.worker.signal(signal.SIGCONT)
            # a process that is stopped inside a write holds up the other writers of its host until it goes on
            acknowledged |= set(more.join(30).acknowledged)
            parts.await_settled(60)
            time.sleep(RULE.window_s)
        arrivals = parts.sink.arrivals(ROBOT)
        shown = event_numbers(parts.sink.messages())
        numbers = {
            "rule": asdict(RULE),
            "stopped_s": STOPPED_S,
            "granted_and_unanswered_at_the_stops": granted,
            "facts": len(acknowledged),
            "facts_at_sink": len(shown),
            "doubled": sum(times - 1 for times in shown.values()),
            "messages": len(arrivals),
            "most_in_a_window": most_in_a_window([a["monotonic"] for a in arrivals], RULE.window_s),
            "refused": sum(a["outcome"] == "refused" for a in arrivals),
        }
    report(numbers)
    assert set(shown) == acknowledged
    assert numbers["doubled"] == 0
    assert numbers["most_in_a_window"] <= RULE.count
    assert numbers["refused"] == 0


def _send(parts: Installation, prefix: str, facts: int) -> Sender:
    sender = Sender(parts.port, [events(prefix, most=facts)] * facts)
    sender.start()
    return sender
