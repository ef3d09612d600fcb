"""The supervisor over small processes, and `up` as a whole."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.worker.processes import ROOT, SHOP_KEY, Installation
from tests.worker.stand_ins import within
from worker import supervisor
from worker.fault import Fault
from worker.supervisor import Child, Supervisor

SLEEPER = "import time; time.sleep(60)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
ORPHAN = """
import sys, time
from worker.supervisor import end_with_parent
end_with_parent()
print("ready", flush=True)
time.sleep(60)
"""


def python(code: str) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: subprocess.Popen([sys.executable, "-c", code])


@contextmanager
def kept(*children: Child) -> Iterator[Supervisor]:
    one = Supervisor(children)
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        yield one
    finally:
        one.stop()
        thread.join(30)
        assert not thread.is_alive()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_was_killed_is_started_again() -> None:
    with kept(Child("one", python(SLEEPER)), Child("two", python(SLEEPER))) as one:
        assert within(10, lambda: len(one.pids) == 2)
        before = one.pids
        os.kill(before["one"], signal.SIGKILL)
        assert within(10, lambda: one.pids.get("one", before["one"]) != before["one"])
        assert one.pids["two"] == before["two"]
        after = one.pids
    assert not any(alive(pid) for pid in after.values())


def test_the_pause_grows_with_each_death(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "WATCH_S", 0.02)
    starts: list[float] = []

    def start() -> subprocess.Popen[bytes]:
        starts.append(time.monotonic())
        return subprocess.Popen(["/bin/false"])

    with kept(Child("dies", start)):
        assert within(10, lambda: len(starts) == 4)
    first, second, third = (later - earlier for earlier, later in pairwise(starts))
    assert 0.4 <= first < 0.75
    assert 0.8 <= second < 1.4
    assert 1.6 <= third < 2.4


def test_the_pause_is_bounded_and_forgotten_after_a_calm_time(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child("one", lambda: subprocess.Popen(["/bin/false"]))
    monkeypatch.setattr(supervisor, "CALM_S", 0.0)
    child.watch()
    assert child.process
    child.process.wait(5)
    child.watch()
    assert child.failures == 0
    monkeypatch.setattr(supervisor, "CALM_S", 30.0)
    child.failures = 5000
    child.process.wait(5)
    child.watch()
    assert 9 < child.due_at - time.monotonic() <= supervisor.LONGEST_PAUSE_S


def test_what_cannot_be_started_is_told_the_first_time_and_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "WATCH_S", 0.02)
    faults = [Fault("another server answers")]

    def start() -> subprocess.Popen[bytes]:
        if faults:
            raise faults.pop()
        return subprocess.Popen([sys.executable, "-c", SLEEPER])

    neighbour = Child("neighbour", python(SLEEPER))
    one = Supervisor([neighbour, Child("one", start)])
    with pytest.raises(Fault, match="another server"):
        one.run()
    assert neighbour.process
    assert neighbour.process.returncode == -signal.SIGTERM
    with kept(Child("one", start)) as one:
        assert within(10, lambda: "one" in one.pids)
        before = one.pids["one"]
        faults.extend([Fault("not yet")] * 2)
        os.kill(before, signal.SIGKILL)
        assert within(10, lambda: one.pids.get("one", before) != before)


def test_what_does_not_end_by_itself_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_S", 0.3)
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    with kept(Child("stubborn", lambda: process)) as one:
        assert within(5, lambda: "stubborn" in one.pids)
    assert process.returncode == -signal.SIGKILL
    process.stdout.close()


def test_a_process_ends_when_its_supervisor_is_gone() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", ORPHAN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert child.stdin
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    assert child.poll() is None
    child.stdin.close()
    assert child.wait(10) == -signal.SIGTERM
    child.stdout.close()


class Group:
    """A DingTalk group behind a real HTTP server."""

    def __init__(self, server: HTTPServer) -> None:
        self.texts: list[str] = []
        server.expect_request("/robot/send", method="POST").respond_with_handler(self._take)
        self.webhook = server.url_for("/robot/send?access_token=t")

    def _take(self, request: Request) -> Response:
        self.texts.append(request.get_data(as_text=True))
        return Response(json.dumps({"errcode": 0, "errmsg": "ok"}), content_type="application/json")

    def heard(self, number: str) -> bool:
        return any(number in text for text in self.texts)


@pytest.fixture
def group(httpserver: HTTPServer) -> Group:
    return Group(httpserver)


@pytest.fixture
def installation(tmp_path: Path, group: Group) -> Installation:
    return Installation(tmp_path, ROBOT=group.webhook)


def push(address: str, number: str) -> int:
    body = json.dumps({"id": number, "version": "1"}).encode()
    sign = hmac.digest(SHOP_KEY.encode(), body, hashlib.sha256).hex()
    try:
        return requests.post(address, body, headers={"X-Signature": sign}, timeout=10).status_code
    except requests.ConnectionError:
        return 0


def test_up_carries_a_push_into_the_group_restarts_what_dies_and_ends_with_sigterm(
    installation: Installation, group: Group
) -> None:
    with installation.running("up") as up:
        base = up.line("relay listens on").split()[3].removesuffix("/hooks/SOURCE")
        assert within(10, lambda: push(f"{base}/hooks/shop", "SO-1") == 200)
        assert requests.get(f"{base}/readyz", timeout=5).json() == {"ready": True}
        assert within(20, lambda: group.heard("SO-1")), up.errors
        worker = installation.pid("worker-1")
        assert worker
        os.kill(worker, signal.SIGKILL)
        assert within(15, lambda: installation.pid("worker-1") not in {worker, None})
        assert push(f"{base}/hooks/shop", "SO-2") == 200
        assert within(25, lambda: group.heard("SO-2")), up.errors
        # what was killed before it could write its answer goes again with the same key, which DingTalk knows
        assert len({json.loads(text)["msgUuid"] for text in group.texts}) == 2
        # a second one in the same folder would share its ledger and its broker
        second = installation.run("up")
        assert second.returncode == 1
        assert "Another server answers" in second.stderr
        assert "Traceback" not in second.stderr
        up.process.send_signal(signal.SIGTERM)
        assert up.process.wait(30) == 0
        assert within(5, lambda: installation.processes() == {})
    assert not any("Traceback" in line for line in up.errors), up.errors


def test_nothing_is_left_when_the_supervisor_is_killed(installation: Installation) -> None:
    with installation.running("up") as up:
        up.line("relay listens on")
        assert within(15, lambda: installation.pid("worker-1") is not None)
        assert len(installation.processes()) >= 4
        up.process.kill()
        assert within(25, lambda: installation.processes() == {}), installation.processes()
