"""A worker that is stopped between its grant and its send exceeds no window when it goes on."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.conftest import Report
from tests.faults.streams import bridge, event_numbers, events
from tests.processes.installation import installation, until
from tests.processes.sender import Sender
from tests.processes.sink import Quota
from tests.processes.windows import most_in_a_window

ROBOT = "robot-sales-hk"
RULE = Quota(count=10, window_s=2, block_s=5)
STOPPED_S = 3.0
STOPS = 3

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


def test_a_worker_stopped_between_grant_and_send_exceeds_no_window(tmp_path: Path, report: Report) -> None:
    with installation(tmp_path, bridge(RULE)) as parts:
        parts.sink.limit(ROBOT, RULE)
        # two requests of 150 ms at a time: of the messages that were granted at once, some still wait for a thread
        parts.sink.fault(hang=0.15, seconds=600)
        parts.start()
        sender = Sender(parts.port, [events()] * 2)
        sender.start()
        granted = []
        for _ in range(STOPS):
            until(lambda: len(parts.books.in_flight()) > 2, "messages are granted and wait to be sent", 30, look_s=0.01)
            parts.worker.signal(signal.SIGSTOP)
            granted.append(len(parts.books.in_flight()))
            time.sleep(STOPPED_S)
            parts.worker.signal(signal.SIGCONT)
            time.sleep(1)
        sender.stop()
        tally = sender.join(30)
        parts.await_settled(60)
        arrivals = parts.sink.arrivals(ROBOT)
        shown = event_numbers(parts.sink.messages())
        numbers = {
            "rule": asdict(RULE),
            "stopped_s": STOPPED_S,
            "granted_and_unanswered_at_the_stops": granted,
            "facts": len(tally.acknowledged),
            "facts_at_sink": len(shown),
            "doubled": sum(times - 1 for times in shown.values()),
            "messages": len(arrivals),
            "most_in_a_window": most_in_a_window([a["monotonic"] for a in arrivals], RULE.window_s),
            "refused": sum(a["outcome"] == "refused" for a in arrivals),
        }
    report(numbers)
    assert min(granted) > 2
    assert set(shown) == set(tally.acknowledged)
    assert numbers["doubled"] == 0
    assert numbers["most_in_a_window"] <= RULE.count
    assert numbers["refused"] == 0
