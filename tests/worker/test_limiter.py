from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from connectors.contract import Budget, Window
from pipelines.plan import Lane
from tests.worker.hammer import BUDGET
from tests.worker.oracle import Oracle, PlainCall, most_in_any
from worker.limiter import UNBOUNDED, Call, Limiter, Reason, floors

ROOT = Path(__file__).parents[2]
LEASE_S = 30.0
ROBOT = Budget("robot", (Window(20, 60.0),))
PREFIXES = (f"test-{os.getpid()}-{number}" for number in count())


@pytest.fixture
def client(valkey: str) -> redis.Redis:
    return redis.Redis.from_url(valkey)


@pytest.fixture
def limiter(client: redis.Redis) -> Limiter:
    return Limiter(client, prefix=next(PREFIXES))


def fresh(limiter: Limiter, *budgets: Budget) -> None:
    for budget in budgets:
        limiter.revive(budget, None)


def take(limiter: Limiter, budget: Budget, lane: Lane, want: int) -> int:
    return len(limiter.acquire([budget], lane, want, lease_s=LEASE_S).calls)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("acquire"), st.sampled_from(Lane), st.integers(1, 25)),
        st.tuples(st.just("settle"), st.just(Lane.NORMAL), st.integers(1, 25)),
        st.tuples(st.just("cancel"), st.just(Lane.NORMAL), st.integers(1, 3)),
        st.tuples(st.just("sleep"), st.just(Lane.NORMAL), st.integers(1, 60)),
    ),
    min_size=4,
    max_size=20,
)


@settings(max_examples=30, deadline=None)
@given(steps=steps, slots=st.sampled_from([0, 14]), late=st.booleans(), last=st.sampled_from(Lane))
def test_grants_are_those_of_plain_windows(
    valkey: str, steps: list[tuple[str, Lane, int]], slots: int, late: bool, last: Lane
) -> None:
    budget = Budget("vendor", (Window(20, 0.1), Window(32, 0.25)), slots)
    with redis.Redis.from_url(valkey) as client:
        limiter = Limiter(client, prefix=next(PREFIXES))
        fresh(limiter, budget)
        oracle = Oracle(budget)
        arrivals: dict[str, float] = {}
        under_way: list[Call] = []
        for step, lane, number in [*steps, ("settle", Lane.NORMAL, 1000)]:
            if step == "acquire":
                began = time.time()
                grant = limiter.acquire([budget], lane, number, lease_s=LEASE_S)
                ended = time.time()
                fewest, most = oracle.bounds(lane, number, began, ended)
                assert fewest <= len(grant.calls) <= most
                oracle.asked.add(lane)
                for call in grant.calls:
                    oracle.calls[call.id] = PlainCall(lane)
                    arrivals[call.id] = ended
                under_way += grant.calls
            elif step == "settle":
                now, under_way, began = under_way[:number], under_way[number:], time.time()
                limiter.settle(now)
                for call in now:
                    oracle.calls[call.id].answered = (began, time.time())
                    arrivals[call.id] = began if late else arrivals[call.id]
            elif step == "cancel":
                now, under_way = under_way[:number], under_way[number:]
                limiter.cancel(now)
                for call in now:
                    del oracle.calls[call.id], arrivals[call.id]
            else:
                time.sleep(number / 1000)
        assert all(most_in_any(list(arrivals.values()), w.seconds) <= w.limit for w in budget.windows)

        while (grant := limiter.acquire([budget], last, 10, lease_s=LEASE_S)).wait_s is None:
            limiter.settle(grant.calls)
        limiter.settle(grant.calls)
        asked = time.monotonic()
        grant = limiter.acquire([budget], last, 40, lease_s=LEASE_S)
        limiter.settle(grant.calls)
        assert grant.wait_s is not None
        time.sleep(grant.wait_s + time.monotonic() - asked)  # the wait takes calls in flight as answered when asked
        assert limiter.acquire([budget], last, 1, lease_s=LEASE_S).reason is Reason.FREE


def test_four_processes_never_exceed_a_window(valkey: str, limiter: Limiter) -> None:
    prefix = limiter._prefix.strip("{}")
    fresh(limiter, BUDGET)
    script = str(ROOT / "tests/worker/hammer.py")
    processes = [
        subprocess.Popen(
            [sys.executable, script, valkey, prefix, lane, "6"],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for lane in (Lane.APPROVAL, Lane.NORMAL, Lane.NORMAL, Lane.BULK)
    ]
    each = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    arrivals = [arrival for one in each for arrival in one]
    assert all(one for one in each)
    assert most_in_any(arrivals, 1.0) <= 40
    assert most_in_any(arrivals, 5.0) <= 150
    assert len(arrivals) >= 120


@pytest.mark.parametrize(
    ("limit", "owned"),
    [(100, (10, 10, 40, 10)), (20, (2, 2, 8, 2)), (12, (1, 1, 4, 1)), (9, (0, 0, 3, 0)), (2, (0, 0, 0, 0))],
)
def test_shares_are_rounded_down(limit: int, owned: tuple[int, ...]) -> None:
    assert floors(limit) == owned


@pytest.mark.parametrize(
    ("lane", "alone"), [(Lane.APPROVAL, 18), (Lane.URGENT, 18), (Lane.NORMAL, 16), (Lane.BULK, 16)]
)
def test_a_lane_alone_leaves_only_what_approvals_and_urgent_own(limiter: Limiter, lane: Lane, alone: int) -> None:
    fresh(limiter, ROBOT)
    assert take(limiter, ROBOT, lane, 64) == alone


def test_approvals_and_urgent_find_room_when_all_else_is_used(limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    assert take(limiter, ROBOT, Lane.NORMAL, 64) == 16
    assert take(limiter, ROBOT, Lane.BULK, 1) == 0
    assert take(limiter, ROBOT, Lane.APPROVAL, 3) == 2
    assert take(limiter, ROBOT, Lane.URGENT, 3) == 2


def test_bulk_leaves_the_share_of_normal_traffic_that_is_awake(limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    assert take(limiter, ROBOT, Lane.NORMAL, 1) == 1
    assert take(limiter, ROBOT, Lane.BULK, 64) == 8
    assert take(limiter, ROBOT, Lane.NORMAL, 64) == 7


def test_a_lane_that_waits_gets_its_share_from_one_that_took_all(limiter: Limiter) -> None:
    budget = Budget("vendor", (Window(20, 0.3),))
    fresh(limiter, budget)
    limiter.settle(limiter.acquire([budget], Lane.BULK, 64, lease_s=LEASE_S).calls)
    assert take(limiter, budget, Lane.NORMAL, 8) == 0
    time.sleep(0.31)
    assert take(limiter, budget, Lane.BULK, 64) == 8
    assert take(limiter, budget, Lane.NORMAL, 8) == 8


def test_slots_are_free_again_with_the_answer(limiter: Limiter) -> None:
    budget = Budget("vendor", (Window(9, 60.0),), slots=2)
    fresh(limiter, budget)
    grant = limiter.acquire([budget], Lane.NORMAL, 3, lease_s=LEASE_S)
    assert (len(grant.calls), grant.reason, grant.budget, grant.free) == (2, Reason.SLOTS, "vendor", 7)
    assert grant.wait_s == pytest.approx(LEASE_S, abs=0.1)
    limiter.settle(grant.calls[:1])
    assert take(limiter, budget, Lane.NORMAL, 3) == 1


def test_a_slot_ends_with_its_lease_and_the_call_counts_one_window_more(limiter: Limiter) -> None:
    slots, window = Budget("slots", (), slots=1), Budget("window", (Window(1, 1.0),))
    fresh(limiter, slots, window)
    assert limiter.acquire([slots, window], Lane.NORMAL, 1, lease_s=0.2).reason is Reason.FREE
    refused = limiter.acquire([slots], Lane.NORMAL, 1, lease_s=0.2)
    assert refused.wait_s is not None
    time.sleep(refused.wait_s)
    assert take(limiter, slots, Lane.NORMAL, 1) == 1
    time.sleep(0.2)
    assert take(limiter, window, Lane.NORMAL, 1) == 0
    time.sleep(0.85)
    assert take(limiter, window, Lane.NORMAL, 1) == 1


def test_an_answered_call_counts_from_its_answer(limiter: Limiter) -> None:
    budget = Budget("vendor", (Window(1, 0.3),))
    fresh(limiter, budget)
    calls = limiter.acquire([budget], Lane.NORMAL, 1, lease_s=LEASE_S).calls
    time.sleep(0.35)
    limiter.settle(calls)
    refused = limiter.acquire([budget], Lane.NORMAL, 1, lease_s=LEASE_S)
    assert refused.reason is Reason.WINDOW
    assert refused.wait_s is not None
    assert 0 < refused.wait_s <= 0.301


def test_an_answer_after_its_lease_counts_again(limiter: Limiter) -> None:
    budget = Budget("vendor", (Window(1, 0.3),))
    fresh(limiter, budget)
    late = limiter.acquire([budget], Lane.NORMAL, 1, lease_s=0.01).calls
    time.sleep(0.35)
    limiter.cancel(limiter.acquire([budget], Lane.NORMAL, 1, lease_s=0.01).calls)
    limiter.settle(late)
    assert take(limiter, budget, Lane.NORMAL, 1) == 0


def test_a_cancelled_call_counts_nothing(limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    limiter.cancel(limiter.acquire([ROBOT], Lane.NORMAL, 16, lease_s=LEASE_S).calls)
    assert limiter.look(ROBOT).windows[0].used == 0
    assert take(limiter, ROBOT, Lane.NORMAL, 64) == 16


def test_all_budgets_of_a_call_are_counted_or_none(limiter: Limiter) -> None:
    app, group = Budget("app", (Window(1000, 1.0),)), Budget("group", (Window(5, 60.0),))
    fresh(limiter, app, group)
    first = limiter.acquire([app, group], Lane.NORMAL, 8, lease_s=LEASE_S)
    assert (len(first.calls), first.reason, first.budget) == (5, Reason.WINDOW, "group")
    assert limiter.acquire([app, group], Lane.NORMAL, 8, lease_s=LEASE_S).calls == ()
    assert limiter.look(app).windows[0].lanes[Lane.NORMAL] == 5
    limiter.settle(first.calls)
    assert (limiter.look(app).in_flight, limiter.look(group).in_flight) == (0, 0)


def test_one_request_settles_calls_of_many_grants(limiter: Limiter) -> None:
    other = Budget("other", (), slots=4)
    fresh(limiter, ROBOT, other)
    calls = [
        *limiter.acquire([ROBOT], Lane.NORMAL, 3, lease_s=LEASE_S).calls,
        *limiter.acquire([ROBOT, other], Lane.APPROVAL, 2, lease_s=LEASE_S).calls,
    ]
    limiter.settle(calls)
    limiter.settle([])
    look = limiter.look(ROBOT)
    assert (look.in_flight, look.windows[0].used, limiter.look(other).in_flight) == (0, 5, 0)


def test_a_penalty_stops_and_is_never_shortened(limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    limiter.block(ROBOT.key, 300.0)
    limiter.block(ROBOT.key, 0.1)
    limiter.block(ROBOT.key, 0.0)
    stopped = limiter.acquire([ROBOT], Lane.APPROVAL, 1, lease_s=LEASE_S)
    assert (stopped.calls, stopped.reason, stopped.budget, stopped.free) == ((), Reason.BLOCKED, ROBOT.key, 0)
    assert stopped.wait_s == pytest.approx(300, abs=5)
    limiter.block(ROBOT.key, 600.0)
    assert limiter.look(ROBOT).blocked_s == pytest.approx(600, abs=5)


def test_a_penalty_ends(limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    limiter.block(ROBOT.key, 0.1)
    time.sleep(0.11)
    assert take(limiter, ROBOT, Lane.APPROVAL, 1) == 1


def test_free_tells_what_the_windows_would_carry(limiter: Limiter) -> None:
    unlimited = Budget("unlimited", ())
    fresh(limiter, ROBOT, unlimited)
    assert limiter.acquire([ROBOT], Lane.NORMAL, 3, lease_s=LEASE_S).free == 13
    assert limiter.acquire([unlimited], Lane.NORMAL, 3, lease_s=LEASE_S).free == UNBOUNDED - 3


def test_a_budget_is_lost_until_it_is_revived(limiter: Limiter) -> None:
    known = Budget("known", (Window(5, 60.0),))
    fresh(limiter, known)
    lost = limiter.acquire([known, ROBOT], Lane.NORMAL, 4, lease_s=LEASE_S)
    assert (lost.calls, lost.reason, lost.budget, lost.wait_s) == ((), Reason.LOST, "robot", 0.0)
    assert (limiter.look(ROBOT).known, limiter.look(known).windows[0].used) == (False, 0)
    limiter.revive(ROBOT, None)
    assert limiter.acquire([known, ROBOT], Lane.NORMAL, 4, lease_s=LEASE_S).reason is Reason.FREE


@pytest.mark.parametrize(("idle_s", "stopped_s"), [(20.0, 40.0), (-15.0, 75.0), (60.0, 0.0), (1e6, 0.0), (None, 0.0)])
def test_a_revived_budget_waits_for_the_rest_of_its_window(
    limiter: Limiter, idle_s: float | None, stopped_s: float
) -> None:
    limiter.revive(ROBOT, idle_s)
    limiter.revive(ROBOT, -1000.0)
    look = limiter.look(ROBOT)
    assert look.known
    assert look.blocked_s == pytest.approx(stopped_s, abs=0.5)


def test_the_state_of_another_server_run_is_lost(client: redis.Redis, limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    client.hset(limiter._key("known", ROBOT.key), "run", "of another server")
    assert limiter.acquire([ROBOT], Lane.NORMAL, 1, lease_s=LEASE_S).reason is Reason.LOST
    limiter.revive(ROBOT, 50.0)
    assert limiter.look(ROBOT).blocked_s == pytest.approx(10.0, abs=0.5)


def test_wiping_never_exceeds_a_window(client: redis.Redis, limiter: Limiter) -> None:
    budget, lease_s, end = Budget("vendor", (Window(10, 0.5),)), 0.7, time.time() + 5.0
    arrivals: list[float] = []
    busy_until: dict[int, float] = {}  # the ledger: until when a call of a thread may be under way, or was

    def send(thread: int) -> None:
        while time.time() < end:
            before, busy_until[thread] = busy_until.get(thread, 0.0), time.time() + lease_s
            grant = limiter.acquire([budget], Lane.NORMAL, 4, lease_s=lease_s)
            for _ in grant.calls:
                time.sleep(random.uniform(0, 0.03))
                arrivals.append(time.time())
            limiter.settle(grant.calls)
            busy_until[thread] = time.time() if grant.calls else before
            if grant.reason is Reason.LOST:
                limiter.revive(budget, time.time() - max(busy_until.values()))
            time.sleep(min(grant.wait_s or 0.0, 0.05))

    limiter.revive(budget, None)
    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for pause_s in (0.9, 1.8):
        time.sleep(pause_s)
        client.flushall()
    for thread in threads:
        thread.join()
    assert most_in_any(arrivals, 0.5) <= 10
    assert len(arrivals) > 20
    assert max(arrivals) > end - 1.0


def test_windows_of_an_hour_are_left_to_the_ledger(limiter: Limiter) -> None:
    budget = Budget("daily", (Window(1, 3600.0), Window(4, 0.5)))
    limiter.revive(budget, 1.0)
    assert limiter.acquire([budget], Lane.NORMAL, 3, lease_s=LEASE_S).reason is Reason.FREE
    assert [use.window.limit for use in limiter.look(budget).windows] == [4]


def test_nothing_stays_for_ever_and_the_mark_outlives_the_calls(client: redis.Redis, limiter: Limiter) -> None:
    fresh(limiter, ROBOT)
    limiter.settle(limiter.acquire([ROBOT], Lane.NORMAL, 2, lease_s=600.0).calls)
    limiter.block(ROBOT.key, 9.0)
    left = {key.decode(): client.pttl(key) for key in client.scan_iter(f"{limiter._prefix}*")}
    mark = left.pop(limiter._key("known", ROBOT.key))
    assert len(left) == 2
    assert all(0 < each < mark for each in left.values())
    assert left[limiter._calls(ROBOT, Lane.NORMAL)] > 600_000


def test_used_up_calls_leave_the_server(client: redis.Redis, limiter: Limiter) -> None:
    budget = Budget("vendor", (Window(1000, 0.05),))
    fresh(limiter, budget)
    limiter.settle(limiter.acquire([budget], Lane.NORMAL, 500, lease_s=LEASE_S).calls)
    time.sleep(0.06)
    limiter.acquire([budget], Lane.NORMAL, 3, lease_s=LEASE_S)
    assert client.zcard(limiter._calls(budget, Lane.NORMAL)) == 3


def test_all_keys_live_on_one_node_of_a_cluster(limiter: Limiter) -> None:
    keys = limiter._keys(ROBOT) + limiter._keys(Budget("other:{x}", ()))
    assert len({key_slot(key.encode()) for key in keys}) == 1


@pytest.mark.parametrize(
    ("budgets", "want", "lease_s"), [([ROBOT, ROBOT], 1, 1.0), ([ROBOT], 0, 1.0), ([ROBOT], 1, 0.0)]
)
def test_what_makes_no_sense_is_refused(limiter: Limiter, budgets: list[Budget], want: int, lease_s: float) -> None:
    with pytest.raises(ValueError, match="acquire needs"):
        limiter.acquire(budgets, Lane.NORMAL, want, lease_s=lease_s)
