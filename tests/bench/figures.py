"""A figure: what was measured, its bound, and what the machine was like. One JSON object a line."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.machine import Cpu, fdatasync_ms

QUIET = 0.10
"""Above this share of foreign CPU an absolute bound says more of the others than of the product."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must keep; `rule` says which of the requirement's rules counted."""

    limit: float
    most: bool
    rule: str = "absolute"

    def kept(self, value: float) -> bool:
        return value <= self.limit if self.most else value >= self.limit

    def __str__(self) -> str:
        return f"{'at most' if self.most else 'at least'} {self.limit:g}"


def at_most(limit: float, rule: str = "absolute") -> Bound:
    return Bound(limit, most=True, rule=rule)


def at_least(limit: float, rule: str = "absolute") -> Bound:
    return Bound(limit, most=False, rule=rule)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the output. Without a bound it is only told."""

    name: str
    value: float
    unit: str
    bound: Bound | None
    foreign_cpu: float
    fdatasync_ms: float
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.bound is None or self.bound.kept(self.value)

    def line(self) -> str:
        plain = asdict(self)
        plain["value"] = round(self.value, 3)
        plain["bound"] = None if self.bound is None else str(self.bound)
        plain["rule"] = None if self.bound is None else self.bound.rule
        plain["ok"] = self.ok
        return json.dumps(plain, default=str)


class Report:
    """Prints figures as they come, and knows which missed their bound."""

    def __init__(self, folder: Path) -> None:
        """`folder` is on the disk that the ledger is on."""
        self.missed: list[Figure] = []
        self.folder = folder

    def section(self) -> Section:
        """Begin to measure: the figures that come of it share the look at the machine."""
        return Section(self, Cpu(), fdatasync_ms(self.folder))

    def add(self, figure: Figure) -> None:
        sys.stdout.write(figure.line() + "\n")
        sys.stdout.flush()
        if not figure.ok:
            self.missed.append(figure)


@dataclass(slots=True)
class Section:
    """One stretch of the run."""

    report: Report
    cpu: Cpu
    disk_ms: float
    ended: float | None = None

    def end(self) -> float:
        """End the stretch; returns the share of foreign CPU in it."""
        self.ended = self.cpu.foreign()
        return self.ended

    @property
    def quiet(self) -> bool:
        return self.foreign <= QUIET

    @property
    def foreign(self) -> float:
        return self.end() if self.ended is None else self.ended

    def tell(self, name: str, value: float, unit: str, bound: Bound | None = None, **parts: Any) -> None:
        figure = Figure(name, value, unit, bound, round(self.foreign, 3), round(self.disk_ms, 3), parts)
        self.report.add(figure)
