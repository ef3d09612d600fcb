"""`up`: a private Valkey, relay with scheduler, worker; what dies is started again, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from config.settings import Settings
from worker.embedded import EmbeddedValkey
from worker.fault import Fault

log = structlog.get_logger()

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
        log.warning("process is started again", process=self.name, reason=reason, pause_s=pause)
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
        log.warning("the supervisor is gone; ending")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def children(settings: Settings, config: str) -> list[Child]:
    """Return the processes of one machine; Valkey is among them unless REDIS_URL names a server."""
    kept: list[Child] = []
    environment = {"DINGBRIDGE_CONFIG": config, "DINGBRIDGE_STATE_DIR": str(settings.state_dir)}
    if "REDIS_URL" not in os.environ:
        valkey = EmbeddedValkey(settings.state_dir / "broker")
        environment["REDIS_URL"] = valkey.url

        def start_valkey() -> subprocess.Popen[bytes]:
            process = valkey.start()
            valkey.wait_ready()
            return process

        kept.append(Child("valkey", start_valkey))
    kept.append(Child("relay", spawn(["relay", "--with-scheduler", "--supervised"], environment)))
    kept.append(Child("worker", spawn(["worker", "--name", "worker-1", "--supervised"], environment)))
    return kept
