"""A robot that may send 20 messages a minute tells 60 facts of one minute, and never runs into its block."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.conftest import Report
from tests.faults.streams import bridge, event_numbers
from tests.processes.installation import installation
from tests.processes.sender import Sender, Tally, event
from tests.processes.sink import Quota
from tests.processes.windows import most_in_a_window

ROBOT = "robot-sales-hk"
RULE = Quota(count=20, window_s=60, block_s=600)
FACTS = 60

pytestmark = pytest.mark.timeout(240)


def one_a_second(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
    began = time.monotonic()
    for second in range(FACTS):
        time.sleep(max(0.0, began + second - time.monotonic()))
        number = f"EV-{second + 1:06}"
        yield number, 1, event("event", number, 1, amount="10", currency="HKD")


def test_sixty_facts_in_a_minute_to_one_robot(tmp_path: Path, report: Report) -> None:
    with installation(tmp_path, bridge(RULE)) as parts:
        parts.sink.limit(ROBOT, RULE)
        parts.start()
        sender = Sender(parts.port, [one_a_second])
        began = time.time()
        sender.start()
        tally = sender.join(FACTS + 30)
        parts.await_settled(2 * RULE.window_s)
        arrivals = parts.sink.arrivals(ROBOT)
        shown = event_numbers(parts.sink.messages())
        numbers = {
            "rule": asdict(RULE),
            "facts": len(tally.acknowledged),
            "facts_at_sink": len(shown),
            "doubled": sum(times - 1 for times in shown.values()),
            "messages": len(arrivals),
            "most_in_60_s": most_in_a_window([a["monotonic"] for a in arrivals], RULE.window_s),
            "refused": sum(a["outcome"] == "refused" for a in arrivals),
            "last_after_s": round(arrivals[-1]["at"] - began, 1),
        }
    report(numbers)
    assert numbers["facts"] == FACTS
    assert set(shown) == set(tally.acknowledged)
    assert numbers["doubled"] == 0
    assert numbers["most_in_60_s"] <= RULE.count
    assert numbers["refused"] == 0
