"""The environment of the vendor's SDK, made once under var/ by what its lock file says, and a program that runs in it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[5] / "var" / "clients"
LOCK = HERE / "requirements.txt"
INSTALL_S = 300
PATIENCE_S = 30.0


def install() -> Path:
    """Return the Python of the environment, with every package checked against the hashes of the lock."""
    target = CACHE / f"dingtalk-stream-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if not target.exists():
        _make(target)
    return target / "bin" / "python"


def _make(target: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        # an environment may not be moved, so the packages alone are built aside and put in place when they are whole
        packages = Path(made) / "packages"
        tool = Path(made) / "tool"
        _run([sys.executable, "-m", "venv", str(tool)])
        pip = [str(tool / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--require-hashes", "--only-binary", ":all:", "--target", str(packages), "-r", str(LOCK)])
        _run([sys.executable, "-m", "venv", "--without-pip", f"{target}.new"])
        site = next(Path(f"{target}.new").glob("lib/python*/site-packages"))
        packages.rename(site / "packages")
        (site / "packages.pth").write_text("packages\n", encoding="utf-8")
    # its interpreter is a link, so this one may be
    Path(f"{target}.new").rename(target)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert done.returncode == 0, f"{command[1:4]}: {done.stderr}"


@dataclass
class Program:
    """A running client: what it has told so far, one JSON object a line."""

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
def running(python: Path, base: str, **given: str) -> Iterator[Program]:
    """Run the SDK against the twin at `base`."""
    told: list[dict[str, Any]] = []
    log: list[str] = []
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    env |= {"DINGTALK_OPENAPI_ENDPOINT": base, "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    script = [str(python), str(HERE / "drive.py"), json.dumps(given)]
    with subprocess.Popen(script, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        readers = [
            Thread(target=_read, args=(process.stdout, lambda line: told.append(json.loads(line)))),
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
