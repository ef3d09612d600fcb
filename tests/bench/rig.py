"""The processes of a run: sink, product, plain relay, bare relay, and the generator that drives them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.bench.events import KEY, ROUTES, SECRET, bridge, destination
from tests.bench.generator import Load, Sent
from tests.processes.books import Books
from tests.processes.installation import listens, until
from tests.processes.process import ROOT, Process, environment, free_port
from worker.embedded import EmbeddedValkey

START_S = 60.0
STALL_S = 20.0
"""Without a new message for so long, what is missing is taken as lost."""

LOOK_S = 0.02
PATIENCE_S = 600.0


@contextmanager
def running(arguments: list[str], settings: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of Python until the end of the block; its first output is read by who started it."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[str]) -> int:
    if process.stdout is None:
        raise LookupError("nothing is read of this process")
    return int(process.stdout.readline())


class Sink:
    """What the sink says."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._line = HTTPConnection("127.0.0.1", port, timeout=30)

    @property
    def hook(self) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?access_token=bench"

    def count(self) -> int:
        return int(self._ask("GET", "/count"))

    def reset(self) -> None:
        self._ask("POST", "/reset")

    def arrivals(self) -> list[tuple[int, int]]:
        return [(number, at) for number, at in json.loads(self._ask("GET", "/arrivals"))]

    def _ask(self, method: str, path: str) -> bytes:
        self._line.request(method, path)
        return self._line.getresponse().read()


@contextmanager
def sink(folder: Path, delay_ms: float = 0.0) -> Iterator[Sink]:
    with running(["-m", "tests.bench.sink", str(delay_ms)], environment(), folder / "sink.log") as process:
        yield Sink(_port(process))


@dataclass(frozen=True, slots=True)
class Target:
    """What takes events on a port, and whether it has nothing left to do beyond what the sink shows."""

    name: str
    port: int
    pid: int
    done: Callable[[int], bool] = lambda _: True
    """Told how many events were acknowledged since the start."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One round: what was sent, what arrived."""

    sent: Sent
    first_at: Mapping[int, int]
    doubled: int
    lost: int
    ended: int
    """Monotonic ns at which the last message was there and the last event decided."""

    @property
    def rate(self) -> float:
        """Events a second, from the first sent to the last that was through."""
        return self.sent.acknowledged / ((self.ended - self.sent.began) / 1e9)

    @property
    def waits_ms(self) -> list[float]:
        """From the sending of each told event to its message at the sink, sorted."""
        return sorted((at - self.sent.at[number]) / 1e6 for number, at in self.first_at.items())


class Driver:
    """Sends loads to targets, one after the other; every event of a run has a number of its own."""

    def __init__(self, sink_: Sink, folder: Path) -> None:
        self.sink = sink_
        self._folder = folder
        self._next = 1_000_000
        self._acknowledged: Counter[str] = Counter()

    def drive(self, target: Target, **load: Any) -> Drive:
        """Send one load and wait until it is through."""
        self.sink.reset()
        first, self._next = self._next, self._next + 1_000_000
        sent = generate(Load(port=target.port, first=first, **load), self._folder)
        self._acknowledged[target.name] += sent.acknowledged
        self._await(sent.told)
        decided = time.monotonic_ns()
        if not target.done(self._acknowledged[target.name]):
            until(lambda: target.done(self._acknowledged[target.name]), "all is decided", STALL_S)
            decided = time.monotonic_ns()
        else:
            decided = 0
        first_at: dict[int, int] = {}
        arrivals = self.sink.arrivals()
        for number, at in arrivals:
            first_at.setdefault(number, at)
        ended = max([decided, sent.ended, *first_at.values()])
        return Drive(sent, first_at, len(arrivals) - len(first_at), sent.told - len(first_at), ended)

    def _await(self, count: int) -> None:
        seen, since = -1, time.monotonic()
        while (now := self.sink.count()) < count:
            if now > seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > STALL_S:
                return
            time.sleep(LOOK_S)


def generate(load: Load, folder: Path) -> Sent:
    """Run the generator to its end."""
    plain = json.dumps({name: getattr(load, name) for name in load.__dataclass_fields__})
    with running(
        ["-m", "tests.bench.generator", plain], environment(SHOP_KEY=KEY), folder / "generator.log"
    ) as process:
        said, _ = process.communicate(timeout=load.seconds + PATIENCE_S)
    if process.returncode:
        raise RuntimeError(f"the generator ended with {process.returncode}: {(folder / 'generator.log').read_text()}")
    found = json.loads(said)
    found["at"] = {int(number): at for number, at in found["at"].items()}
    return Sent(**found)


@dataclass(frozen=True, slots=True)
class Product:
    """A running `dingbridge up`."""

    target: Target
    state: Path
    books: Books


@contextmanager
def product(folder: Path, hook: str, file: str = "", secret: str = SECRET) -> Iterator[Product]:
    """The product on one machine, as `dingbridge up` runs it, on the bridge file `file`."""
    state, port = folder / "state", free_port()
    state.mkdir(mode=0o700)
    (folder / "bridge.yaml").write_text(file or bridge(destination("sink"), ROUTES))
    settings = environment(
        SHOP_KEY=KEY,
        HOOK=hook,
        HOOK_SECRET=secret,
        DINGBRIDGE_STATE_DIR=str(state),
        DINGBRIDGE_CONFIG=str(folder / "bridge.yaml"),
        DINGBRIDGE_RELAY_PORT=str(port),
        DINGBRIDGE_LOG_LEVEL="warning",
    )
    process = Process("up", ["up"], settings, folder)
    process.start()
    try:
        until(lambda: listens(port), f"the relay listens: {process.log}", START_S)
        books = Books(f"sqlite:///{state / 'ledger.sqlite3'}")
        target = Target("product", port, process.running.pid, lambda count: _decided(books) >= count)
        yield Product(target, state, books)
        books.close()
    finally:
        process.stop()


def _decided(books: Books) -> int:
    return books.inbox_rows() - books.unfinished()["undecided"]


@contextmanager
def plain(folder: Path, hook: str) -> Iterator[Target]:
    """The plain relay with a Valkey of its own, on a unix socket and without persistence as the product's."""
    port = free_port()
    broker = EmbeddedValkey(folder / "plain-broker")
    settings = environment(
        SHOP_KEY=KEY, HOOK=hook, HOOK_SECRET=SECRET, PLAIN_BROKER=broker.broker_url, C_FORCE_ROOT="1"
    )
    serve = ["-m", "uvicorn", "tests.bench.peers.plain:hooks", "--port", str(port), "--no-access-log"]
    work = ["-m", "celery", "-A", "tests.bench.peers.plain", "worker", "-P", "threads", "-c", "16", "-l", "ERROR"]
    with ExitStack() as stack:
        stack.enter_context(broker)
        server = stack.enter_context(running([*serve, "--log-level", "error"], settings, folder / "plain.log"))
        stack.enter_context(running(work, settings, folder / "plain-worker.log"))
        until(lambda: listens(port), "the plain relay listens", START_S)
        yield Target("plain", port, server.pid)


@contextmanager
def bare(folder: Path, hook: str) -> Iterator[Target]:
    settings = environment(SHOP_KEY=KEY, HOOK=hook, HOOK_SECRET=SECRET)
    with running(["-m", "tests.bench.peers.bare"], settings, folder / "bare.log") as process:
        yield Target("bare", _port(process), process.pid)
