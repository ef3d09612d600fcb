"""One process of the product: started, killed, stopped, and started again on the same settings."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_S = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**more: str) -> dict[str, str]:
    """The environment of a process: the test's own, without settings of an installation on this machine."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("DINGBRIDGE_")}
    for name in ("REDIS_URL", "DATABASE_URL"):
        mine.pop(name, None)
    return {**mine, "PYTHONPATH": str(ROOT), **more}


def run(arguments: list[str], settings: Mapping[str, str], within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "worker.cli", *arguments],
        cwd=ROOT,
        env=settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )


class Process:
    """A command of the product that goes on until it is ended; what it says is appended to `NAME.log`."""

    def __init__(self, name: str, arguments: list[str], settings: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._arguments = arguments
        self._settings = settings
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "worker.cli", *self._arguments],
                cwd=ROOT,
                env=self._settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            raise LookupError(f"{self.name} was not started")
        return self._running

    def signal(self, number: signal.Signals) -> None:
        self.running.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until the kernel has taken it down."""
        self.running.kill()
        self.running.wait(STOP_S)

    def stop(self) -> None:
        if self._running is None or self._running.poll() is not None:
            return
        self._running.send_signal(signal.SIGCONT)
        self._running.terminate()
        try:
            self._running.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")
