"""The program as its users start it: processes of their own, with a bridge file and a state folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.worker.stand_ins import within

ROOT = Path(__file__).parents[2]
SHOP_KEY = "a-shared-key-of-the-shop"
BRIDGE = """
version: 1
sources:
  shop:
    connector: generic
    settings:
      signature: {keys: [env:SHOP_KEY]}
      kind: order
      id: id
      version: version
    kinds:
      order:
        fields:
          number: {path: id, type: text, label: Order}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:ROBOT, secret: env:ROBOT_SECRET}
routes:
  orders:
    from: shop.order
    to: sales
    title: Order
    fields: [number]
"""
OURS = ("DINGBRIDGE_", "DATABASE_URL", "REDIS_URL")


@dataclass
class Running:
    """A process that runs, and the lines that it has printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def line(self, part: str, seconds: float = 20) -> str:
        """Wait for a line that holds `part`."""
        assert within(seconds, lambda: any(part in line for line in self.lines)), self.errors
        return next(line for line in self.lines if part in line)


class Installation:
    """A folder with a bridge file, and the environment that the program gets there."""

    def __init__(self, folder: Path, bridge: str = BRIDGE, **environment: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.bridge = folder / "bridge.yaml"
        self.bridge.write_text(bridge)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.environment = kept | {
            "PYTHONPATH": str(ROOT),
            "DINGBRIDGE_CONFIG": str(self.bridge),
            "DINGBRIDGE_STATE_DIR": str(self.state),
            "DINGBRIDGE_RELAY_PORT": "0",
            "DINGBRIDGE_TICK_S": "0.2",
            "SHOP_KEY": SHOP_KEY,
            "ROBOT": "http://127.0.0.1:9/robot/send?access_token=t",
            "ROBOT_SECRET": "SEC000000",
            **environment,
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "worker.cli", *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator[Running]:
        """Run a command that stays, and see to it that nothing of it stays longer than the test."""
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.cli", *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running = Running(process)
        readers = [
            threading.Thread(target=kept.extend, args=(stream,), daemon=True)
            for kept, stream in ((running.lines, process.stdout), (running.errors, process.stderr))
        ]
        for reader in readers:
            reader.start()
        try:
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for reader in readers:
                reader.join(10)
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()

    def processes(self) -> dict[int, str]:
        """Return the processes that carry this installation's state folder in their environment: pid and command."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if f"DINGBRIDGE_STATE_DIR={self.state}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(entry.name)] = command
            except OSError:
                continue
        return found

    def pid(self, part: str) -> int | None:
        """Return the process whose command holds `part`."""
        return next((pid for pid, command in self.processes().items() if part in command), None)
