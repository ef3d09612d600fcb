from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from worker import embedded
from worker.embedded import EmbeddedFault, EmbeddedValkey, server_program

ROOT = Path(__file__).parents[2]
PARENT = """
import sys, time
from pathlib import Path
from worker.embedded import EmbeddedValkey
server = EmbeddedValkey(Path(sys.argv[1]))
process = server.start()
server.wait_ready()
print(process.pid, flush=True)
time.sleep(60)
"""


def within(seconds: float, true: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def started(directory: Path) -> Iterator[tuple[EmbeddedValkey, subprocess.Popen[bytes]]]:
    server = EmbeddedValkey(directory)
    try:
        yield server, server.start()
    finally:
        server.stop()


def test_it_answers_on_a_socket_that_only_its_owner_can_open(tmp_path: Path) -> None:
    directory = tmp_path / "with space"
    with EmbeddedValkey(directory) as server, redis.Redis.from_url(server.url) as client:
        assert client.set("key", "value")
        assert client.config_get("port", "save", "appendonly", "maxmemory-policy") == {
            "port": "0",
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        assert server.broker_url == f"redis+socket://{directory}/broker.sock"
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700


def test_stop_leaves_no_process_and_may_be_repeated(tmp_path: Path) -> None:
    with started(tmp_path) as (server, process):
        server.wait_ready()
        server.stop()
        assert process.returncode == 0
        assert within(5, lambda: gone(process.pid))
        server.stop()


def test_a_server_that_hangs_is_killed(tmp_path: Path) -> None:
    with started(tmp_path) as (server, process):
        server.wait_ready()
        process.send_signal(signal.SIGSTOP)
        server.stop(timeout_s=0.2)
        assert process.returncode == -signal.SIGKILL


def test_it_is_started_again_after_it_died(tmp_path: Path) -> None:
    with started(tmp_path) as (server, first):
        server.wait_ready()
        first.kill()
        assert first.wait(5) == -signal.SIGKILL
        second = server.start()
        server.wait_ready()
        assert second.poll() is None
        assert within(5, lambda: gone(first.pid))


def test_it_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout
        server = int(parent.stdout.readline())
        assert not gone(server)
        parent.kill()
        assert within(5, lambda: gone(server))


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        server.wait_ready()
        time.sleep(0.1)
        server.wait_ready(0.0)
        assert server.socket.is_socket()
    finally:
        server.stop()


def test_a_long_path_gets_a_short_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / ("long" * 25)
    # not below tmp_path, which may be too long itself
    with tempfile.TemporaryDirectory(prefix="db") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        with EmbeddedValkey(directory) as server:
            assert server.socket.parent.parent == Path(runtime)
            assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
            assert EmbeddedValkey(directory).socket == server.socket
            assert EmbeddedValkey(directory / "other").socket != server.socket


def test_no_short_path_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("long" * 25)))
    with pytest.raises(EmbeddedFault, match="set TMPDIR"):
        EmbeddedValkey(tmp_path / ("long" * 25))


def test_a_second_server_does_not_take_the_socket(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        with pytest.raises(EmbeddedFault, match="Another server answers"):
            EmbeddedValkey(tmp_path).start()
        server.wait_ready()


def test_a_folder_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(EmbeddedFault, match="choose another directory"):
        EmbeddedValkey(tmp_path / "link").start()


def test_why_it_did_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho no memory left\nexit 3\n")
    program.chmod(0o700)
    monkeypatch.setattr(embedded, "server_program", lambda: program)
    with pytest.raises(EmbeddedFault, match="code 3: no memory left"), EmbeddedValkey(tmp_path / "state"):
        pass


def test_a_server_that_never_answers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "silent"
    program.write_text("#!/bin/sh\nsleep 20\n")
    program.chmod(0o700)
    monkeypatch.setattr(embedded, "server_program", lambda: program)
    with started(tmp_path / "state") as (server, process):
        with pytest.raises(EmbeddedFault, match=r"did not answer within 0\.2 s"):
            server.wait_ready(0.2)
        server.stop()
        assert within(5, lambda: gone(process.pid))


def test_a_server_on_the_path_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_program().name == "valkey-server"
    monkeypatch.setattr(embedded, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedFault, match="set REDIS_URL"):
        server_program()
    found = tmp_path / "redis-server"
    found.touch(0o700)
    assert server_program() == found
