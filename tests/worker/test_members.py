from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.worker.stand_ins import SHARDS, within
from worker import members as membership
from worker.members import Members, owners


def nowhere() -> redis.Redis:
    """Return a client of a server that is gone."""
    return redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))


KEYS = [f"destination-{n}" for n in range(500)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "LIVES_S", 0.6)
    monkeypatch.setattr(membership, "BEAT_S", 0.1)


@pytest.fixture
def crew(client: redis.Redis, prefix: str) -> Iterator[list[Members]]:
    workers = [Members(client, name=f"worker-{n}", prefix=prefix) for n in range(3)]
    yield workers
    for worker in workers:
        worker.stop()


def test_every_key_has_one_owner_and_all_have_as_many() -> None:
    names = tuple(f"worker-{n}" for n in range(4))
    found = owners(tuple(KEYS), names)
    assert sorted(found) == sorted(KEYS)
    assert Counter(found.values()) == dict.fromkeys(names, 125)
    assert owners(tuple(reversed(KEYS)), tuple(reversed(names))) == found
    few = Counter(owners(tuple(f"group{n:02}" for n in range(16)), ("worker-1", "worker-2")).values())
    assert few == {"worker-1": 8, "worker-2": 8}
    assert owners((), names) == {}


def test_a_lost_worker_moves_little_beside_its_own_keys() -> None:
    before, after = (owners(tuple(KEYS), names) for names in (("a", "b", "c"), ("a", "b")))
    moved = {key for key in KEYS if before[key] != after[key]}
    lost = {key for key in KEYS if before[key] == "c"}
    assert lost <= moved
    assert len(moved - lost) < 0.2 * len(KEYS)


def test_the_live_workers_share_keys_and_shards(crew: list[Members]) -> None:
    for worker in crew * 2:
        worker.beat()
    assert {worker.names for worker in crew} == {("worker-0", "worker-1", "worker-2")}
    assert sorted(key for worker in crew for key in worker.mine(KEYS)) == sorted(KEYS)
    shards = [worker.shards() for worker in crew]
    assert sum(map(len, shards)) == len(SHARDS)
    assert frozenset().union(*shards) == SHARDS


def test_who_stops_beating_is_replaced(crew: list[Members]) -> None:
    for worker in crew * 2:
        worker.beat()
    time.sleep(0.4)
    crew[0].beat()
    crew[1].beat()
    time.sleep(0.3)
    crew[0].beat()
    assert crew[0].names == ("worker-0", "worker-1")
    crew[1].beat()
    assert crew[0].shards() | crew[1].shards() == SHARDS


def test_who_leaves_is_replaced_at_once(crew: list[Members]) -> None:
    for worker in crew * 2:
        worker.beat()
    crew[2].stop()
    crew[0].beat()
    assert crew[0].names == ("worker-0", "worker-1")


def test_a_worker_beats_by_itself(crew: list[Members]) -> None:
    crew[0].start()
    crew[1].start()
    assert within(5, lambda: crew[0].names == ("worker-0", "worker-1"))
    time.sleep(0.8)
    assert crew[0].names == ("worker-0", "worker-1")
    crew[1].stop()
    assert within(5, lambda: crew[0].names == ("worker-0",))
    assert crew[0].shards() == SHARDS


def test_whoever_only_watches_is_no_worker(crew: list[Members], client: redis.Redis, prefix: str) -> None:
    watcher = Members(client, prefix=prefix)
    watcher.beat()
    assert not watcher.names
    crew[0].beat()
    watcher.beat()
    assert list(watcher.names) == ["worker-0"]
    assert watcher.shards() == frozenset()
    watcher.stop()


def test_without_redis_the_last_view_stays(crew: list[Members]) -> None:
    for worker in crew * 2:
        worker.beat()
    view = crew[0].names, crew[0].shards(), crew[0].mine(KEYS)
    crew[0]._client = nowhere()
    time.sleep(0.7)
    crew[0].beat()
    assert (crew[0].names, crew[0].shards(), crew[0].mine(KEYS)) == view
    crew[0].stop()


def test_a_worker_that_never_saw_redis_looks_after_everything(prefix: str) -> None:
    alone = Members(nowhere(), name="alone", prefix=prefix)
    alone.beat()
    assert (alone.names, alone.shards(), alone.mine(KEYS)) == (("alone",), SHARDS, KEYS)
