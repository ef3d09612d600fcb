"""What an application says to us counts towards the month that custom robots' messages use, once however often it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from connectors.contract import Budget, Change, Charged, Month, Press, Purpose, Received, Reply, Topic, Words
from tests.worker.stand_ins import rows
from worker.hearing.ear import LedgerEar
from worker.hearing.notes import Notes
from worker.ledger import months
from worker.ledger.engine import Ledger
from worker.ledger.months import Standing
from worker.ledger.tables import signal, spent
from worker.relay import nothing
from worker.writer import Writer

AT = datetime.now(UTC)
PUSHES = Budget("company:pushes", month=Month(3_000, "Asia/Shanghai"))


@dataclass(frozen=True)
class Application:
    """Of its changes one is free."""

    pushes: Budget = PUSHES

    def is_charged(self, said: Press | Words | Change) -> bool:
        return not isinstance(said, Change) or said.event != "user_add_org"


@pytest.fixture
def writer(ledger: Ledger) -> Iterator[Writer]:
    writer = Writer(ledger, lambda: None, limit=64)
    yield writer
    writer.close()


def change(number: str, event_: str = "chat_add_member", topic: Topic = Topic.GROUP_JOINED) -> Change:
    return Change(number, topic, event_, AT)


def heard(writer: Writer, client: object, *said: Received) -> None:
    notes = Notes(writer._ledger, "relay")
    ear = LedgerEar("desk", client, writer, notes, nothing)

    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*(ear.take(each) for each in said))

    try:
        assert asyncio.run(all_at_once()) == [True] * len(said)
    finally:
        notes.close()


def received(*changes: Change) -> Received:
    return Received(Reply(200), changes=changes)


def standing(ledger: Ledger) -> Standing:
    with ledger.read() as connection:
        [found] = months.standing(connection, ledger.now(connection))
    return found


def test_what_is_stored_counts_and_what_is_free_does_not(ledger: Ledger, writer: Writer) -> None:
    assert isinstance(Application(), Charged)
    press, words = Press("p1", "card", "amy", AT), Words("w1", "hello", "amy", AT, conversation="c")
    changes = (change("c1"), change("c2", "user_add_org", Topic.PERSON))
    heard(writer, Application(), Received(Reply(200), presses=(press,), words=(words,), changes=changes))
    assert len(rows(ledger, signal)) == 4
    found = standing(ledger)
    assert (found.budget, found.used, found.purposes) == (PUSHES.key, 3, {Purpose.HEARD: 3})


def test_a_repetition_does_not_count_again(ledger: Ledger, writer: Writer) -> None:
    heard(writer, Application(), received(change("c1")), received(change("c1")), received(change("c2")))
    heard(writer, Application(), received(change("c1")))
    assert standing(ledger).used == 2


def test_a_group_of_many_is_one_row(ledger: Ledger, writer: Writer) -> None:
    written: list[str] = []

    def note(*call: object) -> None:
        written.append(str(call[2]))

    event.listen(ledger.engine, "before_cursor_execute", note)
    heard(writer, Application(), received(*(change(f"c{number}") for number in range(50))))
    event.remove(ledger.engine, "before_cursor_execute", note)
    assert standing(ledger).used == 50
    assert len([each for each in written if each.startswith("INSERT INTO month")]) == 1
    assert len(rows(ledger, spent)) == 1


def test_the_vendors_word_uses_the_month_up(ledger: Ledger, writer: Writer) -> None:
    heard(writer, Application(), received(change("c1", topic=Topic.QUOTA_SPENT)))
    found = standing(ledger)
    assert (found.used, found.allowed) == (3_000, 3_000)


def test_an_application_that_is_not_charged_counts_nothing(ledger: Ledger, writer: Writer) -> None:
    heard(writer, object(), received(change("c1")))
    assert len(rows(ledger, signal)) == 1
    assert rows(ledger, spent) == []
