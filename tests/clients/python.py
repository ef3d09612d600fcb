"""The Python packages of some clients, installed once under var/ by what their lock says, in an environment of their own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.node import CACHE, INSTALL_S, RUN_S, quiet
from tests.clients.program import Program, running

LOCK = "requirements.txt"
TOOLS = "build.txt"


class RaisedError(Exception):
    """What a client raised: the name of its class, its text, and what stood in it."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['name']}: {error['text']}")
        self.name: str = error["name"]
        self.fields: Mapping[str, Any] = error["fields"]


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scripts that use the clients, the interpreter that has them, and what its environment names beside the usual."""

    folder: Path
    python: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def run(self, script: str, act: str, **given: Any) -> Any:
        """Let a script do one of its acts; return what it returned. Raises `RaisedError`."""
        done = subprocess.run(
            [str(self.python), str(self.folder / script)],
            input=json.dumps({"act": act, "given": given}),
            capture_output=True,
            text=True,
            timeout=RUN_S,
            env={**quiet(), **self.env},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout.splitlines()[-1])
        if "raised" in outcome:
            raise RaisedError(outcome["raised"])
        return outcome["value"]

    def start(self, script: str, **given: Any) -> AbstractContextManager[Program]:
        """Run a script that goes on until it is ended."""
        command = [str(self.python), str(self.folder / script), json.dumps(given)]
        return running(command, {**quiet(), **self.env, "PYTHONUNBUFFERED": "1"})


def install(source: Path) -> Path:
    """Return the interpreter of an environment with the packages of a folder's lock, each checked against its hashes."""
    locks = b"".join((source / lock).read_bytes() for lock in (LOCK, TOOLS))
    target = CACHE / f"{source.parent.name}-{source.name}-{hashlib.sha256(locks).hexdigest()[:16]}"
    if not target.exists():
        _make(source, target)
    return target / "bin" / "python"


def _make(source: Path, target: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        # an environment may not be moved, so the packages alone are built aside and put in place when they are whole
        packages = Path(made) / "packages"
        tool = Path(made) / "tool"
        _run([sys.executable, "-m", "venv", str(tool)])
        pip = [str(tool / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pip.append("--require-hashes")
        _run([*pip, "-r", str(source / TOOLS)])
        _run([*pip, "--no-build-isolation", "--target", str(packages), "-r", str(source / LOCK)])
        _run([sys.executable, "-m", "venv", "--without-pip", f"{target}.new"])
        site = next(Path(f"{target}.new").glob("lib/python*/site-packages"))
        packages.rename(site / "packages")
        (site / "packages.pth").write_text("packages\n", encoding="utf-8")
    # its interpreter is a link, so this one may be
    Path(f"{target}.new").rename(target)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert done.returncode == 0, f"{command[1:4]}: {done.stderr}"
