"""Dispatch over a real ledger and a real Valkey; only the group is played."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import update

from connectors.contract import Delivery, Outcome, Resend, Window
from pipelines.plan import Lane
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Broken, Chat, deal, no_answer, plan_of, route, rows, within
from worker import dispatch, outcomes
from worker.channels import Channel
from worker.dispatch import Crew, Dispatcher
from worker.ledger import outbox
from worker.ledger.engine import MICROSECONDS, now
from worker.ledger.tables import MessageState, NoticeState, budget, message
from worker.limiter import Limiter

MINUTE = (Window(10, 60.0),)


def test_what_waits_is_sent_once_and_written_down(office: Office, chat: Chat) -> None:
    office.tell(deal("d1"), deal("d2"))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED] * 2)
        rest(worker)
    assert sorted(chat.told) == [["SO-d1 Open"], ["SO-d2 Open"]]
    assert len(set(chat.keys)) == 2
    assert office.notices() == [NoticeState.SHOWN] * 2
    assert office.attempts() == ["delivered"] * 2


def test_the_bytes_are_frozen_once_for_all_attempts(office: Office, chat: Chat) -> None:
    again = Delivery(Outcome.RETRY, "502", "try again", timedelta(seconds=0.05))
    chat.answers.extend([again, Delivery(Outcome.UNKNOWN, after=timedelta(seconds=0.05)), again])
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
    assert len(chat.bodies) == 4
    assert len(set(chat.bodies)) == 1
    (row,) = rows(office.ledger, message)
    assert row.attempts == 4
    assert row.key == chat.keys[0]
    assert office.attempts() == ["retry", "unknown", "retry", "delivered"]


def test_bytes_outlive_the_worker_that_froze_them(office: Office, chat: Chat) -> None:
    chat.answers.append(Delivery(Outcome.RETRY, after=timedelta(seconds=0.05)))
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.attempts() == ["retry"])
    renamed = plan_of(replace(office.plan.routes[0], title="Another title"))
    with replace(office, plan=renamed).worker("worker-2") as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
    assert len(set(chat.bodies)) == 1
    assert chat.sent[0]["title"] == "Deal"


def test_a_newer_state_waits_while_the_older_is_in_flight(office: Office, chat: Chat) -> None:
    chat.gate = threading.Event()
    office.tell(deal("d1", "Open"))
    with office.worker() as worker:
        assert go(worker, lambda: len(chat.bodies) == 1)
        office.tell(deal("d1", "Won", 1), deal("d2", "Open"))
        assert go(worker, lambda: len(chat.bodies) == 2)
        rest(worker)
        assert sorted(chat.told) == [["SO-d1 Open"], ["SO-d2 Open"]]
        chat.gate.set()
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED] * 3)
    assert chat.told[2] == ["SO-d1 Won"]


def test_of_several_waiting_states_only_the_newest_is_told(office: Office, chat: Chat) -> None:
    office.tell(deal("d1", "Open"), deal("d1", "Talks", 1), deal("d1", "Won", 2))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
        rest(worker)
    assert chat.told == [["SO-d1 Won"]]
    assert office.notices() == [NoticeState.SUPERSEDED, NoticeState.SUPERSEDED, NoticeState.SHOWN]


def test_two_routes_into_one_group_are_two_messages(office: Office, chat: Chat) -> None:
    office = replace(office, plan=plan_of(route("won"), route("all")))
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED] * 2)
        rest(worker)
    assert sorted(one["title"] for one in chat.sent) == ["all", "won"]


def test_what_the_quota_cannot_carry_apart_shares_a_message(office: Office, chat: Chat) -> None:
    chat.windows = MINUTE
    office.tell(*(deal(f"d{n}") for n in range(20)))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
        rest(worker)
    assert chat.told == [[f"SO-d{n} Open" for n in range(20)]]
    assert office.notices() == [NoticeState.SHOWN] * 20


def test_what_finds_no_room_waits_and_the_reason_is_known(office: Office, chat: Chat) -> None:
    chat.windows = MINUTE
    with office.worker() as worker:
        for n in range(8):
            office.tell(deal(f"d{n}"))
            assert go(worker, lambda: office.notices() == [NoticeState.SHOWN] * len(office.notices()))
        assert len(chat.bodies) == 8
        office.tell(deal("late"))
        rest(worker)
        assert len(chat.bodies) == 8
        assert office.notices()[-1] is NoticeState.WAITING
        (row,) = rows(office.ledger, budget)
        assert row.waits_for == "window"
        assert 50 < (row.free_at - now()) / MICROSECONDS <= 60
        assert 0 < worker.idle_s() <= 60


def test_a_fact_too_large_for_one_message_is_shown_when_all_parts_are(office: Office, chat: Chat) -> None:
    chat.parts, chat.gate = 2, threading.Event()
    chat.answers.extend([Delivery(Outcome.DELIVERED), Delivery(Outcome.RETRY, after=timedelta(seconds=0.05))])
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: len(chat.bodies) == 2)
        assert office.notices() == [NoticeState.FRAMED]
        chat.gate.set()
        assert go(worker, lambda: MessageState.DELIVERED in office.messages())
        if MessageState.DUE in office.messages():
            assert office.notices() == [NoticeState.FRAMED]
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED] * 2)
    assert office.notices() == [NoticeState.SHOWN]
    assert len(chat.bodies) == 3


@pytest.mark.parametrize("answers", [(Outcome.DELIVERED, Outcome.REFUSED), (Outcome.REFUSED, Outcome.DELIVERED)])
def test_a_fact_of_which_a_part_was_refused_was_not_shown(
    office: Office, chat: Chat, answers: tuple[Outcome, Outcome]
) -> None:
    chat.parts = 2
    chat.answers.extend(map(Delivery, answers))
    office.tell(deal("d1"))
    with office.worker(senders=1) as worker:
        assert go(worker, lambda: sorted(office.messages()) == [MessageState.DELIVERED, MessageState.DEAD])
    assert office.notices() == [NoticeState.DEAD]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.TOO_LARGE])
def test_what_is_refused_for_good_is_dead_and_the_group_goes_on(office: Office, chat: Chat, outcome: Outcome) -> None:
    chat.answers.append(Delivery(outcome, "400105", "unsupported msgtype"))
    office.tell(deal("d1"))
    with office.worker(senders=1) as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DEAD])
        office.tell(deal("d2"))
        assert go(worker, lambda: office.messages() == [MessageState.DEAD, MessageState.DELIVERED])
    assert office.notices() == [NoticeState.DEAD, NoticeState.SHOWN]
    row = rows(office.ledger, message)[0]
    assert (row.outcome, row.code, row.reason) == (str(outcome), "400105", "unsupported msgtype")


def test_throttling_stops_all_lanes_of_the_group_and_the_ledger_knows_until_when(
    office: Office, chat: Chat, limiter: Limiter
) -> None:
    other = Chat("other")
    plan = plan_of(route("deals", "sales", "other"), route("boss", lane=Lane.APPROVAL, when="stage == 'Won'"))
    office = replace(office, plan=plan, chats=[chat, other])
    chat.answers.append(Delivery(Outcome.THROTTLED, "130101", "send too fast", timedelta(seconds=600)))
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.attempts().count("throttled") == 1)
        office.tell(deal("d2", "Won"))
        assert go(worker, lambda: len(other.bodies) == 2)
        rest(worker)
        assert len(chat.bodies) == 1
    until = {row.destination: row.blocked_until for row in rows(office.ledger, budget)}
    assert 590 < (until["sales"] - now()) / MICROSECONDS <= 600
    assert until["other"] == 0
    assert 590 < limiter.look(chat.budgets()[0]).blocked_s <= 600
    due = next(row for row in rows(office.ledger, message) if row.destination == "sales")
    assert (due.state, due.due_at) == (MessageState.DUE, until["sales"])


def test_a_group_that_a_person_must_repair_waits_and_loses_nothing(office: Office, chat: Chat) -> None:
    chat.answers.append(Delivery(Outcome.MISCONFIGURED, "300001", "the token does not exist"))
    office.tell(deal("d1"), deal("d2"))
    with office.worker(senders=1) as worker:
        assert go(worker, lambda: "misconfigured" in office.attempts())
        office.tell(deal("d3"))
        rest(worker)
        assert len(chat.bodies) <= 2
        assert office.notices()[-1] is NoticeState.WAITING
    waiting = next(row for row in rows(office.ledger, message) if row.outcome == "misconfigured")
    assert waiting.state == MessageState.DUE
    assert 290 < (waiting.due_at - now()) / MICROSECONDS <= outcomes.MISCONFIGURED_S


def test_unknown_is_dead_when_the_key_may_be_forgotten(
    office: Office, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "SAME_KEY_WITHIN_S", 0.5)
    chat.answers.extend([Delivery(Outcome.UNKNOWN, after=timedelta(seconds=0.2))] * 9)
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DEAD])
    assert 2 <= len(chat.bodies) <= 3
    assert len(set(chat.bodies)) == 1
    assert office.notices() == [NoticeState.DEAD]
    assert rows(office.ledger, message)[0].outcome == "unknown"


@pytest.mark.parametrize(
    ("resend", "state", "sends"),
    [(Resend.IDEMPOTENT, MessageState.DELIVERED, 2), (Resend.DUPLICATES, MessageState.DEAD, 1)],
)
def test_a_channel_that_raises_counts_as_unknown(
    office: Office, chat: Chat, resend: Resend, state: MessageState, sends: int
) -> None:
    chat.resend = resend
    chat.answers.append(RuntimeError("a fault in the connector"))
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [state])
    assert len(chat.bodies) == sends


def test_a_message_that_cannot_be_opened_does_not_stop_the_others(office: Office, chat: Chat) -> None:
    chat.answers.append(Delivery(Outcome.RETRY, after=timedelta(seconds=0.05)))
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.attempts() == ["retry"])
        with office.ledger.write() as connection:
            connection.execute(update(message).values(data_key=None))
        office.tell(deal("d2"))
        assert go(worker, lambda: office.messages() == [MessageState.DEAD, MessageState.DELIVERED])
    assert chat.told[1:] == [["SO-d2 Open"]]
    assert office.notices() == [NoticeState.DEAD, NoticeState.SHOWN]
    assert "erased" in rows(office.ledger, message)[0].reason


def test_answers_are_not_forgotten_when_the_ledger_fails_for_a_moment(office: Office, chat: Chat) -> None:
    office.tell(deal("d1"))
    with office.worker() as worker:
        worker.step()
        assert within(5, lambda: len(chat.bodies) == 1)
        assert worker.woken.wait(5)
        Broken(office.ledger).failures.append(no_answer("disk full"))
        with pytest.raises(Exception, match="disk full"):
            worker.step()
        assert office.messages() == [MessageState.SENDING]
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
    assert len(chat.bodies) == 1


class Gone(Limiter):
    """A limiter whose server is gone when `gone` is set."""

    gone = False

    def _run(self, operation: str, keys: Sequence[str], arguments: Sequence[int | str]) -> list[int]:
        if self.gone:
            raise redis.ConnectionError("refused")
        return super()._run(operation, keys, arguments)


def test_answers_are_written_though_redis_is_gone(office: Office, chat: Chat, client: redis.Redis, prefix: str) -> None:
    limiter = Gone(client, prefix=prefix)
    office = replace(office, limiter=limiter)
    chat.gate = threading.Event()
    office.tell(deal("d1"), deal("d2"))
    with office.worker() as worker:
        assert go(worker, lambda: len(chat.bodies) == 2)
        limiter.gone = True
        office.tell(deal("d3"))
        chat.gate.set()
        assert within(5, lambda: worker._senders.pending == 0)
        with pytest.raises(redis.ConnectionError):
            worker.step()
        assert office.messages() == [MessageState.DELIVERED] * 2
        limiter.gone = False
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED] * 3)
    assert len(chat.bodies) == 3


def test_what_was_answered_at_the_end_is_written_at_the_end(office: Office, chat: Chat) -> None:
    office.tell(deal("d1"))
    with office.worker() as worker:
        worker.step()
        assert within(5, lambda: len(chat.bodies) == 1)
    assert office.messages() == [MessageState.DELIVERED]


def test_a_group_that_does_not_answer_costs_no_processor(
    office: Office, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.gate = threading.Event()
    turns: list[int] = []
    due = outbox.due

    def counted(*given: Any) -> Any:
        turns.append(1)
        return due(*given)

    monkeypatch.setattr(outbox, "due", counted)
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert within(5, lambda: worker.work() and len(chat.bodies) == 1)
        worker.work()
        turns.clear()
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            assert worker.work()
        assert len(turns) <= 4
        # an answer is taken up at once all the same, however long the wait
        monkeypatch.setattr(dispatch, "PAUSE_S", 30.0)
        began = time.monotonic()
        threading.Timer(0.05, chat.gate.set).start()
        assert within(20, lambda: worker.work() and office.messages() == [MessageState.DELIVERED])
        assert time.monotonic() - began < 20


def test_a_group_that_another_worker_looks_after_is_left_to_it(office: Office, chat: Chat) -> None:
    office.tell(deal("d1"))
    channels = {chat.name: Channel(chat.name, chat, chat.budgets())}
    crew = Crew("worker-1", lambda _names: [], 1, 30.0)
    worker = Dispatcher(office.ledger, office.limiter, office.plan, channels, crew)
    rest(worker, 0.1)
    worker.close()
    assert chat.bodies == []
    assert office.notices() == [NoticeState.WAITING]


def test_what_is_due_and_what_was_lost_is_found_by_the_tick(office: Office) -> None:
    def seen() -> tuple[bool, bool]:
        with office.ledger.read() as connection:
            return outbox.any_waiting(connection, now()), outbox.any_lost(connection, now())

    assert seen() == (False, False)
    office.tell(deal("d1"))
    assert seen() == (True, False)
    with office.worker() as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
    assert seen() == (False, False)
    with office.ledger.write() as connection:
        connection.execute(update(message).values(state=int(MessageState.SENDING), lease_until=now() - 1))
    assert seen() == (False, True)
    with office.ledger.write() as connection:
        connection.execute(update(message).values(state=int(MessageState.DUE), due_at=now() + MICROSECONDS))
    assert seen() == (False, False)
