"""What channels said by themselves: stored once, dealt with in order and once, forgotten when it has had its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, update

from connectors.contract import Change, Press, Received, Reply, Topic, Words
from tests.worker.stand_ins import rows
from worker.hearing.reader import SignalReader
from worker.ledger import signals
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.signals import Signal
from worker.ledger.tables import SignalState, signal
from worker.retention import Retention

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def press(id_: str) -> Press:
    return Press(id_, "card-1", "u-amy", AT, ("approve",), {"action": "approve"})


def hear(ledger: Ledger, *said: Press | Words | Change, application: str = "desk") -> None:
    received = Received(
        Reply(200),
        presses=tuple(one for one in said if isinstance(one, Press)),
        words=tuple(one for one in said if isinstance(one, Words)),
        changes=tuple(one for one in said if isinstance(one, Change)),
    )
    with ledger.write() as connection:
        signals.put(ledger, connection, signals.rows(application, received, now(), ledger.sealer))


def reader(ledger: Ledger, handle: Callable[[Connection, Signal], None]) -> SignalReader:
    return SignalReader(ledger, {Press: handle, Words: handle, Change: handle})


def states(ledger: Ledger) -> list[SignalState]:
    return [SignalState(row.state) for row in rows(ledger, signal)]


def test_the_same_thing_is_stored_once_and_another_by_itself(ledger: Ledger) -> None:
    words = Words("1", "/why", "u-amy", AT, conversation="c")
    hear(ledger, press("1"), press("1"))
    hear(ledger, press("1"), words)
    hear(ledger, press("1"), application="other")
    assert len(rows(ledger, signal)) == 3


def test_each_is_handed_on_as_it_was_said_in_order_and_once(ledger: Ledger) -> None:
    said = [press("1"), press("2")]
    change = Change("3", Topic.GROUP_JOINED, "chat_add_member", AT, people=("u-ben",), group="cid-sales")
    hear(ledger, *said, change)
    got: list[object] = []
    one = reader(ledger, lambda _connection, signal: got.append(signal.said))
    assert one.read() == 3
    assert got == [*said, change]
    assert one.read() == 0


def test_what_cannot_be_dealt_with_stops_nothing_and_leaves_nothing_half_done(ledger: Ledger) -> None:
    hear(ledger, press("1"), press("2"))

    def handle(connection: Connection, signal_: Signal) -> None:
        connection.execute(update(signal).where(signal.c.id == signal_.id).values(reason="touched"))
        if signal_.said.id == "1":
            raise ValueError("a figure of a customer")

    reader(ledger, handle).read()
    assert states(ledger) == [SignalState.UNREADABLE, SignalState.DONE]
    first, second = rows(ledger, signal)
    assert second.reason == "touched"
    assert "ValueError" in first.reason
    assert "customer" not in first.reason


def test_what_another_key_sealed_is_set_aside(ledger: Ledger) -> None:
    hear(ledger, press("1"), press("2"))
    with ledger.write() as connection:
        connection.execute(update(signal).where(signal.c.signal_id == "1").values(data_key=None))
    got: list[str] = []
    reader(ledger, lambda _connection, one: got.append(one.said.id)).read()
    assert got == ["2"]
    assert states(ledger) == [SignalState.UNREADABLE, SignalState.DONE]


def test_what_was_dealt_with_is_forgotten_when_it_has_had_its_time(ledger: Ledger) -> None:
    hear(ledger, press("1"), press("2"))
    reader(ledger, lambda *_: None).read()
    hear(ledger, press("3"))
    retention = Retention(ledger, timedelta(days=10), timedelta(days=30), lambda _: False)
    retention.run(now() + 9 * 86400 * MICROSECONDS)
    assert len(rows(ledger, signal)) == 3
    retention.run(now() + 11 * 86400 * MICROSECONDS)
    assert [row.signal_id for row in rows(ledger, signal)] == ["3"]
