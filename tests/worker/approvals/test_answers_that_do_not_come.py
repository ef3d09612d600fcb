"""Sources that do not answer, and workers that are lost: nothing is lost by it and nothing is written twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from connectors.contract import Malformed, Misconfigured, Retryable, Throttled, Unknown
from tests.worker.approvals.books import Books
from tests.worker.approvals.hall import AMY, CHAT, Hall
from tests.worker.stand_ins import Broken, no_answer, rows
from worker.actions.acting import free
from worker.actions.carrying import Pace
from worker.actions.ending import Ending
from worker.actions.scene import Scene
from worker.ledger.actions import Claimed
from worker.ledger.tables import ActionState, action, card


class Killed(BaseException):
    """Ends a worker in the middle of what it does."""


def test_what_was_done_without_an_answer_is_settled_by_reading_back(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.acts.append(("after", Unknown("No answer came.")))
    hall.press(key)
    one = hall.acting()
    one.carrier.step()
    assert hall.states() == [ActionState.UNKNOWN]
    hall.no_patience()
    one.teller.step()
    assert hall.standing(key) == "It is not known whether this was carried out; it is being looked up."
    hall.work(one)
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])
    assert hall.standing(key).startswith("Approved by ")


@pytest.mark.parametrize("error", [Unknown("No answer came."), Malformed("?", body=b""), RuntimeError("a defect")])
def test_what_was_not_done_is_never_written_by_the_same_press(hall: Hall, books: Books, error: Exception) -> None:
    key = hall.ask()
    books.acts.append(("before", error))
    hall.press(key)
    hall.work()
    assert (books.writes, len(books.asked), hall.states()) == (0, 1, [ActionState.FAILED])
    assert hall.reasons() == ["not_seen"]
    assert hall.standing(key).startswith("Not carried out: ")
    assert hall.buttons(key, AMY) == ["Approve", "Reject"]
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states()) == (1, [ActionState.FAILED, ActionState.DONE])


def test_a_source_that_is_away_is_looked_at_again(hall: Hall, books: Books) -> None:
    key = hall.ask()
    books.acts.append(("after", Unknown("No answer came.")))
    hall.press(key)
    one = hall.acting()
    one.carrier.step()
    books.reads.extend([Retryable("Away."), Unknown("Away."), Retryable("Away.")])
    hall.work(one)
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_is_killed_while_it_writes(hall: Hall, books: Books, when: str) -> None:
    key = hall.ask()
    books.acts.append((when, Killed()))
    hall.press(key)
    with pytest.raises(Killed):
        hall.acting("w1").step()
    other = hall.acting("w2")
    hall.no_patience()
    assert not other.carrier.step(), "it is taken from a worker that may live"
    with hall.ledger.write() as connection:
        free(connection, "w1")
    hall.work(other)
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])
    assert hall.standing(key).startswith("Approved by ")


@pytest.mark.parametrize("committed", [False, True], ids=["before its commit", "after its commit"])
@pytest.mark.parametrize("moment", range(6))
def test_a_worker_may_be_killed_at_any_write_of_the_ledger(
    hall: Hall, books: Books, moment: int, *, committed: bool
) -> None:
    key = hall.ask()
    hall.press(key)
    hall.no_patience()
    write, left = hall.ledger.write, [moment]

    @contextmanager
    def mortal() -> Iterator[Connection]:
        left[0] -= 1
        with write() as connection:
            yield connection
            if left[0] < 0 and not committed:
                raise Killed
        if left[0] < 0:
            raise Killed

    hall.ledger.write = mortal  # type: ignore[method-assign]  # the moment to be killed in
    one = hall.acting("w1")
    with suppress(Killed):
        for _ in range(6):
            one.step()
    hall.ledger.write = write  # type: ignore[method-assign]  # as it was
    with hall.ledger.write() as connection:
        free(connection, "w1")
    hall.work(hall.acting("w2"))
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])
    assert hall.standing(key).startswith("Approved by ")
    (row,) = rows(hall.ledger, card)
    assert row.due_at is None


def test_a_worker_that_is_killed_before_it_asks(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key)
    broken = Broken(hall.ledger)
    broken.failures.append(no_answer())
    with pytest.raises(Exception, match="disk"):
        hall.acting("w1").carrier.step()
    assert books.asked == []
    hall.work(hall.acting("w2"))
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


def test_a_worker_whose_ledger_was_away_goes_on_with_what_it_had_begun(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key)
    one = hall.acting()
    broken = Broken(hall.ledger)
    hold = one.carrier._hold

    def fail(one: Claimed) -> None:
        broken.failures.append(no_answer())
        hold(one)

    one.carrier._hold = fail  # type: ignore[method-assign]  # the moment to be lost in
    with pytest.raises(Exception, match="disk"):
        one.carrier.step()
    one.carrier._hold = hold  # type: ignore[method-assign]  # as it was
    hall.work(one)
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


def test_a_ledger_that_fails_between_the_write_and_its_end(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.press(key)
    one = hall.acting("w1")
    broken = Broken(hall.ledger)
    settle = one.carrier._end

    def fail(one: Claimed, of: Scene | None, ending: Ending) -> None:
        broken.failures.append(no_answer())
        settle(one, of, ending)

    one.carrier._end = fail  # type: ignore[method-assign]  # the moment to be lost in
    with pytest.raises(Exception, match="disk"):
        one.carrier.step()
    assert (books.writes, hall.states()) == (1, [ActionState.WRITING])
    with hall.ledger.write() as connection:
        free(connection, "w1")
    hall.work(hall.acting("w2"))
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


@pytest.mark.parametrize("error", [Retryable("Busy."), Throttled("Too many.", scope="erp", after=timedelta(seconds=2))])
def test_what_the_source_does_not_take_now_is_done_later(hall: Hall, books: Books, error: Exception) -> None:
    key = hall.ask()
    books.acts.append(("before", error))
    hall.press(key)
    one = hall.acting()
    one.carrier.step()
    hall.no_patience()
    one.teller.step()
    assert hall.standing(key) == "erp does not take it now; it is tried again."
    hall.work(one)
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


def test_a_source_that_stays_away_gives_the_card_its_buttons_back(hall: Hall, books: Books) -> None:
    key = hall.ask()
    hall.pace = Pace(again=0.0, patience=0.0, looks=(0.0,))
    books.reads.append(Retryable("Away."))
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.FAILED], ["no_answer"])
    assert hall.standing(key) == "Not carried out: erp gave no answer for too long"
    assert hall.buttons(key, AMY) == ["Approve", "Reject"]


@pytest.mark.parametrize("at", ["read", "act"])
def test_what_an_operator_has_to_repair_is_told_and_ends(hall: Hall, books: Books, at: str) -> None:
    key = hall.ask()
    error = Misconfigured("The credential has ended: sign in again.")
    books.reads.append(error) if at == "read" else books.acts.append(("before", error))
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states(), hall.reasons()) == (0, [ActionState.FAILED], ["misconfigured"])
    assert hall.buttons(key, AMY) == ["Approve", "Reject"]


def test_a_connection_that_has_to_be_repaired_after_a_lost_answer_leaves_it_to_be_looked_up(
    hall: Hall, books: Books
) -> None:
    key = hall.ask()
    books.acts.extend([("after", Retryable("Lost.")), ("before", Misconfigured("The credential has ended."))])
    hall.press(key)
    hall.work()
    assert (books.writes, hall.states()) == (1, [ActionState.DONE])


def test_a_card_is_changed_until_the_channel_has_taken_it(hall: Hall) -> None:
    key = hall.ask()
    hall.press(key)
    hall.twin.control("faults", {"path": "/v1.0/card/instances", "method": "PUT", "status": 500, "count": 3})
    hall.work()
    assert hall.standing(key).startswith("Approved by ")
    (row,) = rows(hall.ledger, card)
    assert row.told_at is not None
    assert row.due_at is None


def test_a_change_of_a_card_keeps_to_the_quota_of_its_channel(hall: Hall) -> None:
    key = hall.ask()
    hall.press(key)
    one = hall.acting()
    one.carrier.step()
    hall.no_patience()
    hall.limiter.block(hall.channels[CHAT].budgets[0].key, 0.5)
    assert one.teller.step()
    assert hall.seen(key)["updates"] == 0
    time.sleep(0.6)
    hall.work(one)
    assert hall.standing(key).startswith("Approved by ")


def test_a_card_is_not_changed_before_its_press_was_answered(hall: Hall) -> None:
    key = hall.ask()
    hall.press(key)
    one = hall.acting()
    while one.carrier.step():
        pass
    assert not one.teller.step()
    (heard,) = rows(hall.ledger, action)
    (row,) = rows(hall.ledger, card)
    assert row.due_at - heard.heard_at >= 2_000_000
    assert hall.seen(key)["updates"] == 0
