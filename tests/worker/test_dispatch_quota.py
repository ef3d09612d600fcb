"""Quotas that are used up, lost or blocked, and lanes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import redis

from connectors.contract import Delivery, Outcome, Window
from pipelines.plan import Lane
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat, deal, plan_of, route
from worker.ledger.tables import MessageState
from worker.limiter import Limiter

MINUTE = (Window(10, 60.0),)


def forget(client: redis.Redis, prefix: str) -> None:
    """Wipe the limiter."""
    for key in client.scan_iter(f"{{{prefix}}}*"):
        client.delete(key)


def test_a_quota_whose_state_was_lost_is_counted_from_the_last_call_that_the_ledger_knows(
    office: Office, chat: Chat, client: redis.Redis, prefix: str
) -> None:
    chat.windows = (Window(5, 1.0),)
    with office.worker() as worker:
        office.tell(deal("d1"))
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED])
        answered = time.monotonic()
        forget(client, prefix)
        office.tell(deal("d2"))
        assert go(worker, lambda: len(chat.bodies) == 2)
    assert 0.8 < time.monotonic() - answered < 3


def test_a_fresh_installation_sends_at_once(office: Office, chat: Chat) -> None:
    chat.windows = MINUTE
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: len(chat.bodies) == 1)


def test_a_block_that_the_ledger_knows_outlives_redis(
    office: Office, chat: Chat, client: redis.Redis, prefix: str, limiter: Limiter
) -> None:
    chat.answers.append(Delivery(Outcome.THROTTLED, after=timedelta(seconds=600)))
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: office.attempts() == ["throttled"])
    forget(client, prefix)
    with office.worker("worker-2") as worker:
        office.tell(deal("d2"))
        rest(worker)
    assert len(chat.bodies) == 1
    assert 590 < limiter.look(chat.budgets()[0]).blocked_s <= 600


def test_a_lost_quota_is_not_revived_while_a_request_is_under_way(
    office: Office, chat: Chat, client: redis.Redis, prefix: str, limiter: Limiter
) -> None:
    chat.windows, chat.gate = (Window(5, 0.5),), threading.Event()
    office.tell(deal("d1"))
    with office.worker() as worker:
        assert go(worker, lambda: len(chat.bodies) == 1)
        forget(client, prefix)
        office.tell(deal("d2"))
        rest(worker)
        assert len(chat.bodies) == 1
        assert not limiter.look(chat.budgets()[0]).known
        chat.gate.set()
        assert go(worker, lambda: office.messages() == [MessageState.DELIVERED] * 2)


def test_approvals_go_out_while_seven_threads_hang(office: Office, chat: Chat) -> None:
    gate = threading.Event()
    dead = [Chat(f"dead-{n}", gate=gate) for n in range(5)]
    plan = plan_of(
        route("slow", *(each.name for each in dead), when="stage == 'Open'"),
        route("approve", lane=Lane.APPROVAL, when="stage == 'Approve'"),
    )
    office = replace(office, plan=plan, chats=[chat, *dead])
    office.tell(*(deal(f"d{n}") for n in range(3)))
    with office.worker(senders=8) as worker:
        # seven threads, and two requests for each group at the most
        assert go(worker, lambda: sum(len(each.bodies) for each in dead) == 7)
        office.tell(deal("a1", "Approve"), deal("a2", "Approve"))
        assert go(worker, lambda: len(chat.bodies) == 2)
        assert max(each.most for each in dead) == 2
        assert sum(len(each.bodies) for each in dead) == 7
