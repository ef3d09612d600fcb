"""Runs the product for a batch of generated companies against the twin, and has the oracle judge it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from tests.companies.bridge import KIND, bridge, source_of
from tests.companies.company import Company, Fact
from tests.companies.findings import Finding, Verdict
from tests.companies.lateness import neglected
from tests.companies.log import Log
from tests.companies.oracle import Run, judged
from tests.companies.twin import Twin
from tests.processes.installation import Installation, installation, until
from tests.processes.sender import event, signature

MAX_AGE_S = 3.0
WAY_S = 1.5
START_S = 60.0
SETTLE_S = 60.0
LOOK_S = 0.5
PEOPLE = "/topapi/"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: the verdict of each company by its name, and how late the play ran behind its plan."""

    verdicts: dict[str, Verdict]
    logs: dict[str, Log]
    run: Run
    behind_s: float

    def findings(self) -> list[Finding]:
        """All that is wrong, of all companies."""
        found = [finding for verdict in self.verdicts.values() for finding in verdict.findings]
        for name, verdict in self.verdicts.items():
            found += neglected(verdict.late, self.logs[name], self.run)
        return found


def played(folder: Path, companies: Sequence[Company], line_s: float = 0.0) -> Outcome:
    """Play the facts and moves of all companies at once; return when everything has come to its end.

    A message to a group is `line_s` on its way.
    """
    with installed(folder, companies) as (parts, twin):
        twin.slow(line_s)
        began = time.time()
        behind = _play(parts, twin, companies, began)
        parts.await_settled(SETTLE_S)
        # by then the late ones are told of, and what they saw is taken back
        time.sleep(MAX_AGE_S)
        run = Run(began, MAX_AGE_S, WAY_S + line_s)
        logs = twin.log(companies)
    for one in companies:
        if len(one.moves) != len(logs[one.name].moved) + len(logs[one.name].roles):
            raise RuntimeError(f"the twin's log of {one.name} is not what was played")
    return Outcome({one.name: judged(one, logs[one.name], run) for one in companies}, logs, run, behind)


@contextmanager
def installed(folder: Path, companies: Sequence[Company]) -> Iterator[tuple[Installation, Twin]]:
    """A running installation of the companies that has read who they are."""
    settings = {"DINGBRIDGE_TICK_S": "0.2", "DINGBRIDGE_MONITOR_S": "1", "DINGBRIDGE_READERS_S": str(MAX_AGE_S)}
    with installation(folder, "", **settings) as parts:
        twin = Twin(parts.sink.base)
        secrets = twin.move_in(companies) | {"app": str(twin.app["client_secret"])}
        for name, secret in secrets.items():
            path = folder / f"{name}.secret"
            path.touch(mode=0o600)
            path.write_text(secret)
        (folder / "bridge.yaml").write_text(bridge(companies, twin.app, twin.base))
        parts.start()
        until(twin.listens, "it listens", START_S)
        until(_quiet(twin), "it has read who is in the companies", START_S, LOOK_S)
        yield parts, twin
        twin.close()


def _quiet(twin: Twin) -> Callable[[], bool]:
    """Tell whether people were asked for, and are not any more."""
    counts = [0]

    def same() -> bool:
        counts.append(twin.requests(PEOPLE))
        return counts[-1] == counts[-2] > 0

    return same


def _play(parts: Installation, twin: Twin, companies: Sequence[Company], began: float) -> float:
    told = [(source_of(one, one.routes[fact.way]), fact) for one in companies for fact in one.facts]
    facts = sorted(told, key=lambda each: each[1].at)
    line = HTTPConnection("127.0.0.1", parts.port, timeout=START_S)
    pushes = [(fact.at, _pushing(line, hook, fact)) for hook, fact in facts]
    mover, watcher = Twin(twin.base), twin
    moves = sorted((move for one in companies for move in one.moves), key=lambda each: each.at)
    ways = (_Times(pushes, began), _Times([(move.at, partial(mover.make, move)) for move in moves], began))
    for way in ways:
        way.start()
    while any(way.is_alive() for way in ways):
        watcher.keep()
        time.sleep(LOOK_S)
    mover.close()
    line.close()
    for way in ways:
        if way.failure is not None:
            raise way.failure
    return max(way.behind for way in ways)


def _pushing(line: HTTPConnection, source: str, fact: Fact) -> Callable[[], None]:
    def push() -> None:
        body = event(KIND, fact.number, 1, way=fact.way, owner=fact.owner, **fact.values)
        line.request("POST", f"/hooks/{source}", body, {"X-Signature": signature(body)})
        answer = line.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{fact.number} was not taken: {answer.status} {said!r}")

    return push


class _Times(threading.Thread):
    """Does each thing at its time, in seconds after the start; `behind` is how late the latest was."""

    def __init__(self, things: Sequence[tuple[float, Callable[[], object]]], began: float) -> None:
        super().__init__(daemon=True)
        self.behind = 0.0
        self.failure: BaseException | None = None
        self._things = things
        self._began = began

    def run(self) -> None:
        try:
            for at, thing in self._things:
                wait = self._began + at - time.time()
                time.sleep(max(wait, 0.0))
                self.behind = max(self.behind, -wait)
                thing()
        except BaseException as failure:  # noqa: BLE001 - told by who started it
            self.failure = failure
