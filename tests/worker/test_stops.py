"""What a throttling names stops, on all who use it, and a wiped Redis forgets neither the stop nor what was sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import redis

from connectors.contract import Budget, Delivery, Outcome, Window
from pipelines.plan import Lane, Merge
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat, deal, plan_of, route, rows
from worker.ledger.tables import stopped
from worker.limiter import Limiter

ADDRESS = Budget("address", (Window(1_000, 20.0),))
APP = Budget("app")
MINUTES = timedelta(minutes=5)


@pytest.fixture
def groups() -> list[Chat]:
    """Two groups of one application, and one that shares the address alone."""
    return [
        Chat("sales", shared=(APP, ADDRESS)),
        Chat("board", shared=(APP, ADDRESS)),
        Chat("other", shared=(ADDRESS,)),
    ]


@pytest.fixture
def office(office: Office, groups: list[Chat]) -> Office:
    plan = plan_of(
        route("first", "sales", when="stage == 'First'"),
        route("all", "sales", "board", "other", merge=Merge.NEVER, when="stage == 'Open'"),
    )
    return replace(office, plan=plan, chats=groups)


def forget(client: redis.Redis, prefix: str) -> None:
    for key in client.scan_iter(f"{{{prefix}}}*"):
        client.delete(key)


@pytest.mark.parametrize(
    ("scope", "going"),
    [("", ["board", "other"]), ("app", ["other"]), ("address", []), ("elsewhere", ["board", "other"])],
)
def test_everything_that_uses_what_a_throttling_names_stops(
    office: Office, groups: list[Chat], scope: str, going: list[str]
) -> None:
    groups[0].answers.append(Delivery(Outcome.THROTTLED, after=MINUTES, scope=scope))
    office.tell(deal("d1", "First"))
    with office.worker() as one:
        assert go(one, lambda: office.attempts() == ["throttled"])
        office.tell(deal("d2"))
        rest(one)
    assert [each.name for each in groups[1:] if each.bodies] == going
    assert [row.budget for row in rows(office.ledger, stopped)] == [scope or "chat:sales"]


def test_what_is_queued_for_others_does_not_go_out_into_a_stop(office: Office, groups: list[Chat]) -> None:
    groups[0].answers.extend([Delivery(Outcome.THROTTLED, after=MINUTES, scope="address")] * 9)
    office.tell(*(deal(f"d{n}") for n in range(9)))
    with office.worker(senders=1) as one:
        assert go(one, lambda: "throttled" in office.attempts())
        rest(one)
        # one thread, and each group is asked in turn
        assert sum(len(each.bodies) for each in groups) <= 3


def test_a_stop_outlives_redis_and_the_worker(
    office: Office, groups: list[Chat], client: redis.Redis, prefix: str, limiter: Limiter
) -> None:
    groups[0].answers.append(Delivery(Outcome.THROTTLED, after=MINUTES, scope="app"))
    office.tell(deal("d1", "First"))
    with office.worker() as one:
        assert go(one, lambda: office.attempts() == ["throttled"])
    forget(client, prefix)
    office.tell(deal("d2"))
    with office.worker("worker-2") as other:
        assert go(other, lambda: len(groups[2].bodies) == 1)
        rest(other)
    assert groups[1].bodies == []
    assert 290 < limiter.look(APP).blocked_s <= 300


def test_a_wide_window_that_was_lost_is_counted_anew_and_stops_nobody(
    office: Office, client: redis.Redis, prefix: str, limiter: Limiter
) -> None:
    office.tell(*(deal(f"d{n}") for n in range(5)))
    with office.worker() as one:
        assert go(one, lambda: len(office.attempts()) == 15)
        forget(client, prefix)
        office.tell(deal("d9"))
        began = time.monotonic()
        assert go(one, lambda: len(office.attempts()) == 18)
        assert time.monotonic() - began < 5
    assert limiter.look(ADDRESS).windows[0].used >= 18


def test_a_look_tells_when_normal_traffic_has_room(limiter: Limiter) -> None:
    budget = Budget("narrow", (Window(2, 30.0),))
    limiter.revive(budget, None)
    assert [use.frees_s for use in limiter.look(budget).windows] == [0.0]
    limiter.settle(limiter.acquire([budget], Lane.NORMAL, 2, lease_s=5).calls)
    (use,) = limiter.look(budget).windows
    assert 25 < use.frees_s <= 30
