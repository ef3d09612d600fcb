"""The same promise on PostgreSQL, with a relay, two workers and two schedulers, and PostgreSQL itself among the dead."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.faults.conftest import Report
from tests.faults.streams import bridge, event_numbers, events, repeats, shown_versions, versions
from tests.processes.installation import until
from tests.processes.machines import PASSWORD, Machines, commands, machines
from tests.processes.process import Process
from tests.processes.sender import Sender, Tally
from tests.processes.sink import Quota
from worker.ledger.tables import NoticeState

ROUNDS = 2
CONNECTIONS = 2
RECORDS = 10
QUOTA = Quota(count=40, window_s=1, block_s=2)
"""Little, so that facts share messages and what waits at the end is told soon."""

GAP_S = (0.5, 2.0)
DOWN_S = (0.1, 1.5)
RECOVERY_S = 30.0
SETTLED_S = 60.0
ANSWER_S = 0.02
NEVER = (
    *("lost", "invented", "events_doubled", "messages_doubled", "at_sink_and_not_in_ledger"),
    *("older_after_newer", "not_ended_with_newest"),
)

FORM = [
    ["db", "upgrade"],
    ["relay"],
    ["worker", "--name", "worker-1"],
    ["worker", "--name", "worker-2"],
    ["scheduler"],
    ["scheduler"],
]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]

Strike = Callable[[], None]


def test_kills_a_wiped_broker_and_crashes_of_postgresql(tmp_path: Path, report: Report) -> None:
    seed = int(os.environ.get("FAULTS_SEED", random.SystemRandom().randrange(10**6)))
    numbers: dict[str, Any] = {"seed": seed, "connections": CONNECTIONS, "quota_declared": asdict(QUOTA)}
    try:
        assert commands() == FORM, "the page about many machines tells another form than this run"
        with machines(tmp_path, bridge(QUOTA), DINGBRIDGE_LEASE_S="20") as parts:
            _run(parts, random.Random(seed), numbers)
            assert not any(PASSWORD in process.said() for process in parts.processes)
    finally:
        report(numbers)


def _run(parts: Machines, chance: random.Random, numbers: dict[str, Any]) -> None:
    for robot in parts.sink.robots:
        parts.sink.limit(robot, QUOTA)
    parts.start()
    parts.sink.fault(hang=ANSWER_S, seconds=600)
    stream = events()
    sender = Sender(parts.port, [stream] * CONNECTIONS + [versions(0, RECORDS // 2), versions(RECORDS // 2, RECORDS)])
    sender.start()
    until(lambda: parts.sink.stats()["shown"] > 0, "messages are shown", RECOVERY_S)
    began = time.monotonic()
    strikes = _strikes(parts)
    recovered: dict[str, list[float]] = {name: [] for name in strikes}
    numbers["recovered_after_s"] = recovered
    for _ in range(ROUNDS):
        names = list(strikes)
        chance.shuffle(names)
        for name in names:
            time.sleep(chance.uniform(*GAP_S))
            down, back = strikes[name]
            down()
            time.sleep(chance.uniform(*DOWN_S))
            back()
            took, revived = _recovered(parts, sender.tally)
            recovered[name].append(took)
            numbers["revived"] = numbers.get("revived", 0) + revived
    numbers["struck_for_s"] = round(time.monotonic() - began, 1)
    sender.stop()
    tally = sender.join(60)
    ended = time.monotonic()
    parts.await_settled(SETTLED_S)
    numbers["settled_after_s"] = round(time.monotonic() - ended, 1)
    _count(parts, tally, numbers)
    _judge(numbers)


def _strikes(parts: Machines) -> Mapping[str, tuple[Strike, Strike]]:
    """What takes each part down, and what brings it back."""

    def killed(process: Process) -> tuple[Strike, Strike]:
        return process.kill, process.start

    def wipe() -> None:
        with redis.Redis.from_url(parts.broker.url) as client:
            client.flushall()

    worker, scheduler, other_scheduler = parts.others
    return {
        "relay killed": (parts.relay.kill, parts.start_relay),
        "worker killed": killed(parts.worker),
        "other worker killed": killed(worker),
        "scheduler killed": killed(scheduler),
        "other scheduler killed": killed(other_scheduler),
        "broker killed": (parts.kill_broker, parts.start_broker),
        "broker wiped": (wipe, lambda: None),
        "postgresql SIGQUIT": (lambda: parts.server.stop(signal.SIGQUIT), parts.server.start),
        "postgresql SIGKILL": (lambda: parts.server.stop(signal.SIGKILL), parts.server.start),
        "postgresql restarted": (parts.server.stop, parts.server.start),
    }


def _recovered(parts: Machines, tally: Tally) -> tuple[float, int]:
    """How long it took until something was acknowledged and something was shown, in seconds, and what had to be revived."""
    began, taken = time.monotonic(), len(tally.acknowledged)
    shown = parts.sink.stats()["shown"]
    revived = 0

    def goes_on() -> bool:
        nonlocal revived
        revived += parts.revive()
        return len(tally.acknowledged) > taken and parts.sink.stats()["shown"] > shown

    until(goes_on, "events are acknowledged and shown again", RECOVERY_S)
    return round(time.monotonic() - began, 1), revived


def _count(parts: Machines, tally: Tally, numbers: dict[str, Any]) -> None:
    """Count at the sink, from the texts; the ledger is only compared with it."""
    shown = parts.sink.messages()
    at_sink = event_numbers(shown)
    acknowledged = {n for n in tally.acknowledged if n.startswith("EV-")}
    states = shown_versions(shown)
    newest = {n: rev for n, rev in tally.newest.items() if n.startswith("RC-")}
    told = parts.books.numbers(NoticeState.SHOWN)
    numbers |= {
        "acknowledged": len(acknowledged),
        "messages_at_sink": len(shown),
        "lost": len(acknowledged - set(at_sink)),
        "invented": len(set(at_sink) - acknowledged),
        "events_doubled": sum(1 for times in at_sink.values() if times > 1),
        "messages_doubled": sum(repeats(shown).values()),
        "at_sink_and_not_in_ledger": len(set(at_sink) - set(told)),
        "records": len(newest),
        "versions_acknowledged": sum(newest.values()),
        "versions_at_sink": sum(map(len, states.values())),
        "older_after_newer": sum(a > b for seen in states.values() for a, b in pairwise(seen)),
        "not_ended_with_newest": sum(states.get(n, [0])[-1] != rev for n, rev in newest.items()),
        "notices": parts.books.notice_states(),
        "attempts": parts.books.attempts(),
        "sender_answers": dict(Counter(tally.answers)),
        "sender_lines_broken": tally.broken,
    }


def _judge(numbers: Mapping[str, Any]) -> None:
    assert numbers["acknowledged"] > 500
    assert numbers["records"] == RECORDS
    assert {name: numbers[name] for name in NEVER} == dict.fromkeys(NEVER, 0)
    assert set(numbers["notices"]) <= {"shown", "superseded"}
    # the relay said that it could not store, and did not leave the sender without an answer
    assert numbers["sender_answers"][503] > 0
