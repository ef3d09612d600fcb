"""The vendor's own SDK, as its users use it, against the twin. See https://github.com/open-dingtalk/dingtalk-stream-sdk-python ."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.dingtalk.sandbox.app import TEMPLATE, App
from tests.connectors.dingtalk.sandbox.sdk.environment import LOCK, PATIENCE_S, Program, install, running

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def python() -> Path:
    return install()


@pytest.fixture
def program(app: App, python: Path) -> Iterator[Program]:
    with running(python, app.twin.base, client_id=app.id, client_secret=app.secret, template=TEMPLATE) as program:
        _connections(app, 1)
        yield program


def _connections(app: App, count: int, *, without: str = "") -> str:
    """Wait for an open connection other than one; return the newest one's id."""
    deadline = time.monotonic() + PATIENCE_S
    found: list[str] = []
    while len(found) < count and time.monotonic() < deadline:
        time.sleep(0.05)
        rows = app.twin.control("stream")["connections"]
        found = [row["id"] for row in rows if row["phase"] == "open" and row["id"] != without]
    assert len(found) >= count
    return found[-1]


def _wait(app: App, id_: str, wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    outcome = ""
    while outcome != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
        rows = app.twin.control("events")["events"]
        outcome = next(row["outcome"] for row in rows if row["id"] == id_)
    assert outcome == wanted


def test_the_packages_are_pinned_by_hash_and_name_no_registry() -> None:
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("    --hash=sha256:") or "==" in line for line in lines)
    assert "://" not in "".join(lines)


def test_events_are_taken_and_acknowledged(app: App, program: Program) -> None:
    id_ = app.twin.control("events", {"type": "bpms_instance_change", "data": {"type": "finish"}})["id"]
    told = program.wait("event")[0]
    assert (told["type"], told["id"], told["data"]) == ("bpms_instance_change", id_, {"type": "finish"})
    _wait(app, id_, "acknowledged")


def test_words_are_answered_by_the_session_webhook(app: App, program: Program) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "status", "group": "cid-management"})
    assert program.wait("words")[0] == {"what": "words", "text": "status", "sender": "u-amy", "group": "cid-management"}
    deadline = time.monotonic() + PATIENCE_S
    while len(app.twin.texts("cid-management")) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert app.twin.texts("cid-management") == ["@dingbridge status", "heard: status"]


@pytest.mark.parametrize("group", ["cid-management", ""])
def test_a_card_is_sent_and_pressed(app: App, program: Program, group: str) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "card", "group": group})
    card = program.wait("card")[0]["id"]
    assert [one["id"] for one in app.seen(card, "u-amy")["buttons"]] == ["approve", "reject"]
    assert app.twin.control("press", {"user": "u-amy", "card": card, "action": "approve"})["outcome"] == "answered"
    click = program.wait("click")[0]
    assert (click["card"], click["user"]) == (card, "u-amy")
    assert click["content"]["cardPrivateData"]["actionIds"] == ["approve"]
    assert app.seen(card, "u-amy")["data"]["state"] == "working"


def test_a_picture_is_fetched(app: App, program: Program) -> None:
    file = {"kind": "picture", "name": "chart.txt", "content": "c3RvY2s="}
    app.twin.control("say", {"user": "u-amy", "file": file})
    url = program.wait("picture")[0]["url"]
    assert app.twin.http.get(url, timeout=10).text == "stock"


def test_a_card_of_the_sdks_own_is_changed(app: App, program: Program) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "button"})
    card = program.wait("card")[0]["id"]
    seen = app.seen(card, "u-amy")
    assert (seen["body"], seen["updates"]) == ("**done**", 1)


def test_after_a_disconnect_the_client_comes_back(app: App, program: Program) -> None:
    first = _connections(app, 1)
    app.twin.control("stream", {"what": "disconnect"})
    _connections(app, 1, without=first)
    app.twin.control("say", {"user": "u-amy", "text": "again"})
    assert program.wait("words")[0]["text"] == "again"
