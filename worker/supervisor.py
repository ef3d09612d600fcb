"""`up`: a private Valkey, relay with scheduler, worker; what dies is started again, and nothing is left behind.

`dingbridge up` reads the configuration, prepares the ledger and then becomes `python -m worker.supervisor`, so that
the process that only watches does not keep in memory what it needed to get there. For the same reason nothing heavy
is imported here.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.embedded import EmbeddedValkey
from worker.fault import Fault

WATCH_S = 0.2
CALM_S = 30.0
LONGEST_PAUSE_S = 10.0
STOP_S = 20.0


@dataclass(slots=True)
class Child:
    """A process that is kept running: how it is started, and how it fared."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = field(default=0.0)

    def watch(self) -> None:
        """Start the process when it is not running and its pause is over."""
        at = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.process = None
            self.failures = 0 if at - self.started_at > CALM_S else self.failures + 1
            self._pause(at, f"ended with code {code}")
        if at >= self.due_at:
            self._begin(at)

    def _begin(self, at: float) -> None:
        """Start the process; what cannot even be started the first time is raised."""
        try:
            self.process = self.start()
        except (Fault, OSError) as error:
            if not self.started_at:
                raise
            self.failures += 1
            self._pause(at, str(error))
        else:
            self.started_at = at

    def _pause(self, at: float, reason: str) -> None:
        pause = min(LONGEST_PAUSE_S, 0.2 * 2 ** min(self.failures, 10)) if self.failures else 0.0
        say(f"{self.name} is started again in {pause:g} s: {reason}")
        self.due_at = at + pause


class Supervisor:
    """Keeps its children running until it is told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._stop = threading.Event()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the children that run."""
        return {child.name: child.process.pid for child in self._children if child.process is not None}

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    def run(self) -> None:
        """Watch the children; when stopped, end them last first, each with a bound."""
        try:
            while not self._stop.is_set():
                for child in self._children:
                    child.watch()
                self._stop.wait(WATCH_S)
        finally:
            for child in reversed(self._children):
                _end(child.process)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def command(*arguments: str) -> list[str]:
    """Return the command line of another process of this program."""
    return [sys.executable, "-m", "worker.cli", *arguments]


def spawn(arguments: Sequence[str], environment: Mapping[str, str]) -> Callable[[], subprocess.Popen[bytes]]:
    """Return what starts one of this program's processes; its stdin is a pipe that closes with this process."""

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command(*arguments), env={**os.environ, **environment}, stdin=subprocess.PIPE, start_new_session=True
        )

    return start


def end_with_parent() -> None:
    """End this process when its stdin closes, that is when the supervisor that started it is gone."""

    def watch() -> None:
        while os.read(0, 1024):
            continue
        say("the supervisor is gone; ending")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def children(state_dir: Path, config: Path) -> list[Child]:
    """Return the processes of one machine; Valkey is among them unless REDIS_URL names a server."""
    kept: list[Child] = []
    environment = {"DINGBRIDGE_CONFIG": str(config), "DINGBRIDGE_STATE_DIR": str(state_dir)}
    if "REDIS_URL" not in os.environ:
        valkey = EmbeddedValkey(state_dir / "broker")
        environment["REDIS_URL"] = valkey.url

        def start_valkey() -> subprocess.Popen[bytes]:
            process = valkey.start()
            valkey.wait_ready()
            return process

        kept.append(Child("valkey", start_valkey))
    kept.append(Child("relay", spawn(["relay", "--with-scheduler", "--supervised"], environment)))
    kept.append(Child("worker", spawn(["worker", "--name", "worker-1", "--supervised"], environment)))
    return kept


def say(sentence: str) -> None:
    """Write a line for the operator."""
    sys.stderr.write(f"dingbridge: {sentence}\n")
    sys.stderr.flush()


def become(state_dir: Path, config: Path, *, supervised: bool) -> None:
    """Replace this process by a supervisor of the same process id; never returns."""
    arguments = ["-m", "worker.supervisor", str(state_dir), str(config), *(["--supervised"] if supervised else [])]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter, no shell


def main() -> None:
    """Supervise until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="dingbridge up")
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("config", type=Path)
    parser.add_argument("--supervised", action="store_true")
    given = parser.parse_args()
    if given.supervised:
        end_with_parent()
    supervisor = Supervisor(children(given.state_dir, given.config))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    try:
        supervisor.run()
    except Fault as fault:
        say(str(fault))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
