"""What Prometheus scrapes: read from the ledger when it asks, so that no process has to be asked for its memory.

Counters and the histogram count from this process's start, which is how Prometheus expects them.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sqlalchemy import Connection

from worker.ledger import answers, arrivals, faults, freshness, hints, months, refusals, standing
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.freshness import Way

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14400.0)
"""Upper bounds of the histogram, in seconds."""

SETTLED_S = 2
"""Entries younger than this are counted with the next scrape: a transaction with a smaller number may still end."""

Values: TypeAlias = Mapping[tuple[()], float] | Mapping[tuple[str], float] | Mapping[tuple[str, str], float]

PARTS = ("source", "poll", "queue", "quota", "quiet_hours", "dingtalk")


def parts(way: Way, poll: timedelta | None) -> dict[str, float]:
    """Return where the time of one fact went, in seconds; the parts add up to what the source's clock says in all.

    Of the time before a pulled record was read, up to one `poll` interval is the wait for the poll; what is over is the
    source's, which showed the change late. No quiet hours hold anything up yet.
    """
    before = max(way.read_at - way.source_at, 0)
    waited = 0 if way.pushed or poll is None else min(before, int(poll.total_seconds() * MICROSECONDS))
    spans = (
        before - waited,
        waited,
        way.decided_at - way.read_at,
        way.sent_at - way.decided_at,
        0,
        way.shown_at - way.sent_at,
    )
    return {name: max(span, 0) / MICROSECONDS for name, span in zip(PARTS, spans, strict=True)}


@dataclass(slots=True)
class _Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        names = [*map(str, BOUNDS), "+Inf"]
        return [(name, float(sum(self.counts[: n + 1]))) for n, name in enumerate(names)]


@dataclass
class Metrics:
    """The metrics of an installation. `polls` are the intervals of the kinds that are asked, by source and kind."""

    ledger: Ledger
    polls: Mapping[tuple[str, str], timedelta]
    workers: Callable[[], Sequence[str]]
    _after: int | None = None
    _fresh: dict[str, _Histogram] = field(default_factory=lambda: {n: _Histogram() for n in ("total", *PARTS)})
    _sends: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Count from now on. Raises what the ledger raises."""
        with self.ledger.read() as connection:
            self._after = freshness.newest(connection)

    def render(self) -> bytes:
        """Return the metrics in Prometheus' text format. Raises what the ledger raises."""
        # not imported before somebody asks: it costs some megabytes
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - see above

        with self._lock, self.ledger.read() as connection:
            at = self.ledger.now(connection)
            self._count(connection, at)
            families = [*self._now(connection, at), *self._counted(connection)]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(families))
        return generate_latest(registry)

    def _count(self, connection: Connection, at: int) -> None:
        after = self._after if self._after is not None else freshness.newest(connection)
        until = freshness.newest(connection, after, at - SETTLED_S * MICROSECONDS)
        for way in freshness.shown(connection, after, until):
            spans = parts(way, self.polls.get((way.source, way.kind)))
            for name, seconds in spans.items():
                self._fresh[name].add(seconds)
            self._fresh["total"].add(sum(spans.values()))
        self._sends.update(freshness.outcomes(connection, after, until))
        self._after = until

    def _now(self, connection: Connection, at: int) -> Iterator[Metric]:
        unsent = standing.unsent(connection, at)
        waiting: Counter[tuple[str, str]] = Counter()
        for one in unsent:
            waiting[one.destination, str(one.reason)] += one.count
        yield _gauge(
            "backlog", "What waits, by destination and what it waits for.", ("destination", "reason"), _floats(waiting)
        )
        announced = {(pile.source, pile.kind): float(pile.waiting) for pile in hints.announced(connection)}
        yield _gauge("announced", "Records that were announced and are not read.", ("source", "kind"), announced)
        oldest = [one.since for one in unsent]
        first = arrivals.oldest_undecided(connection)
        yield _gauge("undecided", "Records that are not decided.", (), {(): float(arrivals.backlog(connection))})
        ages = {("undecided",): _age(at, first), ("unsent",): _age(at, min(oldest) if oldest else None)}
        yield _gauge("oldest_seconds", "Age of the oldest that waits.", ("stage",), ages)
        held = {(pile.name,): float(pile.count) for pile in standing.held(connection)}
        yield _gauge("held", "Facts that wait for a person, by reason.", ("reason",), held)
        dead = {(pile.name,): float(pile.count) for pile in standing.given_up(connection)}
        yield _gauge("given_up", "Messages that were given up.", ("destination",), dead)
        ends = {(pile.application, pile.end): float(pile.count) for pile in answers.piles(connection)}
        yield _gauge("answers", "Answers to words, by what became of them.", ("application", "outcome"), ends)
        open_faults = Counter((str(fault.kind),) for fault in faults.all_faults(connection, open_only=True))
        yield _gauge("faults", "Faults that last, by kind.", ("kind",), _floats(open_faults))
        quota = {(meter.budget,): meter.used / meter.allowed for meter in standing.meters(connection) if meter.allowed}
        yield _gauge("vendor_quota_used_ratio", "Share of a vendor's quota that is used.", ("budget",), quota)
        stands = months.standing(connection, at)
        share = {(one.budget,): one.used / one.allowed for one in stands}
        yield _gauge("month_used_ratio", "Share of a month's allowance that is used.", ("budget",), share)
        calls = {(one.budget, purpose): float(count) for one in stands for purpose, count in one.purposes.items()}
        yield _gauge("month_calls", "Calls of this month that count, by what for.", ("budget", "purpose"), calls)
        yield _gauge("workers", "Workers that live.", (), {(): float(len(self.workers()))})

    def _counted(self, connection: Connection) -> Iterator[Metric]:
        from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415 - see `render`

        yield _counter(
            "sends", "Requests to destinations, by outcome.", ("destination", "outcome"), _floats(self._sends)
        )
        refused = _floats(refusals.counted(connection))
        yield _counter("pushes_refused", "Pushes that were not taken.", ("source", "reason"), refused)
        fresh = HistogramMetricFamily(
            "dingbridge_freshness_seconds",
            "From the source's clock to the screen, in all and by where the time went.",
            labels=["part"],
        )
        for name, histogram in self._fresh.items():
            fresh.add_metric([name], histogram.buckets(), histogram.total)
        yield fresh


@dataclass(frozen=True, slots=True, eq=False)
class _Collected:
    families: Sequence[Metric]

    def collect(self) -> Sequence[Metric]:
        return self.families


def _gauge(name: str, text: str, labels: Sequence[str], values: Values) -> Metric:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see `Metrics.render`

    family = GaugeMetricFamily(f"dingbridge_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(list(key), value)
    return family


def _counter(name: str, text: str, labels: Sequence[str], values: Values) -> Metric:
    from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - see `Metrics.render`

    family = CounterMetricFamily(f"dingbridge_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(list(key), value)
    return family


Key = TypeVar("Key")


def _floats(counts: Mapping[Key, int]) -> dict[Key, float]:
    return {key: float(count) for key, count in counts.items()}


def _age(at: int, since: int | None) -> float:
    return 0.0 if since is None else max(at - since, 0) / MICROSECONDS
