"""The bench itself: its events are what it says, its peers tell the same, and a missed bound is a failure."""

from __future__ import annotations

import json
import os
from pathlib import Path

from sqlalchemy import func, select

from tests.bench import growth
from tests.bench.events import NUMBER, ROUTES, SIZE, bridge, destination, event, request
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.inside import inside
from tests.bench.machine import Cpu, Memory, tree
from tests.bench.peers.message import message as message_of
from worker.ledger.tables import inbox, message, message_notice, notice


def test_an_event_has_its_size_and_every_other_one_is_told() -> None:
    assert {len(event(number)) for number in (1, 2, 1_000_001)} == {SIZE}
    assert [message_of(event(number)) is not None for number in range(4)] == [False, True, False, True]
    assert request(event(1)).count(b"X-Signature: sha256=") == 1


def test_a_peer_tells_all_eight_fields_and_the_number() -> None:
    told = message_of(event(1_000_001)) or b""
    text = json.loads(told)["markdown"]["text"]
    assert NUMBER.findall(told) == [b"1000001", b"1000001"]
    assert len(text.split("  \n  ")) == 9


def test_a_figure_beyond_its_bound_is_not_ok_and_says_which_rule_counted() -> None:
    slow = Figure("latency", 51.0, "ms", at_most(50.0, "25 times the bare relay"), 0.2, 1.0)
    fine = Figure("rate", 1000.0, "events/s", at_least(1000.0), 0.01, 1.0)
    assert (slow.ok, fine.ok) == (False, True)
    assert json.loads(slow.line())["rule"] == "25 times the bare relay"
    assert json.loads(fine.line())["bound"] == "at least 1000"


def test_a_large_ledger_is_whole(tmp_path: Path) -> None:
    with inside(tmp_path / "large", bridge(destination("sink"), ROUTES), growth.HOOKS) as wiring:
        growth._begin(wiring)
        growth._fill(wiring.settings.state_dir / "ledger.sqlite3", 300)
        growth._freshen(wiring)
        with wiring.ledger.read() as connection:
            whole = (
                message_notice.c.message_id == message.c.id,
                message_notice.c.notice_id == notice.c.id,
                notice.c.seq == inbox.c.seq,
            )
            assert connection.execute(select(func.count()).where(*whole)).scalar_one() == 150


def test_the_machine_is_read_for_this_process() -> None:
    cpu, memory = Cpu(), Memory()
    memory.take(os.getpid())
    assert tree(os.getpid())[0] == os.getpid()
    assert memory.rss >= memory.pss > 0
    assert 0.0 <= cpu.foreign() <= 1.0
