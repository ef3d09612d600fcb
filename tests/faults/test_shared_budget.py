"""Four workers share a robot's quota and keep two groups' budgets, and one of them stands still between grant and send."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.faults.conftest import Report
from tests.faults.streams import event_numbers
from tests.processes.installation import until
from tests.processes.machines import Machines, machines
from tests.processes.process import Process
from tests.processes.sender import Sender, Tally, Work, event
from tests.processes.sink import Quota
from tests.processes.windows import most_in_a_window
from worker.ledger.tables import MessageState, message

SHARED = "robot-sales-hk"
SPARED = ("robot-management", "robot-operations")
RULE = Quota(count=10, window_s=2, block_s=5)
MOST, PER_S = 3, 4
WORKERS = [f"worker-{n}" for n in range(1, 5)]
STOPPED_S = 3.0
BURSTS = 3
FACTS = 8
"""Of each team in each burst: two teams want more of the shared quota than one window has."""
GRANTED = 2
"""What one of the workers has on its way when it is stopped."""
HANG_S = 0.3
TEAMS = {"A": "SALES_HK", "B": "SALES_HK", "C": "MANAGEMENT", "D": "OPERATIONS"}

SOURCE = """
version: 1
sources:
  shop:
    connector: generic
    settings:
      kind_path: kind
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
      id: id
      number: number
      time: at
      version: rev
    kinds:
      event: {fields: {team: {path: team, type: text}}}
destinations:
"""
DESTINATION = """
  team-{team}:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings:
      kind: robot
      webhook: env:HOOK_{variable}
      secret: env:SECRET_{variable}
      quota: {{limit: {quota.count}, window: {quota.window_s}s, block: {quota.block_s}s}}
"""
BUDGET = f"    quiet: {{budget: {{messages: {MOST}, per: {PER_S}s}}}}\n"
FORM = [["db", "upgrade"], ["relay"], *(["worker", "--name", name] for name in WORKERS), ["scheduler"]]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]


def test_no_window_is_exceeded_by_four_workers_of_which_one_stands_still(tmp_path: Path, report: Report) -> None:
    with machines(tmp_path, _bridge(), FORM, DINGBRIDGE_LOG_LEVEL="warning") as parts:
        for robot in (SHARED, *SPARED):
            parts.sink.limit(robot, RULE)
        parts.sink.fault(hang=HANG_S, seconds=600)
        parts.start()
        acknowledged: set[str] = set()
        stopped = []
        for burst in range(BURSTS):
            acknowledged |= set(_send(parts, burst).join(30).acknowledged)
            until(
                lambda: max(_under_way(parts).values(), default=0) >= GRANTED, "grants wait to be used", 30, look_s=0.01
            )
            name, _ = _under_way(parts).most_common(1)[0]
            worker = _worker(parts, name)
            worker.signal(signal.SIGSTOP)
            stopped.append({"worker": name, "granted": _under_way(parts)[name]})
            time.sleep(STOPPED_S)
            worker.signal(signal.SIGCONT)
            parts.await_settled(60)
            time.sleep(PER_S)
        numbers = _numbers(parts, acknowledged) | {"stopped": stopped}
    report(numbers)
    assert numbers["lost"] == numbers["doubled"] == numbers["refused"] == 0
    assert numbers["most_of_the_quota"] <= RULE.count
    assert max(numbers["most_of_a_budget"]) <= MOST
    assert all(each < BURSTS * FACTS for each in numbers["messages_of_a_budget"])


def _bridge() -> str:
    each = "".join(
        DESTINATION.format(team=team.lower(), variable=variable, quota=RULE) + (BUDGET if team in "CD" else "")
        for team, variable in TEAMS.items()
    )
    routes = "".join(
        f"  team-{team.lower()}: {{from: shop.event, equals: {{team: {team}}}, to: team-{team.lower()}, title: Event, "
        "fields: [team]}\n"
        for team in TEAMS
    )
    return f"{SOURCE}{each}routes:\n{routes}"


def _send(parts: Machines, burst: int) -> Sender:
    def of(team: str) -> Work:
        def work(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
            for n in range(FACTS):
                number = f"{team}E-{100 * burst + n:06}"
                yield number, 1, event("event", number, 1, team=team)

        return work

    sender = Sender(parts.port, [of(team) for team in TEAMS])
    sender.start()
    return sender


def _under_way(parts: Machines) -> Counter[str]:
    """How many messages each worker has granted and not settled."""
    query = select(message.c.owner).where(message.c.state == MessageState.SENDING)
    return Counter(row.owner for row in parts.books.rows(query))


def _worker(parts: Machines, name: str) -> Process:
    return (parts.worker, *parts.others)[WORKERS.index(name)]


def _numbers(parts: Machines, acknowledged: set[str]) -> dict[str, Any]:
    arrivals = {robot: parts.sink.arrivals(robot) for robot in (SHARED, *SPARED)}
    at = {robot: [one["monotonic"] for one in rows] for robot, rows in arrivals.items()}
    shown = event_numbers(parts.sink.messages())
    return {
        "rule": asdict(RULE),
        "budget": f"{MOST} in {PER_S} s",
        "facts": len(acknowledged),
        "lost": len(acknowledged - set(shown)),
        "doubled": sum(times - 1 for times in shown.values()),
        "refused": sum(one["outcome"] == "refused" for rows in arrivals.values() for one in rows),
        "most_of_the_quota": most_in_a_window(at[SHARED], RULE.window_s),
        "most_of_a_budget": [most_in_a_window(at[robot], PER_S) for robot in SPARED],
        "messages_of_a_budget": [len(at[robot]) for robot in SPARED],
    }
