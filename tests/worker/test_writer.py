from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.worker.stand_ins import Broken, deal, no_answer, rows, within
from worker.ledger import arrivals, refusals
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import inbox
from worker.writer import Entry, Writer


def row(ledger: Ledger, id_: str) -> dict[str, Any]:
    return arrivals.row(deal(id_), received_at=now(), pushed=True, baseline=False, sealer=ledger.sealer)


class Told:
    """Takes what the writer says of each entry."""

    def __init__(self) -> None:
        self.said: dict[str, Exception | None] = {}

    def entry(self, name: str, *rows: dict[str, Any]) -> Entry:
        return Entry(rows, lambda error: self.said.update({name: error}))


@contextmanager
def held(ledger: Ledger, limit: int = 64) -> Iterator[tuple[Writer, Broken, threading.Event, list[int]]]:
    """A writer that waits at the gate, so that what is put meanwhile becomes one group."""
    broken = Broken(ledger)
    broken.gate = threading.Event()
    commits: list[int] = []
    writer = Writer(ledger, lambda: commits.append(1), limit=limit)
    try:
        yield writer, broken, broken.gate, commits
    finally:
        broken.gate.set()
        writer.close()


def stored(ledger: Ledger) -> list[str]:
    return [each.record_id for each in rows(ledger, inbox)]


def test_what_waits_is_committed_as_one_group(ledger: Ledger) -> None:
    told = Told()
    with held(ledger) as (writer, _, gate, commits):
        for n in range(10):
            assert writer.put(told.entry(f"d{n}", row(ledger, f"d{n}")))
        gate.set()
        assert within(5, lambda: len(told.said) == 10)
    assert set(told.said.values()) == {None}
    assert len(commits) == 1
    assert stored(ledger) == [f"d{n}" for n in range(10)]


def test_one_bad_row_does_not_refuse_the_others_of_its_group(ledger: Ledger) -> None:
    told = Told()
    with held(ledger) as (writer, _, gate, _commits):
        writer.put(told.entry("first", row(ledger, "d0")))
        writer.put(told.entry("good", row(ledger, "d1")))
        writer.put(told.entry("bad", row(ledger, "d2"), row(ledger, "d3") | {"record_id": None}))
        writer.put(told.entry("good too", row(ledger, "d4")))
        gate.set()
        assert within(5, lambda: len(told.said) == 4)
    assert isinstance(told.said.pop("bad"), Exception)
    assert told.said == {"first": None, "good": None, "good too": None}
    # of the bad entry nothing is there, not even its good row
    assert stored(ledger) == ["d0", "d1", "d4"]


def test_an_entry_that_cannot_even_be_bound_is_told_and_the_writer_goes_on(ledger: Ledger) -> None:
    told = Told()
    with held(ledger) as (writer, broken, gate, _):
        gate.set()
        broken.failures.extend([OSError(28, "No space left on device")] * 2)
        writer.put(told.entry("lost", row(ledger, "d1")))
        assert within(5, lambda: "lost" in told.said)
        writer.put(told.entry("next", row(ledger, "d2")))
        assert within(5, lambda: "next" in told.said)
    assert isinstance(told.said["lost"], OSError)
    assert told.said["next"] is None


def test_a_sender_that_is_gone_does_not_stop_the_writer(ledger: Ledger) -> None:
    told = Told()

    def gone(_error: Exception | None) -> None:
        raise RuntimeError("Event loop is closed")

    with held(ledger) as (writer, _, gate, _commits):
        writer.put(Entry([row(ledger, "d1")], gone))
        writer.put(told.entry("next", row(ledger, "d2")))
        gate.set()
        assert within(5, lambda: "next" in told.said)
    assert stored(ledger) == ["d1", "d2"]


def test_a_full_queue_keeps_nothing(ledger: Ledger) -> None:
    told = Told()
    with held(ledger, limit=2) as (writer, _, gate, _commits):
        taken = [writer.put(told.entry(f"d{n}", row(ledger, f"d{n}"))) for n in (1, 2, 3)]
        gate.set()
    assert taken == [True, True, False]
    assert stored(ledger) == ["d1", "d2"]


def test_closing_writes_what_was_queued_and_takes_no_more(ledger: Ledger) -> None:
    told = Told()
    with held(ledger) as (writer, _, gate, _commits):
        for n in range(5):
            writer.put(told.entry(f"d{n}", row(ledger, f"d{n}")))
        gate.set()
        writer.close()
        assert not writer.put(told.entry("late", row(ledger, "late")))
    assert told.said == {f"d{n}": None for n in range(5)}
    assert len(stored(ledger)) == 5


def test_refusals_are_counted_even_when_the_ledger_fails_for_a_moment(ledger: Ledger) -> None:
    def counted() -> dict[tuple[str, str], int]:
        with ledger.read() as connection:
            return refusals.counted(connection)

    with held(ledger) as (writer, broken, gate, _):
        writer.refuse("shop", "stale")
        writer.refuse("shop", "stale")
        broken.failures.append(no_answer())
        gate.set()
        assert within(5, lambda: counted() == {("shop", "stale"): 2})
        writer.refuse("shop", "stale")
        assert within(5, lambda: counted() == {("shop", "stale"): 3})


@pytest.mark.parametrize("number", [0, 1, 5])
def test_adding_tells_how_many_rows_were_new(ledger: Ledger, number: int) -> None:
    known = [row(ledger, f"d{n}") for n in range(number)]
    with ledger.write() as connection:
        assert arrivals.add(ledger, connection, known) == number
        assert arrivals.add(ledger, connection, [*known, row(ledger, "new")]) == 1
