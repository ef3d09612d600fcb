"""Several workers, lost workers, leases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import insert, update

from connectors.contract import Resend
from pipelines import outgoing
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat, deal, rows
from worker import composing, dispatch
from worker.ledger import outbox
from worker.ledger.engine import MICROSECONDS, now
from worker.ledger.tables import MessageState, NoticeState, message, notice


def test_a_job_whose_lease_is_too_old_is_not_sent(office: Office, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "DEADLINE_S", 30.0)
    office.tell(deal("d1"))
    with office.worker(lease_s=30.0) as worker:
        assert go(worker, lambda: office.messages() == [MessageState.DUE])
        assert chat.bodies == []
        kept = rows(office.ledger, message)[0]
        assert (kept.attempts, kept.first_sent_at, office.attempts()) == (0, None, [])
        monkeypatch.setattr(dispatch, "DEADLINE_S", 15.0)
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
    assert len(chat.bodies) == 1


def test_what_was_in_flight_longer_than_its_lease_goes_again_with_the_same_bytes(office: Office, chat: Chat) -> None:
    chat.gate = threading.Event()
    office.tell(deal("d1"))
    with office.worker("lost") as lost, office.worker("other") as other:
        assert go(lost, lambda: len(chat.bodies) == 1)
        assert other.recover(own=True) == 0
        with office.ledger.write() as connection:
            connection.execute(update(message).values(lease_until=now() - 1))
        assert other.recover(own=False) == 1
        assert go(other, lambda: len(chat.bodies) == 2)
        chat.gate.set()
        # the answer to the lost one comes late; the message is somebody else's by then
        rest(lost, 0.1)
        assert go(other, lambda: office.messages() == [MessageState.DELIVERED])
    assert len(set(chat.bodies)) == 1
    assert rows(office.ledger, message)[0].owner == "other"
    assert office.attempts()[0] == "unknown"
    assert office.notices() == [NoticeState.SHOWN]


def test_a_worker_that_starts_again_takes_up_what_it_had(office: Office, chat: Chat) -> None:
    office.tell(deal("d1"))
    chat.gate = threading.Event()
    with office.worker("worker-1") as before:
        assert go(before, lambda: len(chat.bodies) == 1)
        with office.worker("worker-1") as again:
            assert again.recover(own=True) == 1
            assert again.recover(own=True) == 0
            assert office.messages() == [MessageState.DUE]
            assert go(again, lambda: len(chat.bodies) == 2)
            chat.gate.set()
            assert go(again, lambda: office.messages() == [MessageState.DELIVERED])
    assert len(set(chat.bodies)) == 1


@pytest.mark.parametrize(
    ("resend", "ago_s", "state", "fact"),
    [
        (Resend.IDEMPOTENT, 1, MessageState.DUE, NoticeState.FRAMED),
        (Resend.IDEMPOTENT, outbox.SAME_KEY_WITHIN_S + 1, MessageState.DEAD, NoticeState.DEAD),
        (Resend.DUPLICATES, 1, MessageState.DEAD, NoticeState.HELD),
    ],
)
def test_what_lost_its_worker_goes_again_only_where_the_group_cannot_see_it_twice(
    office: Office, chat: Chat, resend: Resend, ago_s: int, state: MessageState, fact: NoticeState
) -> None:
    chat.resend, chat.gate = resend, threading.Event()
    office.tell(deal("d1"))
    with office.worker("lost") as lost, office.worker("other") as other:
        assert go(lost, lambda: len(chat.bodies) == 1)
        with office.ledger.write() as connection:
            long_ago = {"lease_until": now() - 1, "first_sent_at": now() - ago_s * MICROSECONDS}
            connection.execute(update(message).values(**long_ago))
        assert other.recover(own=False) == 1
        assert office.messages() == [state]
        assert office.notices() == [fact]
    assert rows(office.ledger, message)[0].outcome == "unknown"


def test_two_workers_send_each_fact_once(office: Office, chat: Chat) -> None:
    office.tell(*(deal(f"d{n}") for n in range(60)))
    with office.worker("one") as one, office.worker("two") as two:
        threads = [
            threading.Thread(target=go, args=(worker, lambda: set(office.notices()) == {NoticeState.SHOWN}, 20))
            for worker in (one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(25)
    facts = [fact for one in chat.told for fact in one]
    assert sorted(facts) == sorted(f"SO-d{n} Open" for n in range(60))


def test_a_notice_that_another_worker_took_is_left_to_it(
    office: Office, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.tell(deal("d1", "Open"), deal("d2", "Open"))
    planned = outgoing.dispatch

    def overtake(*given: Any) -> Any:
        with office.ledger.write() as connection:
            first = update(notice).where(notice.c.id == 1, notice.c.state == NoticeState.WAITING)
            connection.execute(first.values(state=int(NoticeState.FRAMED)))
        return planned(*given)

    monkeypatch.setattr(composing, "dispatch", overtake)
    with office.worker() as worker:
        worker.step()
        assert rows(office.ledger, message) == []
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
    assert chat.told == [["SO-d2 Open"]]


def test_a_newer_state_that_another_worker_put_in_flight_is_left_to_it(
    office: Office, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.tell(deal("d1", "Open"))
    planned = outgoing.dispatch

    def overtake(*given: Any) -> Any:
        (row,) = rows(office.ledger, notice)
        newer = row._asdict() | {"id": 2, "seq": 2, "state": int(NoticeState.FRAMED)}
        with office.ledger.write() as connection:
            connection.execute(insert(notice), newer)
        return planned(*given)

    with office.worker() as worker:
        monkeypatch.setattr(composing, "dispatch", overtake)
        worker.step()
        monkeypatch.setattr(composing, "dispatch", planned)
        rest(worker)
    assert chat.bodies == []
    assert office.notices() == [NoticeState.WAITING, NoticeState.FRAMED]
