"""The demo's processes: the twins and `up`, with their logs in its folder; whatever happens, none of them stays."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from worker.demo.patience import DemoFault, Patience
from worker.supervisor import command

STOP_S = 15.0
LAST_LINES = 12
_OF_AN_INSTALLATION = ("DATABASE_URL", "REDIS_URL")
_OF_THIS_PROGRAM = "DINGBRIDGE_"


@dataclass(frozen=True, slots=True)
class Child:
    """A process of the demo; what it prints is in `output`, what it logs in `log`."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path
    log: Path

    def check(self) -> None:
        """Raise `DemoFault` with its last words when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise DemoFault(f"{self.name} ended with code {code}\n{self.last_words()}")

    def last_words(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:] or ["nothing"]
        return "\n".join([f"{self.name} logged last:", *(f"  {line}" for line in lines)])

    def printed(self, beginning: str) -> str | None:
        """Return the newest whole line that begins with `beginning`, without its end."""
        lines = self.output.read_text("utf-8", "replace").splitlines(keepends=True)
        found = (line for line in reversed(lines) if line.startswith(beginning) and line.endswith("\n"))
        return next((line.removesuffix("\n") for line in found), None)

    def stop(self) -> None:
        """End it with SIGTERM, and where that takes too long with SIGKILL and the end of its stdin."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            if self.process.stdin is not None:
                self.process.stdin.close()


class Processes:
    """Starts children and, as a context, ends them last first.

    The stdin of each is a pipe that closes with this process, and it ends when that happens: so none outlives a demo
    that was killed. None sees the settings of an installation that the environment names.
    """

    def __init__(self, folder: Path, patience: Patience) -> None:
        self._folder = folder
        self._patience = patience
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._patience.check = self._check
        return self

    def __exit__(self, *_: object) -> None:
        self._patience.check = lambda: None
        for child in reversed(self._children):
            child.stop()

    def start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> Child:
        """Start a command of this program."""
        output, log = self._folder / f"{name}.out", self._folder / f"{name}.log"
        with output.open("wb") as out, log.open("wb") as err:
            process = subprocess.Popen(
                command(*arguments),
                env={**_environment(), **environment},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self._children.append(Child(name, process, output, log))
        return self._children[-1]

    def last_words(self) -> str:
        """Return the last lines of all logs."""
        return "\n".join(child.last_words() for child in self._children)

    def _check(self) -> None:
        for child in self._children:
            child.check()


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_AN_INSTALLATION and not name.startswith(_OF_THIS_PROGRAM)
    }
