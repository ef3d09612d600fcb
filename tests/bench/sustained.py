"""Sustained events a second with 32 connections, beside the plain relay; memory and disk of the same run."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path

from tests.bench.events import QUOTA, SIZE
from tests.bench.figures import Report, at_least, at_most
from tests.bench.machine import Cpu, Memory, disk_bytes, watching
from tests.bench.rig import Driver, Product, Target, plain, product, sink

ROUNDS = 3
SECONDS = 5.0
WARM = 300
MIB = 1024 * 1024
LEAST, TIMES_PLAIN = 1000.0, 2.5
MOST_MIB, MOST_MB = 250.0, 4.0


def run(report: Report, folder: Path) -> None:
    """Alternate the two, and tell the medians."""
    with ExitStack() as stack:
        end = stack.enter_context(sink(folder))
        ours = stack.enter_context(product(folder, end.hook))
        theirs = stack.enter_context(plain(folder, end.hook))
        driver = Driver(end, folder)
        for target in (ours.target, theirs):
            driver.drive(target, count=WARM)
        _measure(report, driver, ours, theirs)


def _measure(report: Report, driver: Driver, ours: Product, theirs: Target) -> None:
    section, memory = report.section(), Memory()
    rates: list[float] = []
    plain_rates: list[float] = []
    events, doubled, lost = 0, 0, 0
    cpu: dict[str, float] = {}
    acknowledged: list[float] = []
    before = disk_bytes(ours.state)
    for _ in range(ROUNDS):
        used = Cpu()
        with watching(ours.target.pid, memory):
            done = driver.drive(ours.target, seconds=SECONDS)
        for name, seconds in used.of(ours.target.pid).items():
            cpu[name] = cpu.get(name, 0.0) + seconds
        events += done.sent.acknowledged
        doubled, lost = doubled + done.doubled, lost + done.lost
        rates.append(done.rate)
        acknowledged.append(done.sent.acknowledged / SECONDS)
        plain_rates.append(driver.drive(theirs, seconds=SECONDS).rate)
    section.end()
    rate, other = statistics.median(rates), statistics.median(plain_rates)
    section.tell(
        "sustained",
        rate,
        "events/s",
        at_least(LEAST) if section.quiet else None,
        rounds=[round(one) for one in rates],
        acknowledged=round(statistics.median(acknowledged)),
        bytes=SIZE,
        quota=f"declared by the bench: {QUOTA}",
        note="" if section.quiet else "more than 10 % foreign CPU: the ratio alone counts",
    )
    section.tell(
        "sustained_to_plain",
        rate / other,
        "times",
        at_least(TIMES_PLAIN, "ratio"),
        plain=round(other),
        plain_rounds=[round(one) for one in plain_rates],
    )
    section.tell("lost", lost, "messages", at_most(0))
    section.tell("doubled", doubled, "messages", at_most(0))
    section.tell(
        "cpu_of_event",
        sum(cpu.values()) / events * 1e6,
        "us",
        None,
        **{n: round(s / events * 1e6) for n, s in cpu.items()},
    )
    section.tell(
        "memory_peak",
        memory.pss / MIB,
        "MiB",
        at_most(MOST_MIB),
        kind="PSS of all processes of `dingbridge up`, each 100 ms",
        rss=round(memory.rss / MIB, 1),
        **{name: round(size / MIB, 1) for name, size in memory.parts.items()},
    )
    grown = disk_bytes(ours.state) - before
    section.tell("disk", grown / 1e6 / (events / 1000), "MB per 1,000 events", at_most(MOST_MB), events=events)
