from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.worker.stand_ins import within
from worker import wake as waking
from worker.app import broker_url, create_app
from worker.members import Members
from worker.wake import DECIDE, POLL, Batches, Bell, Wake


class Post:
    """Takes the place of Celery: what was sent is run by threads of its own."""

    def __init__(self) -> None:
        self.sent: deque[tuple[str, str, tuple[str, ...], dict[str, Any]]] = deque()
        self.arrived = threading.Semaphore(0)

    def send_task(self, kind: str, *, args: tuple[str, ...], queue: str, **how: Any) -> None:
        self.sent.append((kind, queue, args, how))
        self.arrived.release()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def bell(prefix: str) -> Bell:
    return Bell(DECIDE, prefix)


@pytest.fixture
def wake(client: redis.Redis, post: Post, bell: Bell, prefix: str) -> Iterator[Wake]:
    members = Members(client, name=bell.worker, prefix=prefix)
    members.beat()
    yield Wake(client, post, members)
    members.stop()


def nowhere() -> redis.Redis:
    return redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))


def test_many_wake_ups_become_one_task(wake: Wake, post: Post, bell: Bell) -> None:
    for _ in range(50):
        wake(DECIDE)
    assert [(kind, queue, args) for kind, queue, args, _ in post.sent] == [(DECIDE, bell.queue, ())]


def test_a_task_that_lingers_gets_a_token_instead_of_a_task(
    wake: Wake, post: Post, bell: Bell, client: redis.Redis
) -> None:
    client.set(bell.key("alive"), b"1", px=2000)
    for _ in range(50):
        wake(DECIDE)
    assert not post.sent
    assert client.llen(bell.key("token")) == 1


def test_every_live_worker_is_woken(wake: Wake, post: Post, bell: Bell, client: redis.Redis, prefix: str) -> None:
    other = Members(client, name=f"{prefix}-other", prefix=prefix)
    other.beat()
    wake._members.beat()
    wake(DECIDE)
    assert sorted(queue for _, queue, *_ in post.sent) == sorted([bell.queue, f"decide.{prefix}-other"])
    other.stop()


def test_a_flag_whose_task_was_lost_holds_nobody_up_for_long(
    wake: Wake, post: Post, client: redis.Redis, bell: Bell
) -> None:
    wake(DECIDE)
    assert 0 < client.pttl(bell.key("flag")) <= waking.FLAG_MS
    client.delete(bell.key("flag"))
    wake(DECIDE)
    assert len(post.sent) == 2


def test_without_redis_nothing_happens_and_nothing_is_raised(post: Post, client: redis.Redis, prefix: str) -> None:
    members = Members(client, name="worker", prefix=prefix)
    Wake(nowhere(), post, members)(DECIDE)
    assert not post.sent


def test_without_a_broker_nothing_is_raised(client: redis.Redis, prefix: str) -> None:
    wake = Wake(nowhere(), create_app("redis://127.0.0.1:1/0"), Members(client, name=prefix, prefix=prefix))
    began = time.monotonic()
    wake.publish(POLL, POLL, 60.0, "crm", "Deal")
    # Celery would try for six seconds, and the tick wait for it
    assert time.monotonic() - began < 2


def test_a_task_that_waits_too_long_is_not_run_any_more(wake: Wake, post: Post) -> None:
    # a worker that comes back after a night must not poll once for each minute of it
    wake.publish(POLL, POLL, 60.0, "crm", "Deal")
    ((kind, queue, args, how),) = post.sent
    assert (kind, queue, args) == (POLL, POLL, ("crm", "Deal"))
    assert how["expires"] == 60.0


def test_addresses_are_written_as_celery_wants_them() -> None:
    assert broker_url("unix:///run/x/broker.sock") == "redis+socket:///run/x/broker.sock"
    assert broker_url("rediss://host:6380/1") == "rediss://host:6380/1"


class Work:
    """Things to do, as a ledger would hold them; a step takes a few."""

    def __init__(self) -> None:
        self.todo: deque[float] = deque()
        self.latest = 0.0
        self.done = 0
        self.at_once = 0
        self._running = 0

    def step(self) -> bool:
        self._running += 1
        self.at_once = max(self.at_once, self._running)
        some = 0
        while self.todo and some < 5:
            self.latest = max(self.latest, time.monotonic() - self.todo.popleft())
            self.done += 1
            some += 1
        self._running -= 1
        return some > 0

    def pending(self) -> bool:
        return bool(self.todo)


def test_no_wake_up_is_lost(
    wake: Wake, post: Post, bell: Bell, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers come in bursts with pauses about as long as a task lingers, which is when a wake-up is easily lost."""
    monkeypatch.setattr(waking, "LINGER_S", 0.02)
    work, stop = Work(), threading.Event()
    batches = Batches(client, bell, work.step, work.pending)

    def serve() -> None:
        while not stop.is_set():
            if post.arrived.acquire(timeout=0.05):
                batches.run(batches.token)

    def write() -> None:
        for n in range(150):
            work.todo.append(time.monotonic())
            wake.ring(bell)
            time.sleep((0.001, 0.012, 0.02, 0.028)[n % 4])

    servers = [threading.Thread(target=serve) for _ in range(2)]
    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in (*servers, *writers):
        thread.start()
    for thread in writers:
        thread.join(30)
    # no tick comes to the rescue here
    finished = within(2, lambda: work.done == 450)
    stop.set()
    for thread in servers:
        thread.join(10)
    assert finished
    assert work.latest < 1.0
    assert work.at_once == 1
    # coalesced: far fewer tasks than wake-ups
    assert len(post.sent) < 300


def test_only_one_task_of_a_kind_runs_in_a_worker(client: redis.Redis, bell: Bell) -> None:
    inside, leave = threading.Event(), threading.Event()

    def step() -> bool:
        inside.set()
        leave.wait(10)
        return False

    batches = Batches(client, bell, step, lambda: False)

    def running() -> bool:
        return batches.running

    first = threading.Thread(target=batches.run, args=(lambda: False,))
    first.start()
    assert inside.wait(5)
    assert running()
    began = time.monotonic()
    batches.run(lambda: False)
    assert time.monotonic() - began < 1
    leave.set()
    first.join(5)
    assert not running()
    assert client.exists(bell.key("alive")) == 0


def test_a_step_that_raises_leaves_the_next_task_free(client: redis.Redis, bell: Bell) -> None:
    steps: list[int] = []

    def step() -> bool:
        steps.append(1)
        if len(steps) == 1:
            raise RuntimeError("the ledger is gone")
        return False

    batches = Batches(client, bell, step, lambda: False)
    with pytest.raises(RuntimeError):
        batches.run(lambda: False)
    assert not batches.running
    # nobody may push a token to a task that ended
    assert client.exists(bell.key("alive")) == 0
    batches.run(lambda: False)
    assert len(steps) == 2


def test_work_goes_on_without_redis(bell: Bell) -> None:
    work = Work()
    work.todo.extend([time.monotonic()] * 12)
    batches = Batches(nowhere(), bell, work.step, work.pending)
    batches.run(batches.token)
    assert work.done == 12
