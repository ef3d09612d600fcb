"""Hints from the push to the disk, in the eyes of operators, and after their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Hint, Received, Refusal, Reply
from tests.worker.shelf import Desk, Shelf, of
from tests.worker.stand_ins import SEALER, Broken, Chat, deal, decider, no_answer, plan_of, rows, served, within
from tests.worker.test_relay import Door
from tests.worker.test_watch import bridge, kinds
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger import freshness, hints
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.hints import GIVE_UP_S
from worker.ledger.tables import hint, inbox, trail
from worker.limiter import Limiter
from worker.members import Members
from worker.operators.metrics import Metrics
from worker.operators.status import status
from worker.relay import Relay
from worker.writer import Entry, Writer

HOUR = GIVE_UP_S * MICROSECONDS


def test_freshness_counts_from_the_hint(desk: Desk, shelf: Shelf, limiter: Limiter) -> None:
    shelf.put(deal())
    announced = now() - 40 * MICROSECONDS
    desk.hint(of(deal()), at=announced)
    desk.read()
    decider(desk.ledger, plan_of()).step()
    chat = Chat()
    channels = {"sales": Channel("sales", chat, chat.budgets())}
    dispatcher = Dispatcher(desk.ledger, limiter, plan_of(), channels, Crew("w1", list, 1, 30.0))
    while dispatcher.work():
        continue
    dispatcher.close()
    with desk.ledger.read() as connection:
        (way,) = freshness.shown(connection, 0, len(rows(desk.ledger, trail)))
    assert (way.read_at, way.pushed) == (announced, True)
    # what was received late is not undecided for as long
    assert now() - rows(desk.ledger, inbox)[0].received_at < 30 * MICROSECONDS


def test_operators_are_told_of_what_is_given_up_or_waits_too_long(desk: Desk, shelf: Shelf, members: Members) -> None:
    shelf.put(deal(minute=1))
    desk.hint(of(deal(minute=2)), of(deal("d2")))
    assert kinds(desk.ledger, members, bridge()) == {}
    desk.read()
    desk.set(due_at=0, behind_since=now() - HOUR)
    desk.read()
    said = kinds(desk.ledger, members, bridge())
    assert said["hints crm Deal"].startswith("2 announced records of crm Deal were given up: the source ")
    counted = Metrics(desk.ledger, {}, lambda: ())
    counted.begin()
    assert b'dingbridge_announced{kind="Deal",source="crm"} 0.0' in counted.render()
    desk.hint(of(deal("d3")), at=now() - 31 * 60 * MICROSECONDS)
    said = kinds(desk.ledger, members, bridge())
    assert said["hints crm Deal"].endswith("; 1 announced record of crm Deal is not read, for longer than allowed")
    (source,) = status(desk.ledger, bridge(), []).sources
    assert [(one.kind, one.waiting, one.given_up) for one in source.announced] == [("Deal", 1, 2)]


def test_what_nobody_waits_for_any_more_is_forgotten(desk: Desk) -> None:
    desk.hint(of(deal("old")), at=5)
    desk.hint(of(deal("new")), at=15)
    with desk.ledger.write() as connection:
        hints.forget(connection, 10)
    assert desk.left() == ["new"]


@dataclass
class Announcing:
    """A receiver of a sender that names what changed and when, a line each."""

    max_body = 10_000

    def receive(self, request: Any) -> Received:
        lines = [line.split() for line in request.body.decode().splitlines()]
        found = tuple(Hint("Deal", id_, datetime.fromtimestamp(int(at), UTC)) for id_, at in lines)
        return Received(Reply(202, b"heard\n"), hints=found)

    def refuse(self, _refusal: Refusal) -> Reply:
        return Reply(503)


def test_a_hint_is_on_disk_when_it_is_acknowledged(ledger: Ledger) -> None:
    broken = Broken(ledger)
    writer = Writer(ledger, lambda: None, limit=8)
    relay = Relay({"crm": Announcing()}, writer, ledger.sealer, lambda: False, lambda: True)
    with served(relay) as port:
        door = Door(port, ledger, broken, writer, relay.draining, {})
        broken.failures.extend([no_answer(), no_answer()])
        assert door.ask("POST", "/hooks/crm", b"d1 100\n")[0] == 503
        assert rows(ledger, hint) == []
        assert door.ask("POST", "/hooks/crm", b"d1 100\nd2 50\nd1 90\n")[:2] == (202, b"heard\n")
        assert [(row.record_id, row.stamp) for row in rows(ledger, hint)] == [
            ("d1", 100 * MICROSECONDS),
            ("d2", 50 * MICROSECONDS),
        ]
    writer.close()


def test_relays_and_a_worker_that_write_the_same_hints_do_not_lock_each_other(
    desk: Desk, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what a group failed with would be hidden by writing its entries one by one
    monkeypatch.setattr(Writer, "_write_alone", lambda *_: AssertionError("the group failed"))
    names = [f"d{n}" for n in range(50)]
    desk.shelf.put(*map(deal, names))
    others = [Ledger(ledger_url, SEALER) for _ in range(2)]
    writers = [Writer(one, lambda: None, limit=1000) for one in others]
    said: list[Exception | None] = []
    for _ in range(100):
        for writer, order in zip(writers, (names, names[::-1]), strict=True):
            assert writer.put(Entry([], said.append, [hints.row("crm", Hint("Deal", id_), now()) for id_ in order]))
    assert within(60, lambda: not desk.read().failure and len(said) == 200)
    for writer, other in zip(writers, others, strict=True):
        writer.close()
        other.close()
    assert set(said) == {None}
    assert within(10, lambda: not desk.read().failure and desk.left() == [])
    assert len(desk.stored()) == 50
