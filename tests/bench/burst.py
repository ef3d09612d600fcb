"""A burst of 100,000 events of 10,000 records for one robot of 20 a minute: what is told, how fast, in how much memory.

The robot's window is scaled: 20 in 6 s, declared to the product and kept by the twin, so that the run takes a
tenth of the time; the output tells the time at 20 a minute beside the measured one.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.bench.events import SHOWN, bridge, destination
from tests.bench.figures import Report, Section, at_least, at_most
from tests.bench.generator import Load, Sent
from tests.bench.machine import Memory, watching
from tests.bench.rig import Product, generate, product
from tests.processes.installation import sandbox, until
from tests.processes.sink import Quota, Sink

EVENTS, RECORDS = 100_000, 10_000
COUNT, WINDOW_S, BLOCK_S = 20, 6, 6
REAL_WINDOW_S = 60.0
ROBOT = "robot-sales-hk"
MOST_S = 900.0
GROWTH_MIB = 16.0
MIB = 1024 * 1024
TOLD = re.compile(r"EV-(\d+)")
_ROUTE = f"  told: {{from: shop.order, when: 'status == \"open\"', to: sink, title: Order, fields: [{SHOWN}]}}\n"


def run(report: Report, folder: Path) -> None:
    """Send everything, wait until all is told, and read it at the twin."""
    quota = f"{{limit: {COUNT}, window: {WINDOW_S:g}s, block: {BLOCK_S:g}s}}"
    with sandbox(folder) as twin:
        twin.limit(ROBOT, Quota(COUNT, int(WINDOW_S), int(BLOCK_S)))
        robot = twin.robots[ROBOT]
        section, memory = report.section(), Memory()
        file = bridge(destination("sink", quota), _ROUTE)
        with product(folder, robot["webhook"], file, robot["secret"]) as ours, watching(ours.target.pid, memory):
            began = time.monotonic()
            sent = generate(Load(port=ours.target.port, first=0, count=EVENTS, records=RECORDS), folder)
            taken = time.monotonic()
            _await(ours)
            told = time.monotonic()
        section.end()
        _tell(section, twin, memory, sent, (began, taken, told))


def _await(ours: Product) -> None:
    def settled() -> bool:
        time.sleep(0.5)
        return not any(ours.books.unfinished().values())

    until(settled, "everything is told", MOST_S)


def _tell(section: Section, twin: Sink, memory: Memory, sent: Sent, moments: tuple[float, float, float]) -> None:
    began, taken, told = moments
    messages = twin.messages()
    newest: dict[int, int] = {}
    for message in messages:
        for number in map(int, TOLD.findall(message["text"])):
            state = (number - 1) // 2
            newest[state % RECORDS] = max(newest.get(state % RECORDS, -1), state)
    last = {record: EVENTS - RECORDS + record for record in range(RECORDS)}
    wrong = sum(newest.get(record) != state for record, state in last.items())
    refused = sum(arrival["outcome"] == "refused" for arrival in twin.arrivals(ROBOT))
    scale = REAL_WINDOW_S / WINDOW_S
    section.tell("burst_records_without_their_newest_state", wrong, "records", at_most(0), of=RECORDS, events=EVENTS)
    section.tell("burst_refused_for_the_quota", refused, "messages", at_most(0), of=len(messages))
    section.tell(
        "burst_last_fact_shown",
        told - taken,
        "s after the last event was taken",
        None,
        window=f"{COUNT} in {WINDOW_S:g} s, a tenth of the minute",
        messages=len(messages),
        messages_after_the_burst_at_20_a_minute_s=round((told - taken) * scale),
        facts_told=sum(len(set(TOLD.findall(message["text"]))) for message in messages),
        taking_s=round(taken - began, 1),
        taken_a_second=round(sent.acknowledged / (taken - began)),
        refused_pushes=sent.refused,
    )
    half = [size for at, size in memory.series if began + (taken - began) / 4 < at < began + (taken - began) / 2]
    rest = [size for at, size in memory.series if at > began + (taken - began) / 2]
    section.tell(
        "burst_memory_growth",
        (max(rest) - max(half)) / MIB,
        "MiB",
        at_most(GROWTH_MIB),
        of="peak PSS after half of the burst less that of its second quarter",
        peak=round(memory.pss / MIB, 1),
        **{name: round(size / MIB, 1) for name, size in memory.parts.items()},
    )
    section.tell("burst_acknowledged", sent.acknowledged, "events", at_least(EVENTS))
