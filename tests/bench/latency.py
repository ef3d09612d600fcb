"""From the sending of an event to its message at the sink, at 50 and 200 events a second, beside the bare relay."""

from __future__ import annotations

import statistics
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Bound, Report, Section, at_most
from tests.bench.rig import Drive, Driver, bare, product, sink

ROUNDS = 3
WARM = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """A rate, for how long, which percentile counts there, and what it may be."""

    rate: float
    seconds: float
    percentile: int
    most_ms: float
    times_bare: float


PACES = (Pace(50, 6.0, 50, 10.0, 6.0), Pace(200, 6.0, 99, 50.0, 25.0))


def run(report: Report, folder: Path) -> None:
    """Alternate the two at each pace, and tell the medians of the rounds."""
    with ExitStack() as stack:
        end = stack.enter_context(sink(folder))
        ours = stack.enter_context(product(folder, end.hook)).target
        theirs = stack.enter_context(bare(folder, end.hook))
        driver = Driver(end, folder)
        for target in (ours, theirs):
            driver.drive(target, count=WARM)
        for pace in PACES:
            section = report.section()
            drives: dict[str, list[Drive]] = defaultdict(list)
            for _ in range(ROUNDS):
                for target in (ours, theirs):
                    drives[target.name].append(driver.drive(target, rate=pace.rate, seconds=pace.seconds))
            section.end()
            _tell(section, pace, drives["product"], drives["bare"])


def _tell(section: Section, pace: Pace, ours: list[Drive], theirs: list[Drive]) -> None:
    floor = _median(theirs, pace.percentile)
    section.tell(
        f"latency_p{pace.percentile}_at_{pace.rate:g}",
        _median(ours, pace.percentile),
        "ms",
        _bound(section, pace, floor),
        bare=round(floor, 2),
        p50=round(_median(ours, 50), 2),
        p99=round(_median(ours, 99), 2),
        bare_p50=round(_median(theirs, 50), 2),
        bare_p99=round(_median(theirs, 99), 2),
        messages=sum(len(one.waits_ms) for one in ours),
        lost=sum(one.lost for one in ours),
        sent_late_ms=round(max(one.sent.late_ms for one in ours), 1),
    )


def _bound(section: Section, pace: Pace, floor: float) -> Bound:
    if section.quiet:
        return at_most(pace.most_ms)
    return at_most(round(pace.times_bare * floor, 2), f"{pace.times_bare:g} times the bare relay")


def _median(drives: list[Drive], percentile: int) -> float:
    return statistics.median(_percentile(one.waits_ms, percentile) for one in drives)


def _percentile(waits: list[float], percentile: int) -> float:
    return waits[min(len(waits) - 1, len(waits) * percentile // 100)]
