"""Decide with 1 route and with 50, all of which pass the narrowing and evaluate their condition: CPU an event."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.events import bridge, destination, event
from tests.bench.figures import Report, at_most
from tests.bench.inside import inside, receive

EVENTS = 3000
WARM = 500
MOST_US = 400.0
HOOKS = {"HOOK": "http://127.0.0.1:9/robot/send?access_token=bench"}
CONDITION = 'status == "open" && customer.startsWith("Lotus {0}") && city != "Macau {0}" && terms.contains("{0} days")'


def run(report: Report, folder: Path) -> None:
    """Measure one after the other."""
    used = {}
    section = report.section()
    for count in (1, 50):
        used[count] = _decide(folder / f"routes-{count}", count)
    section.end()
    section.tell("decide_1_route", used[1], "us", None, events=EVENTS)
    section.tell(
        "decide_50_routes",
        used[50],
        "us",
        at_most(MOST_US),
        of="one event: read, open, map, 50 conditions, write; CPU of the deciding thread",
        each_route=round((used[50] - used[1]) / 49, 1),
        events=EVENTS,
    )


def _decide(folder: Path, count: int) -> float:
    routes = "".join(
        f"  route{n}: {{from: shop.order, equals: {{currency: HKD}}, when: '{CONDITION.format(n)}', to: sink, title: Order,"
        f" fields: [total, status]}}\n"
        for n in range(count)
    )
    with inside(folder, bridge(destination("sink"), routes, extra=_CURRENCY), HOOKS) as wiring:
        receive(wiring, [event(number) for number in range(EVENTS + WARM)])
        decider = wiring.decider()
        warm = 0
        while warm < WARM:
            warm += decider.step()
        at, decided = time.thread_time(), 0
        while looked_at := decider.step():
            decided += looked_at
        return (time.thread_time() - at) / decided * 1e6


_CURRENCY = "          currency: {path: currency, type: choice}\n"
