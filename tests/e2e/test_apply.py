"""A configuration is changed while events stream in: nothing is lost, nothing told twice, no process restarted."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from sqlalchemy import func, select

from tests.faults.streams import QUOTA, bridge, event_numbers
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.processes.sender import Sender, Tally, Work, event
from tests.processes.sink import Quota
from worker.ledger.tables import configuration

pytestmark = pytest.mark.timeout(180)

SLOW = Quota(count=2, window_s=6, block_s=2)
PLAIN = bridge(QUOTA)
COPIES = PLAIN + "  copies: {from: shop.event, to: management, title: Event, fields: [amount]}\n"
DEPOT = COPIES.replace(
    "destinations:",
    """
  depot:
    connector: generic
    settings: {kind: event, signature: {keys: [env:SHOP_KEY], prefix: "sha256="}, id: id, number: number, version: rev}
    kinds: {event: {fields: {amount: {path: amount, type: money, currency_path: currency}}}}
destinations:""",
).replace("routes:", "routes:\n  depot: {from: depot.event, to: operations, title: Event, fields: [amount]}")
APART = bridge(SLOW).replace("refused, to: operations,", "refused, to: operations, merge: never,")
WRONG = COPIES.replace("to: management, title: Event", "to: nobody, title: Event").replace("type: text", "type: txt")


def facts(prefix: str, count: int, pause_s: float = 0.0, kind: str = "event") -> Work:
    def work(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
        for n in range(1, count + 1):
            time.sleep(pause_s)
            number = f"{prefix}-{n:06}"
            yield number, 1, event(kind, number, 1, amount="10", currency="HKD")

    return work


def started(parts: Installation, quota: Quota) -> None:
    for robot in parts.sink.robots:
        parts.sink.limit(robot, quota)
    parts.start()


def sent(parts: Installation, work: Work) -> list[str]:
    sender = Sender(parts.port, [work])
    sender.start()
    return sender.join(20).acknowledged


def shown_in(parts: Installation, group: str) -> Counter[str]:
    return event_numbers([row for row in parts.sink.messages() if row["robot"] == f"robot-{group}"])


def test_changing_the_configuration_under_load(tmp_path: Path) -> None:
    with installation(tmp_path, PLAIN, DINGBRIDGE_TICK_S="0.3") as parts:
        started(parts, QUOTA)
        apply = Applying(parts)
        sender = Sender(parts.port, [facts("EV", 99_999, 0.01)])
        sender.start()
        for number, text in enumerate((COPIES, PLAIN, COPIES, PLAIN, DEPOT), 2):
            time.sleep(0.7)
            assert apply(text)["configuration"] == number
            assert apply.refused(WRONG) == number
        sender.stop()
        tally = sender.join(20)
        after = sent(parts, facts("AF", 30))
        parts.await_settled(30)
        mine, copies = shown_in(parts, "sales-hk"), shown_in(parts, "management")
        held = parts.books.held()
        alive = [part.running.poll() for part in (parts.relay, parts.worker)]
    assert len(tally.acknowledged) > 200
    assert mine == Counter([*tally.acknowledged, *after])
    assert set(copies.values()) == {1}
    # what an apply has returned for counts at once
    assert set(after) <= set(copies)
    assert {reason for reason, _ in held.values()} <= {"destination_gone"}
    assert not set(held) & set(copies)
    assert alive == [None, None]


class Applying:
    def __init__(self, parts: Installation) -> None:
        self._parts = parts
        self._settings = parts.settings

    def __call__(self, text: str) -> dict[str, object]:
        done = self._run(text)
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def refused(self, text: str) -> int:
        done = self._run(text)
        assert done.returncode == 1
        problems = [one["sentence"] for one in json.loads(done.stdout)["problems"]]
        assert len(problems) == 2
        assert any("'nobody' is no destination" in one for one in problems)
        return int(self._parts.books.rows(select(func.max(configuration.c.id)))[0][0])

    def _run(self, text: str) -> CompletedProcess[str]:
        path = self._parts.folder / "next.yaml"
        path.write_text(text)
        return run(["apply", str(path), "--json"], self._settings)


def test_what_waits_for_a_destination_that_is_taken_out_is_held_and_can_be_released(tmp_path: Path) -> None:
    with installation(tmp_path, APART) as parts:
        apply = Applying(parts)
        started(parts, SLOW)
        numbers = sent(parts, facts("RF", 7, kind="refused"))
        until(lambda: len(shown_in(parts, "operations")) >= SLOW.count, "the first are shown", 20)
        apply(APART.replace("to: operations,", "to: management,").replace("  operations:", "  elsewhere:"))
        until(lambda: not parts.books.unfinished()["waiting"], "nothing waits any more", 20)
        held = parts.books.held()
        assert {reason for reason, _ in held.values()} == {"destination_gone"}
        assert Counter([*held, *shown_in(parts, "operations")]) == Counter(numbers)
        apply(APART)
        released = run(["held", "release", "--all"], parts.settings)
        assert released.returncode == 0, released.stdout + released.stderr
        parts.await_settled(60)
        assert shown_in(parts, "operations") == Counter(numbers)


def test_a_worker_that_lacks_a_secret_of_what_is_applied_ends_and_says_which(tmp_path: Path) -> None:
    with installation(tmp_path, PLAIN, DINGBRIDGE_TICK_S="0.3") as parts:
        started(parts, QUOTA)
        other = tmp_path / "next.yaml"
        other.write_text(PLAIN.replace("env:SECRET_SALES_HK", "env:ANOTHER_SECRET"))
        secret = parts.settings["SECRET_SALES_HK"]
        assert run(["apply", str(other)], {**parts.settings, "ANOTHER_SECRET": secret}).returncode == 0
        numbers = sent(parts, facts("EV", 3))
        until(lambda: parts.worker.running.poll() is not None, "the worker has ended", 30)
        assert "the environment variable ANOTHER_SECRET is not set" in parts.worker.said()
        assert parts.relay.running.poll() is None
        assert shown_in(parts, "sales-hk") == Counter()
        # what the file of secrets beside the bridge file says is read with the next start
        (tmp_path / "next.env").write_text(f"# secrets\nANOTHER_SECRET={secret}\n")
        parts.worker.start()
        parts.await_settled(30)
        assert shown_in(parts, "sales-hk") == Counter(numbers)


def test_a_process_says_that_its_file_is_not_what_is_applied(tmp_path: Path) -> None:
    with installation(tmp_path, PLAIN) as parts:
        assert run(["apply"], parts.settings).returncode == 0
        (tmp_path / "bridge.yaml").write_text(COPIES)
        started(parts, QUOTA)
        number = sent(parts, facts("EV", 1))
        parts.await_settled(20)
        assert shown_in(parts, "sales-hk") == Counter(number)
        assert shown_in(parts, "management") == Counter()
        assert "differs from what is applied" in parts.worker.said()
