"""A broker that is away for longer than its clients are patient costs time, and no outcome."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Report
from tests.faults.streams import QUOTA, bridge, event_numbers, events, repeats
from tests.processes.installation import installation, until
from tests.processes.sender import Sender

AWAY_S = 6.0
EVENTS = 600

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


def test_what_dingtalk_answered_is_written_while_the_broker_is_away(tmp_path: Path, report: Report) -> None:
    with installation(tmp_path, bridge(QUOTA)) as parts:
        parts.sink.switch(msg_uuid=False)
        parts.sink.limit("robot-sales-hk", QUOTA)
        parts.sink.fault(hang=0.02, seconds=600)
        parts.start()
        sender = Sender(parts.port, [events(most=EVENTS)] * 2)
        sender.start()
        until(lambda: len(parts.books.in_flight()) > 30, "sends queue up", 30)
        parts.kill_broker()
        time.sleep(AWAY_S)
        written, in_flight = parts.books.attempts(), len(parts.books.in_flight())
        parts.start_broker()
        tally = sender.join(60)
        back = time.monotonic()
        parts.await_settled(60)
        took = round(time.monotonic() - back, 1)
        shown = parts.sink.messages()
        numbers: dict[str, Any] = {
            "away_s": AWAY_S,
            "acknowledged": len(tally.acknowledged),
            "answers_written_while_away": written.get("delivered 0", 0),
            "in_flight_when_back": in_flight,
            "settled_after_s": took,
            "lost": len(set(tally.acknowledged) - set(event_numbers(shown))),
            "doubled": sum(repeats(shown).values()),
            "attempts": parts.books.attempts(),
        }
    report(numbers)
    assert numbers["acknowledged"] == EVENTS
    assert numbers["lost"] == numbers["doubled"] == 0
    assert not any(attempt.startswith("unknown") for attempt in numbers["attempts"])
