"""A client's program that goes on: it tells each thing that happens to it as a line of JSON."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import IO, Any

PATIENCE_S = 30.0


@dataclass
class Program:
    """A running program: what it has told so far, and what it wrote beside that."""

    told: list[dict[str, Any]]
    log: list[str]

    def wait(self, what: str, count: int = 1) -> list[dict[str, Any]]:
        """Return what it told of one kind, once there are so many."""
        deadline = time.monotonic() + PATIENCE_S
        found: list[dict[str, Any]] = []
        while len(found) < count and time.monotonic() < deadline:
            time.sleep(0.02)
            found = [row for row in self.told if row["what"] == what]
        assert len(found) >= count, f"{what}: {self.told} {self.log[-20:]}"
        return found


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str]) -> Iterator[Program]:
    """Run a program until the block ends."""
    told: list[dict[str, Any]] = []
    log: list[str] = []
    pipe = subprocess.PIPE

    def take(line: str) -> None:
        # the clients themselves write there too
        (told.append(json.loads(line)) if line.startswith('{"what"') else log.append(line))

    with subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        readers = [
            Thread(target=_read, args=(process.stdout, take)),
            Thread(target=_read, args=(process.stderr, log.append)),
        ]
        for reader in readers:
            reader.start()
        try:
            yield Program(told, log)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
            for reader in readers:
                reader.join(PATIENCE_S)


def _read(stream: IO[str] | None, take: Callable[[str], None]) -> None:
    for line in stream or ():
        take(line)
