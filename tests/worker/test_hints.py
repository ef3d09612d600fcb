"""Hints: stored with the push, joined, read in batches until the state is what was announced, given up visibly."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from connectors.contract import Budget, Hint, Malformed, Misconfigured, Retryable
from tests.worker.shelf import Desk, Shelf, of
from tests.worker.stand_ins import SEALER, Broken, deal, decider, no_answer, plan_of, rows
from worker.hints import ABSENT, BUSY, FAILURES, NOT_READ, OLDER, READ, Heeded, HintReader, job_name
from worker.ledger import cursors, heard, hints
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.hints import GIVE_UP_S
from worker.ledger.tables import hint, inbox, schedule
from worker.limiter import Limiter

HOUR = GIVE_UP_S * MICROSECONDS


def test_what_was_announced_is_read_and_the_hint_is_gone(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal("d1"), deal("d2", deleted=True, fields={}))
    desk.hint(of(deal("d1")), of(deal("d2"), stamp=None))
    found = desk.read()
    assert (found.reads, found.settled, found.new, found.failure) == (1, 2, 2, "")
    assert (desk.left(), desk.committed) == ([], [1])
    assert [(row.pushed, row.baseline) for row in rows(desk.ledger, inbox)] == [(True, False)] * 2
    decider(desk.ledger, plan_of()).step()
    assert not desk.due()


def test_an_unchanged_state_that_is_read_again_disappears(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal())
    for _ in range(2):
        desk.hint(of(deal()))
        desk.read()
    assert desk.stored() == [("d1", "0 Open")]
    assert (len(shelf.asked), len(desk.committed), desk.left()) == (2, 1, [])


def test_ten_thousand_hints_of_a_hundred_records_cost_one_read(desk: Desk, shelf: Shelf) -> None:
    shelf.put(*(deal(f"d{n}", minute=99) for n in range(100)))
    for minute in range(100):
        desk.hint(*(of(deal(f"d{n}", minute=minute)) for n in range(100)))
    assert len(rows(desk.ledger, hint)) == 100
    found = desk.read()
    assert (found.reads, found.settled, found.new) == (1, 100, 100)
    assert len(shelf.asked[0]) == 100


def test_the_newest_stamp_of_what_came_counts_in_whatever_order_it_came(desk: Desk) -> None:
    desk.hint(of(deal(minute=5)), at=50)
    desk.hint(of(deal(minute=9)), of(deal(minute=7)), at=90)
    desk.hint(of(deal(minute=8)), at=100)
    desk.hint(of(deal(), stamp=None), at=110)
    (row,) = rows(desk.ledger, hint)
    assert row.stamp == int(deal(minute=9).stamp.timestamp()) * MICROSECONDS
    assert (row.hinted_at, row.renewed) == (90, 3)


def test_an_older_state_is_stored_and_read_again_until_it_is_what_was_announced(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal(minute=1))
    desk.hint(of(deal(minute=2)))
    assert (desk.read().settled, desk.left(), desk.stored()) == (0, ["d1"], [("d1", "1 Open")])
    (row,) = rows(desk.ledger, hint)
    assert row.reason == OLDER
    assert 0 < row.due_at - now() <= 2 * MICROSECONDS
    assert not desk.due()
    assert desk.read().reads == 0
    shelf.put(deal(minute=2))
    desk.set(due_at=0)
    assert (desk.read().settled, desk.left()) == (1, [])
    assert desk.stored() == [("d1", "1 Open"), ("d1", "2 Open")]


def test_the_wait_doubles_and_a_further_hint_ends_it(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal(minute=1))
    desk.hint(of(deal(minute=2)))
    waits = []
    for _ in range(12):
        desk.set(due_at=0)
        desk.read()
        waits.append(round((rows(desk.ledger, hint)[0].due_at - now()) / MICROSECONDS))
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 300
    desk.hint(of(deal(minute=2)))
    assert desk.due()


@pytest.mark.parametrize("minute", [1, None])
def test_what_stays_behind_for_an_hour_is_given_up_until_it_is_announced_again(
    desk: Desk, shelf: Shelf, minute: int | None
) -> None:
    shelf.put(*([deal(minute=minute)] if minute is not None else []))
    desk.hint(of(deal(minute=2)))
    desk.read()
    desk.set(due_at=0, behind_since=now() - HOUR)
    desk.read()
    assert not desk.due()
    with desk.ledger.read() as connection:
        (pile,) = hints.announced(connection)
        assert hints.announced(connection, now() + MICROSECONDS)[0].given_up == 0
    assert (pile.waiting, pile.given_up, pile.reason) == (0, 1, OLDER if minute else ABSENT)
    desk.hint(of(deal(minute=2)))
    assert desk.due()
    shelf.put(deal(minute=2))
    assert (desk.read().settled, desk.left()) == (1, [])


def test_a_hint_that_comes_while_its_record_is_read_is_read_again(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal(minute=1))
    desk.hint(of(deal(minute=1)))
    desk.set(behind_since=5)
    # the source changes after it answered, and announces it before the answer is stored
    shelf.before = lambda _ids: desk.hint(of(deal(minute=2)))
    assert desk.read().settled == 1
    (row,) = rows(desk.ledger, hint)
    assert row.behind_since == 0
    shelf.before = lambda _ids: None
    shelf.put(deal(minute=2))
    assert desk.due()
    assert (desk.read().settled, desk.left()) == (1, [])
    assert desk.stored() == [("d1", "1 Open"), ("d1", "2 Open")]


def test_a_hint_that_comes_while_an_older_state_is_read_does_not_wait_with_it(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal(minute=1))
    desk.hint(of(deal(minute=2)))
    shelf.before = lambda _ids: desk.hint(of(deal(minute=3)))
    assert desk.read().settled == 0
    assert desk.due()


def test_a_hint_without_a_stamp_that_comes_during_a_read_is_not_taken_for_read(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal(minute=1))
    desk.hint(Hint("Deal", "d1"))
    shelf.before = lambda _ids: desk.hint(Hint("Deal", "d1"))
    desk.read()
    assert desk.left() == ["d1"]
    assert desk.due()


def test_two_workers_never_read_a_hint_at_once(desk: Desk, shelf: Shelf, ledger_url: str) -> None:
    shelf.put(*(deal(f"d{n}") for n in range(1000)))
    desk.hint(*(of(deal(f"d{n}")) for n in range(1000)))
    other = Ledger(ledger_url, SEALER)
    found: list[Heeded] = []

    def work(reader: HintReader) -> None:
        while desk.left():
            found.append(reader.read("crm", "Deal"))

    threads = [
        threading.Thread(target=work, args=(desk.reader(name, ledger),))
        for name, ledger in (("one", desk.ledger), ("two", other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    other.close()
    assert sum(one.new for one in found) == len(desk.stored()) == 1000
    assert sum(one.reads for one in found) == len(shelf.asked) == 1000 // READ
    assert {one.failure for one in found} <= {"", BUSY}


def test_a_worker_that_was_overtaken_stores_nothing(desk: Desk, shelf: Shelf) -> None:
    shelf.put(deal())

    def overtaken(_ids: Sequence[str]) -> None:
        with desk.ledger.write() as connection:
            connection.execute(update(schedule).values(owner="worker-2", lease_until=now() + MICROSECONDS))

    shelf.before = overtaken
    desk.hint(of(deal()))
    assert desk.read().failure == BUSY
    assert (desk.stored(), desk.left()) == ([], ["d1"])
    assert rows(desk.ledger, schedule)[0].owner == "worker-2"


class Killed(BaseException):
    """What a signal does to a thread."""


@pytest.mark.parametrize("when", ["before the answer", "before the commit", "in the commit"])
def test_a_hint_survives_a_kill_at_every_point(
    desk: Desk, shelf: Shelf, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    broken = Broken(desk.ledger)
    shelf.put(deal())
    desk.hint(of(deal()))
    with monkeypatch.context() as patch:
        if when == "before the answer":
            shelf.before = killed
        elif when == "before the commit":
            patch.setattr(HintReader, "_store", killed)
        else:
            shelf.before = lambda _ids: broken.failures.append(no_answer())
        with pytest.raises(OperationalError if when == "in the commit" else Killed):
            desk.read()
    assert (desk.stored(), desk.left()) == ([], ["d1"])
    shelf.before = lambda _ids: None
    assert (desk.read().settled, desk.stored()) == (1, [("d1", "0 Open")])


def test_what_a_killed_worker_held_is_free_when_it_starts_again(desk: Desk) -> None:
    with desk.ledger.write() as connection:
        for name, owner in ((job_name("crm", "Deal"), "worker-1 ab12"), ("poll crm Deal", "worker-12 ab12")):
            cursors.plan_job(desk.ledger, connection, name)
            assert cursors.begin_job(connection, name, owner, now(), 300)
        cursors.free_jobs(connection, "worker-1")
        assert cursors.due_jobs(connection, now()) == [job_name("crm", "Deal")]


def test_a_source_that_cannot_be_read_keeps_its_hints_and_says_when(desk: Desk, shelf: Shelf) -> None:
    def away(_ids: Sequence[str]) -> None:
        raise Retryable("not now", after=timedelta(seconds=90))

    shelf.before = away
    desk.hint(of(deal()))
    desk.set(behind_since=now() - 2 * HOUR)
    assert desk.read().failure == "not now"
    assert desk.due()
    (row,) = [one for one in rows(desk.ledger, schedule) if one.name == job_name("crm", "Deal")]
    assert 85 < (row.due_at - now()) / MICROSECONDS <= 90
    with desk.ledger.read() as connection:
        # no poll was made, and none is said to have been
        assert heard.polls(connection, "crm") == ()
        assert abs((cursors.last_polled(connection, "crm") or 0) - now()) < MICROSECONDS
    shelf.before = lambda _ids: None
    shelf.put(deal())
    assert (desk.read().failure, desk.left()) == ("", [])


def test_one_record_that_cannot_be_read_holds_up_no_other(desk: Desk, shelf: Shelf) -> None:
    def choke(ids: Sequence[str]) -> None:
        if "d77" in ids:
            raise Malformed("The source gave something else than a record.", body=b"?")

    shelf.put(*(deal(f"d{n}") for n in range(READ)))
    shelf.before = choke
    desk.hint(*(of(deal(f"d{n}")) for n in range(READ)))
    found = desk.read()
    assert (found.settled, found.failure, desk.left()) == (READ - 1, "", ["d77"])
    assert found.reads < 24
    assert rows(desk.ledger, hint)[0].reason == "The source gave something else than a record."
    assert not desk.due()


def test_a_source_of_which_nothing_can_be_read_is_left_alone_soon(desk: Desk, shelf: Shelf) -> None:
    def choke(_ids: Sequence[str]) -> None:
        raise KeyError("a bug")

    shelf.before = choke
    desk.hint(*(of(deal(f"d{n}")) for n in range(READ)))
    assert "KeyError" in desk.read().failure
    assert len(shelf.asked) == FAILURES + 1

    def refuse(_ids: Sequence[str]) -> None:
        raise Misconfigured("Give the user the right to read.")

    shelf.before = refuse
    assert desk.read().failure == "Give the user the right to read."
    assert len(shelf.asked) == FAILURES + 2


def test_hints_are_read_within_the_quota(ledger: Ledger, limiter: Limiter, shelf: Shelf) -> None:
    budget = Budget("crm:calls", (), slots=1)
    desk = Desk(ledger, limiter, shelf, (budget,))
    limiter.revive(budget, None)
    shelf.put(deal())
    desk.hint(of(deal()))
    shelf.before = lambda _ids: seen.append(limiter.look(budget).in_flight)
    seen: list[int] = []
    assert (desk.read().settled, seen, limiter.look(budget).in_flight) == (1, [1], 0)


def test_what_is_not_configured_is_not_read(desk: Desk) -> None:
    assert desk.reader().read("gone", "Deal").failure == NOT_READ


def test_a_reader_that_is_stopped_leaves_the_rest_to_the_next_turn(desk: Desk, shelf: Shelf) -> None:
    reader = desk.reader()
    shelf.before = lambda _ids: reader.stop()
    shelf.put(*(deal(f"d{n}") for n in range(READ + 1)))
    desk.hint(*(of(deal(f"d{n}")) for n in range(READ + 1)))
    assert reader.read("crm", "Deal").settled == READ
    assert len(desk.left()) == 1
