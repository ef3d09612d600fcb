"""A whole installation of its own: twin, private broker, ledger, relay with scheduler, worker."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes.books import Books
from tests.processes.process import Process, environment, free_port, run
from tests.processes.sender import KEY
from tests.processes.sink import Sink
from worker.embedded import EmbeddedValkey

STARTED_S = 30.0
LOOK_S = 0.1


def until(true: Callable[[], bool], what: str, within_s: float, look_s: float = LOOK_S) -> None:
    """Return when `true()`; raises TimeoutError that names `what` did not come."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s:g} s: {what}")
        time.sleep(look_s)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Installation:
    """The parts that a test kills, stops, and asks."""

    folder: Path
    port: int
    sink: Sink
    broker: EmbeddedValkey
    books: Books
    relay: Process
    worker: Process
    settings: Mapping[str, str]
    broker_process: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        self.start_broker()
        self.start_relay()
        self.worker.start()

    def start_broker(self) -> None:
        """Start the broker anew; nothing of what it held is there."""
        self.broker_process.append(self.broker.start())
        self.broker.wait_ready()

    def kill_broker(self) -> None:
        self.broker_process[-1].kill()
        self.broker_process[-1].wait(STARTED_S)

    def start_relay(self) -> None:
        """Start the relay, and wait until it listens."""
        self.relay.start()
        until(lambda: listens(self.port), f"the relay listens: {self.relay.said()[-500:]}", STARTED_S)

    def settled(self) -> bool:
        """Tell whether everything that was taken has been shown, or has come to its end."""
        return not any(self.books.unfinished().values())

    def await_settled(self, within_s: float) -> None:
        until(self.settled, f"all is settled: {self.books.unfinished()}", within_s)

    def _end(self) -> None:
        for process in (self.worker, self.relay):
            process.stop()
        self.broker.stop()
        self.books.close()


@contextmanager
def sandbox(folder: Path) -> Iterator[Sink]:
    """A DingTalk twin in a process of its own."""
    twin = Process("twin", ["sandbox", "--only", "dingtalk", "--port", "0", "--json"], environment(), folder)
    twin.start()
    try:
        sink = Sink.of(twin)
        yield sink
        sink.close()
    finally:
        twin.stop()


@contextmanager
def installation(folder: Path, bridge: str, **settings: str) -> Iterator[Installation]:
    """An installation on the bridge file `bridge`, prepared and not yet started; what was started is ended.

    In the file `env:HOOK_SALES_HK`, `env:SECRET_SALES_HK` and so on are the twin's robots and `env:SHOP_KEY` is the
    sender's key. `settings` are variables of the environment.
    """
    state = folder / "state"
    state.mkdir(mode=0o700)
    (folder / "bridge.yaml").write_text(bridge)
    with sandbox(folder) as sink:
        broker, port = EmbeddedValkey(state / "broker"), free_port()
        known = environment(
            SHOP_KEY=KEY,
            REDIS_URL=broker.url,
            DINGBRIDGE_STATE_DIR=str(state),
            DINGBRIDGE_CONFIG=str(folder / "bridge.yaml"),
            DINGBRIDGE_RELAY_PORT=str(port),
            **robots(sink),
            **settings,
        )
        created = run(["db", "upgrade"], known)
        assert created.returncode == 0, created.stderr
        parts = Installation(
            folder,
            port,
            sink,
            broker,
            Books(f"sqlite:///{state / 'ledger.sqlite3'}"),
            Process("relay", ["relay", "--with-scheduler"], known, folder),
            Process("worker", ["worker", "--name", "worker-1"], known, folder),
            known,
        )
        try:
            yield parts
        finally:
            parts._end()


def robots(sink: Sink) -> dict[str, str]:
    known: dict[str, str] = {}
    for id_, robot in sink.robots.items():
        name = id_.removeprefix("robot-").replace("-", "_").upper()
        known |= {f"HOOK_{name}": robot["webhook"], f"SECRET_{name}": robot["secret"]}
    return known
