"""Nothing that was acknowledged is lost, doubled or out of order, whatever dies and whatever DingTalk answers."""

from __future__ import annotations

import os
import random
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Report
from tests.faults.kills import LEAST_RETRIES, Killer
from tests.faults.streams import (
    CONNECTIONS,
    QUOTA,
    RECORDS,
    bridge,
    event_numbers,
    events,
    repeats,
    shown_versions,
    versions,
)
from tests.processes.installation import Installation, installation, until
from tests.processes.sender import Sender, Tally
from worker.ledger.tables import NoticeState

KILLS_OF_EACH = 4
REFUSALS = 60
FAULT_S = 10.0
FAULTS_AT_S = {"130101 inside HTTP 200": 4.0, "HTTP 500": 15.0, "broker wiped": 10.0}
SETTLED_S = 150.0
STATE_LINES = 4
ANSWER_S = 0.005
"""The sink's answer takes a moment, as one across a network does, so that a kill finds requests on their way."""

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.mark.parametrize("sink", ["honours_msguuid", "ignores_msguuid"])
def test_kills_refusals_and_a_wiped_broker(sink: str, tmp_path: Path, report: Report) -> None:
    seed = int(os.environ.get("FAULTS_SEED", random.SystemRandom().randrange(10**6)))
    numbers: dict[str, Any] = {"seed": seed, "connections": CONNECTIONS, "quota_declared": asdict(QUOTA)}
    try:
        with installation(tmp_path, bridge(QUOTA)) as parts:
            _run(parts, seed, numbers, honours=sink == "honours_msguuid")
    finally:
        report(numbers)


def _run(parts: Installation, seed: int, numbers: dict[str, Any], *, honours: bool) -> None:
    parts.sink.switch(msg_uuid=honours)
    for robot in parts.sink.robots:
        parts.sink.limit(robot, QUOTA)
    parts.start()
    parts.sink.fault(hang=ANSWER_S, seconds=600)
    refused = _let_retries_wait(parts)
    share = RECORDS // STATE_LINES
    stream = events()
    lines = [stream] * CONNECTIONS + [versions(n * share, (n + 1) * share) for n in range(STATE_LINES)]
    sender = Sender(parts.port, lines)
    killer = Killer(parts, seed)
    sender.start()
    _kill_among_faults(killer, parts)
    sender.stop()
    tally = sender.join(60)
    parts.sink.accept()
    ended = time.monotonic()
    until(lambda: _settled(parts), f"all is settled: {parts.books.unfinished()}", SETTLED_S, look_s=1.0)
    numbers["settled_after_s"] = round(time.monotonic() - ended, 1)
    _count(parts, killer, tally, refused, numbers)
    _judge(numbers, honours=honours)


def _let_retries_wait(parts: Installation) -> Tally:
    """Send facts to a robot that answers -1 to all of them until the kills are over."""
    parts.sink.refuse(-1, robot="robot-operations", seconds=600)
    sender = Sender(parts.port, [events("RF", "refused", REFUSALS)])
    sender.start()
    taken = sender.join(60)
    until(lambda: parts.books.retries_waiting() >= LEAST_RETRIES, "retries wait", 30)
    return taken


def _settled(parts: Installation) -> bool:
    """Tell whether all has come to its end; nobody waits for the minutes of what was refused all the time."""
    parts.books.hasten("operations")
    return parts.settled()


def _kill_among_faults(killer: Killer, parts: Installation) -> None:
    strikes = {
        "130101 inside HTTP 200": lambda: parts.sink.refuse(130101, robot="robot-sales-hk", seconds=FAULT_S),
        "HTTP 500": lambda: _answer_500(parts),
        "broker wiped": killer.wipe,
    }
    due = sorted((at, name) for name, at in FAULTS_AT_S.items())
    for at_s in killer.run(KILLS_OF_EACH):
        while due and due[0][0] <= at_s:
            strikes[due.pop(0)[1]]()
    assert not due, "the kills were over before every fault had struck"


def _answer_500(parts: Installation) -> None:
    parts.sink.ask("DELETE", "faults")
    parts.sink.fault(status=500, seconds=FAULT_S)
    parts.sink.fault(hang=ANSWER_S, seconds=600)


def _count(parts: Installation, killer: Killer, tally: Tally, refused: Tally, numbers: dict[str, Any]) -> None:
    """Count at the sink first, from the texts; the ledger is only compared with it."""
    shown = parts.sink.messages()
    at_sink = event_numbers(shown)
    acknowledged = {n for n in tally.acknowledged if n.startswith("EV-")} | set(refused.acknowledged)
    states = shown_versions(shown)
    newest = {n: rev for n, rev in tally.newest.items() if n.startswith("RC-")}
    doubled, in_flight = repeats(shown), killer.in_flight()
    told = parts.books.numbers(NoticeState.SHOWN)
    numbers |= {
        "faults_at_s": FAULTS_AT_S,
        "kills": killer.counted(),
        "kills_at_s": [kill.at_s for kill in killer.kills],
        "least_retries_waiting": min(kill.retries_waiting for kill in killer.kills),
        "acknowledged": len(acknowledged),
        "messages_at_sink": len(shown),
        "lost": len(acknowledged - set(at_sink)),
        "invented": len(set(at_sink) - acknowledged),
        "events_doubled": sum(1 for times in at_sink.values() if times > 1),
        "messages_doubled": sum(doubled.values()),
        "sends_in_flight_at_kills": sum(in_flight.values()),
        "doubled_and_not_in_flight": sum((doubled - in_flight).values()),
        "in_ledger_and_not_at_sink": len({n for n in told if n[:2] != "RC"} - set(at_sink)),
        "at_sink_and_not_in_ledger": len(set(at_sink) - set(told)),
        "records": len(newest),
        "versions_acknowledged": sum(newest.values()),
        "versions_at_sink": sum(map(len, states.values())),
        "older_after_newer": sum(a > b for seen in states.values() for a, b in pairwise(seen)),
        "not_ended_with_newest": sum(states.get(n, [0])[-1] != rev for n, rev in newest.items()),
        "notices": parts.books.notice_states(),
        "attempts": parts.books.attempts(),
        "sender_lines_broken": tally.broken,
        "sender_answers": dict(tally.answers),
        "sink": parts.sink.stats(),
    }


def _judge(numbers: dict[str, Any], *, honours: bool) -> None:
    kills = numbers["kills"]
    assert sum(kills.values()) >= 10
    assert min(kills.values()) >= 3
    assert numbers["least_retries_waiting"] >= LEAST_RETRIES
    assert any(attempt.startswith("throttled 130101") for attempt in numbers["attempts"])
    assert any(attempt.startswith("unknown HTTP 500") for attempt in numbers["attempts"])
    assert numbers["acknowledged"] > 1000
    assert numbers["lost"] == 0
    assert numbers["invented"] == 0
    if honours:
        assert numbers["events_doubled"] == numbers["messages_doubled"] == 0
    assert numbers["doubled_and_not_in_flight"] == 0
    assert numbers["messages_doubled"] <= numbers["sends_in_flight_at_kills"]
    assert numbers["in_ledger_and_not_at_sink"] == 0
    assert numbers["at_sink_and_not_in_ledger"] == 0
    assert numbers["records"] == RECORDS
    assert numbers["older_after_newer"] == 0
    assert numbers["not_ended_with_newest"] == 0
    assert set(numbers["notices"]) <= {"shown", "superseded"}
