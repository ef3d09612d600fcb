from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import redis

from connectors.contract import Retryable, Token, TokenStore
from tests.worker.stand_ins import SEALER
from worker import tokens
from worker.ledger.seal import Sealer
from worker.tokens import RedisTokens

KEY = "salesforce:example.my.salesforce.com:the-user"


@pytest.fixture
def store(client: redis.Redis, prefix: str) -> RedisTokens:
    return RedisTokens(client, SEALER, prefix)


class Vendor:
    """Gives out tokens and counts them."""

    def __init__(self, life_s: float = 3600, takes_s: float = 0) -> None:
        self._numbers = count(1)
        self._life_s = life_s
        self._takes_s = takes_s
        self.calls = 0

    def __call__(self) -> Token:
        self.calls += 1
        time.sleep(self._takes_s)
        ends = datetime.now(UTC) + timedelta(seconds=self._life_s)
        return Token(f"the-secret-token-{next(self._numbers)}", "https://example.my.salesforce.com", ends)


def stored(client: redis.Redis, prefix: str) -> dict[bytes, Any]:
    return {key: client.get(key) for key in client.scan_iter(f"{{{prefix}}}*")}


def test_it_is_a_token_store(store: RedisTokens) -> None:
    fits: TokenStore = store
    assert fits is store


def test_a_token_is_asked_for_once_and_comes_back_whole(store: RedisTokens) -> None:
    vendor = Vendor()
    first = store.get(KEY, vendor)
    assert store.get(KEY, vendor) == first
    assert vendor.calls == 1
    assert first.base_url == "https://example.my.salesforce.com"
    assert store.get("another key", vendor) != first


def together(number: int, do: Callable[[], object]) -> list[object]:
    start, said = threading.Barrier(number), []

    def run() -> None:
        start.wait(5)
        said.append(do())

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return said


def test_workers_that_need_a_token_at_once_make_one_call(store: RedisTokens, client: redis.Redis, prefix: str) -> None:
    vendor = Vendor(takes_s=0.2)
    others = RedisTokens(client, Sealer(b"k" * 32), prefix)
    said = together(8, lambda: (store if threading.get_ident() % 2 else others).get(KEY, vendor))
    assert vendor.calls == 1
    assert len(said) == 8
    assert len(set(said)) == 1


def test_a_renewal_that_ended_between_look_and_lock_is_not_repeated(
    store: RedisTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Vendor()
    look = RedisTokens._stored
    looks = count()

    def slow(self: RedisTokens, key: str) -> Token | None:
        found = look(self, key)
        if next(looks) == 0:
            # another worker renews while this one has looked and not yet taken the lock
            store.get(KEY, vendor)
        return found

    monkeypatch.setattr(RedisTokens, "_stored", slow)
    store.get(KEY, vendor)
    assert vendor.calls == 1


def test_a_renewal_that_failed_frees_the_lock(store: RedisTokens) -> None:
    def refused() -> Token:
        raise Retryable("the token endpoint did not answer")

    began = time.monotonic()
    with pytest.raises(Retryable, match="did not answer"):
        store.get(KEY, refused)
    assert store.get(KEY, Vendor()).value == "the-secret-token-1"
    assert time.monotonic() - began < 2


def test_a_renewal_that_never_ends_is_told(
    store: RedisTokens, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "RENEWAL_S", 1)
    client.set(store._name("renewing", KEY), b"1", px=5000)
    with pytest.raises(Retryable, match="another worker is renewing"):
        store.get(KEY, Vendor())


def test_a_token_that_is_about_to_end_is_renewed(store: RedisTokens) -> None:
    vendor = Vendor(life_s=30)
    assert store.get(KEY, vendor).value == "the-secret-token-1"
    assert store.get(KEY, vendor).value == "the-secret-token-2"


def test_only_the_token_that_was_refused_is_dropped(store: RedisTokens) -> None:
    vendor = Vendor()
    old = store.get(KEY, vendor)
    store.spoil(KEY, old)
    new = store.get(KEY, vendor)
    assert new != old
    store.spoil(KEY, old)
    assert store.get(KEY, vendor) == new
    assert vendor.calls == 2


def test_nothing_in_redis_shows_the_token(store: RedisTokens, client: redis.Redis, prefix: str) -> None:
    store.get(KEY, Vendor())
    kept = stored(client, prefix)
    assert len(kept) == 1
    everything = b"".join(key + value for key, value in kept.items())
    assert b"secret-token" not in everything
    assert b"salesforce.com" not in everything


def test_a_token_leaves_redis_when_it_ends(store: RedisTokens, client: redis.Redis, prefix: str) -> None:
    store.get(KEY, Vendor(life_s=600))
    (key,) = stored(client, prefix)
    assert 590 <= client.ttl(key) <= 600


def test_a_token_under_another_master_key_is_as_good_as_none(
    store: RedisTokens, client: redis.Redis, prefix: str
) -> None:
    store.get(KEY, Vendor())
    vendor = Vendor()
    RedisTokens(client, Sealer(os.urandom(32)), prefix).get(KEY, vendor)
    assert vendor.calls == 1


def test_what_is_no_token_of_ours_is_as_good_as_none(store: RedisTokens, client: redis.Redis) -> None:
    for garbage in (b"", b"garbage", b"\x92\xc4\x01a\xc4\x01b"):
        client.set(store._name("token", KEY), garbage)
        assert store.get(KEY, Vendor()).value == "the-secret-token-1"


def test_what_was_lost_is_asked_for_again(store: RedisTokens, client: redis.Redis, prefix: str) -> None:
    vendor = Vendor()
    store.get(KEY, vendor)
    client.delete(*stored(client, prefix))
    assert store.get(KEY, vendor).value == "the-secret-token-2"
