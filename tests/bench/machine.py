"""What the machine did meanwhile: CPU, the disk's answer to a commit, memory. Read from Linux' /proc."""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_S = 0.1
WRITES = 50
NAMES = ("worker.supervisor", "relay", "worker", "scheduler", "valkey-server")


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    ticks: int
    """Its own, and those of its children that have ended."""


def _stats() -> dict[int, _Stat]:
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue
        fields = text[text.rindex(")") + 2 :].split()
        found[int(folder.name)] = _Stat(int(fields[1]), sum(map(int, fields[11:15])))
    return found


def tree(root: int, stats: dict[int, _Stat] | None = None) -> list[int]:
    """The process `root` and all below it."""
    stats = _stats() if stats is None else stats
    pids = [root]
    for pid in pids:
        pids += [child for child, stat in stats.items() if stat.parent == pid]
    return pids


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "ended"
    said = " ".join(words)
    if Path(words[0]).name == "sh":
        return "leash"
    return next((name for name in NAMES if f"{name} " in f"{said} " or name in words[0]), "other")


class Cpu:
    """CPU since it was made: of the machine, of this process and all below it, of parts of them."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._machine = _machine()
        self._stats = _stats()

    def foreign(self) -> float:
        """The share of the machine's CPU time that went to others, 0 to 1.

        Interrupts count to nobody: the kernel books the network traffic of this machine with itself there.
        """
        busy, whole = (now - then for now, then in zip(_machine(), self._machine, strict=True))
        mine = sum(self.of(os.getpid()).values()) * TICKS
        return max(0.0, busy - mine) / whole if whole else 0.0

    def of(self, root: int) -> dict[str, float]:
        """CPU seconds of the processes below `root`, by name."""
        stats = _stats()
        used: dict[str, float] = {}
        for pid in tree(root, stats):
            before = self._stats[pid].ticks if pid in self._stats else 0
            name = _name(pid)
            used[name] = used.get(name, 0.0) + (stats[pid].ticks - before) / TICKS if pid in stats else 0.0
        return used


def _machine() -> tuple[int, int]:
    """Busy and whole ticks of all cores since the machine started."""
    user, nice, system, idle, wait, irq, soft, steal = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    )
    busy = user + nice + system + steal
    return busy, busy + idle + wait + irq + soft


def fdatasync_ms(folder: Path) -> float:
    """The median of 50 small writes with fdatasync in `folder`, in milliseconds."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(WRITES):
            at = time.perf_counter()
            os.write(file.fileno(), b"x" * 512)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - at) * 1000)
    return statistics.median(took)


def disk_bytes(folder: Path) -> int:
    """What the files below `folder` take."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


@dataclass(slots=True)
class Memory:
    """The peak of a tree of processes in bytes: proportional (PSS: a shared page counts its share) and resident."""

    pss: int = 0
    rss: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    series: list[tuple[float, int]] = field(default_factory=list)

    def take(self, root: int) -> None:
        """Look once."""
        parts: dict[str, int] = {}
        rss = 0
        for pid in tree(root):
            try:
                rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
            except OSError:
                continue
            sizes = {row.split(":")[0]: int(row.split()[1]) * 1024 for row in rows}
            name = _name(pid)
            parts[name] = parts.get(name, 0) + sizes.get("Pss", 0)
            rss += sizes.get("Rss", 0)
        whole = sum(parts.values())
        self.series.append((time.monotonic(), whole))
        self.rss = max(self.rss, rss)
        if whole > self.pss:
            self.pss, self.parts = whole, parts


@contextmanager
def watching(root: int, memory: Memory) -> Iterator[None]:
    """Look each 100 ms."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(SAMPLE_S):
            memory.take(root)

    thread = threading.Thread(target=look, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
