from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.contract import Delivery, Outcome
from pipelines.plan import Lane
from tests.worker.stand_ins import Chat, within
from worker.senders import IN_FLIGHT, Job, Senders, Sent, lanes_of


def job(chat: Chat, number: int = 0, lane: Lane = Lane.NORMAL, *, sent_by: float | None = None) -> Job:
    return Job(
        message_id=number,
        destination=chat.name,
        lane=lane,
        channel=chat,
        body=str(number).encode(),
        calls=(),
        sent_by=time.monotonic() + 30 if sent_by is None else sent_by,
        attempts=1,
        framed_at=0,
        first_sent_at=0,
    )


@contextmanager
def senders(threads: int) -> Iterator[tuple[Senders, list[int]]]:
    woken: list[int] = []
    kept = Senders(threads, lambda: woken.append(1))
    try:
        yield kept, woken
    finally:
        kept.close()


def collected(of: Senders, number: int) -> list[Sent]:
    ended: list[Sent] = []

    def enough() -> bool:
        ended.extend(of.collect())
        return len(ended) >= number

    assert within(10, enough)
    return ended


def test_the_first_thread_is_kept_for_what_is_important_and_the_last_prefers_bulk() -> None:
    assert lanes_of(0, 8) == (Lane.APPROVAL, Lane.URGENT)
    assert lanes_of(7, 8)[0] is Lane.BULK
    assert {lanes_of(n, 8) for n in range(1, 7)} == {tuple(Lane)}


@pytest.mark.parametrize("threads", range(1, 10))
def test_every_lane_is_taken_by_some_thread(threads: int) -> None:
    taken = [lanes_of(n, threads) for n in range(threads)]
    assert {lane for lanes in taken for lane in lanes} == set(Lane)
    assert all(len(set(lanes)) == len(lanes) for lanes in taken)


def test_what_was_sent_is_collected_once_with_its_answer() -> None:
    chat = Chat()
    chat.answers.append(Delivery(Outcome.REFUSED, "310000", "no"))
    with senders(1) as (of, woken):
        of.put([job(chat, 1), job(chat, 2)])
        first, second = collected(of, 2)
        assert within(5, lambda: of.pending == 0 and len(woken) == 2)
        assert of.collect() == []
    assert (first.job.message_id, second.job.message_id) == (1, 2)
    assert first.delivery == Delivery(Outcome.REFUSED, "310000", "no")
    assert second.delivery == Delivery(Outcome.DELIVERED)
    assert chat.bodies == [b"1", b"2"]


def test_no_destination_gets_more_than_two_requests_at_once() -> None:
    chat = Chat(gate=threading.Event())
    assert chat.gate
    with senders(8) as (of, _):
        of.put([job(chat, n) for n in range(10)])
        assert within(5, lambda: len(chat.bodies) == IN_FLIGHT)
        time.sleep(0.1)
        assert len(chat.bodies) == IN_FLIGHT
        chat.gate.set()
        assert len(collected(of, 10)) == 10
    assert chat.most == IN_FLIGHT


def test_a_slow_group_does_not_hold_up_the_others_of_its_lane() -> None:
    gate = threading.Event()
    slow, quick = Chat("slow", gate=gate), Chat("quick")
    with senders(4) as (of, _):
        of.put([job(slow, n) for n in range(6)] + [job(quick, n) for n in range(3)])
        assert within(5, lambda: len(quick.bodies) == 3)
        assert len(slow.bodies) == IN_FLIGHT
        gate.set()


def test_groups_of_one_lane_take_turns() -> None:
    gate = threading.Event()
    first = Chat("first", gate=gate)
    many, few = Chat("many"), Chat("few")
    with senders(1) as (of, _):
        of.put([job(first), *(job(many, n) for n in range(4)), job(few)])
        gate.set()
        order = [sent.job.destination for sent in collected(of, 6)][1:]
    assert order == ["many", "few", "many", "many", "many"]


def test_approvals_go_while_every_other_thread_hangs() -> None:
    gate = threading.Event()
    dead = [Chat(f"dead-{n}", gate=gate) for n in range(10)]
    boss = Chat("boss")
    with senders(8) as (of, _):
        of.put([job(chat, n, lane) for chat in dead for n, lane in enumerate((Lane.NORMAL, Lane.BULK))])
        assert within(5, lambda: sum(len(chat.bodies) for chat in dead) == 7)
        of.put([job(boss, 1, Lane.NORMAL), job(boss, 2, Lane.APPROVAL), job(boss, 3, Lane.URGENT)])
        assert within(5, lambda: boss.bodies == [b"2", b"3"])
        gate.set()


def test_bulk_goes_on_under_load() -> None:
    gate = threading.Event()
    dead = [Chat(f"dead-{n}", gate=gate) for n in range(9)]
    bulk = Chat("bulk")
    with senders(3) as (of, _):
        of.put([job(chat, 1, Lane.URGENT) for chat in dead[:2]] + [job(bulk, n, Lane.BULK) for n in range(3)])
        of.put([job(chat, 2, Lane.URGENT) for chat in dead[2:]])
        assert within(5, lambda: len(bulk.bodies) >= 1)
        gate.set()


def test_a_job_whose_lease_is_too_old_is_not_sent() -> None:
    chat = Chat()
    with senders(1) as (of, _):
        of.put([job(chat, 1, sent_by=time.monotonic() - 0.001), job(chat, 2)])
        late, fine = collected(of, 2)
    assert late.delivery is None
    assert fine.delivery is not None
    assert chat.bodies == [b"2"]


def test_a_channel_that_raises_is_an_answer_that_never_came() -> None:
    chat = Chat()
    chat.answers.append(ZeroDivisionError("a-very-secret-value"))
    with senders(1) as (of, _):
        of.put([job(chat, 1), job(chat, 2)])
        raised, fine = collected(of, 2)
    assert raised.delivery
    assert fine.delivery
    assert (raised.delivery.outcome, raised.delivery.code) == (Outcome.UNKNOWN, "ZeroDivisionError")
    assert "the connector failed" in raised.delivery.reason
    assert "secret" not in raised.delivery.reason
    assert fine.delivery.outcome is Outcome.DELIVERED


def test_closing_waits_for_what_is_under_way_and_starts_nothing_more() -> None:
    chat = Chat(gate=threading.Event())
    assert chat.gate
    of = Senders(1, lambda: None)
    of.put([job(chat, 1), job(chat, 2)])
    assert within(5, lambda: len(chat.bodies) == 1)
    closing = threading.Thread(target=of.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    chat.gate.set()
    closing.join(10)
    assert not closing.is_alive()
    ended = {sent.job.message_id: sent.delivery is not None for sent in of.collect()}
    assert ended == {1: True, 2: False}
    assert chat.bodies == [b"1"]


def test_what_is_queued_for_a_throttled_destination_is_given_back() -> None:
    chat, other = Chat("full"), Chat("other")
    chat.gate = threading.Event()
    chat.answers.append(Delivery(Outcome.THROTTLED))
    with senders(1) as (of, _):
        of.put([job(chat, 1), job(chat, 2), job(chat, 3), job(other, 4)])
        chat.gate.set()
        ended = {sent.job.message_id: sent.delivery is not None for sent in collected(of, 4)}
    assert ended == {1: True, 2: False, 3: False, 4: True}
    assert chat.bodies == [b"1"]
