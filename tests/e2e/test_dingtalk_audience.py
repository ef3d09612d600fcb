"""A group changes at DingTalk while the installation runs: what is not public stops at once, and waits for a word."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes.application import push, sign_in
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from worker.ledger.tables import NoticeState

pytestmark = pytest.mark.timeout(180)

BRIDGE = """
version: 1
classes: [finance]
sources:
  SHOP:
    kinds:
      order: {fields: {buyer: {path: buyer, type: text}, total: {path: total, type: text, class: finance}}}
applications:
  company: {connector: dingtalk, settings: {application: APPLICATION}}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: group, conversation: cid-sales-hk, application: APPLICATION}
    attestation: {by: Office manager, on: 2020-01-01, until: 2999-01-01, classes: [finance]}
  robot:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: "file:robot.secret"}
  operations:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: group, conversation: cid-operations, application: APPLICATION}
routes:
  orders: {from: shop.order, to: sales, title: Order, fields: [buyer, total], merge: never}
"""
VERIFY = ["destination", "verify", "sales", "--admin", "Office manager", "--class", "finance"]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("audience")
    with installation(folder, BRIDGE, DINGBRIDGE_TICK_S="0.2", DINGBRIDGE_READERS_S="600") as parts:
        sign_in(parts, folder, BRIDGE)
        (folder / "robot.secret").write_text(parts.sink.ask("GET", "")["robots"][0]["webhook"])
        (folder / "robot.secret").chmod(0o600)
        parts.start()
        until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "it listens", 30)
        yield parts


def shown(parts: Installation, number: str) -> list[str]:
    return [str(row["text"]) for row in parts.sink.messages() if number in row["text"]]


def told(parts: Installation, number: str) -> list[str]:
    push(parts, number, total="HKD 4711")
    parts.await_settled(30)
    return shown(parts, number)


def heard(parts: Installation, method: str, path: str, **body: Any) -> None:
    """Do something at DingTalk, and wait until its event was acknowledged."""
    before = len(parts.sink.ask("GET", "events")["events"])
    parts.sink.ask(method, path, json=body)

    def told_of() -> bool:
        events = parts.sink.ask("GET", "events")["events"][before:]
        return bool(events) and all(one["outcome"] == "acknowledged" for one in events)

    until(told_of, "the event was acknowledged", 30)


def test_check_lists_each_destination_as_checkable_attested_or_unknown(parts: Installation) -> None:
    said = run(["check", "--live"], parts.settings).stdout
    assert re.search(r"fine +sales +readers: checkable: 3 people, 0 from outside", said), said
    assert re.search(r"doubt +operations +readers: unknown, .*cool_app", said), said
    assert re.search(r"doubt +robot +readers: unknown, ", said), said


def test_a_renamed_group_holds_what_is_not_public_until_it_is_verified(parts: Installation) -> None:
    (first,) = told(parts, "SO-1")
    assert "4711" in first
    heard(parts, "PATCH", "groups/cid-sales-hk", name="Everybody")
    assert told(parts, "SO-2") == []
    assert parts.books.numbers(NoticeState.HELD)["SO-2"] == 1
    listed = run(["held", "list"], parts.settings).stdout
    assert "not the group any more" in listed
    verify(parts)
    until(lambda: bool(shown(parts, "SO-2")), "what was held is told", 30)
    assert "4711" in shown(parts, "SO-2")[0]


def test_somebody_from_outside_is_seen_at_once(parts: Installation) -> None:
    assert "4711" in told(parts, "SO-3")[0]
    outsider = {"id": "x-zoe", "name": "Zoe", "unionid": "union-zoe"}
    heard(parts, "POST", "groups/cid-sales-hk/members", outsiders=[outsider])
    assert told(parts, "SO-4") == []
    listed = run(["destination", "readers", "sales"], parts.settings).stdout
    assert "u-amy  Amy Wong" in listed
    assert "from outside: union-zoe  Zoe" in listed
    status = run(["status"], parts.settings).stdout
    assert "readers: 3 people, 1 from outside" in status
    heard(parts, "POST", "groups/cid-sales-hk/members", outsiders_leave=["union-zoe"])
    assert told(parts, "SO-5") == []
    verify(parts)
    until(lambda: bool(shown(parts, "SO-4") and shown(parts, "SO-5")), "what was held is told", 30)


def verify(parts: Installation) -> None:
    before = len(codes(parts))
    command = [sys.executable, "-m", "worker.cli", *VERIFY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    asked: subprocess.Popen[str] = subprocess.Popen(command, env=dict(parts.settings), text=True, **pipes)  # type: ignore[call-overload]  # pipes
    until(lambda: len(codes(parts)) > before, "the code stands in the group", 20)
    _, said = asked.communicate(codes(parts)[-1] + "\n", timeout=30)
    assert asked.returncode == 0, said


def codes(parts: Installation) -> list[str]:
    return [found[1] for row in parts.sink.messages() if (found := re.search(r"Code: (\d{6})", row["text"]))]
