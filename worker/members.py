"""Which worker looks after what: each live worker owns its share of the keys.

Ownership keeps two workers from doing the same thing twice; it is advice and no lock. After a change two workers may
own a key for a moment, and the ledger's conditional writes decide between them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

import redis
import structlog

from worker.ledger.arrivals import SHARDS

log = structlog.get_logger()

LIVES_S = 3.0
BEAT_S = 1.0


@lru_cache(maxsize=16)
def owners(keys: tuple[str, ...], members: tuple[str, ...]) -> Mapping[str, str]:
    """Return the member that owns each key; of 16 keys two members have 8 each.

    A key goes to the member that scores highest for it and has not its share yet (rendezvous hashing with a bound), so
    that a change of members moves little beside its own keys.
    """
    share = -(-len(keys) // len(members))
    left = dict.fromkeys(members, share)
    found: dict[str, str] = {}
    for key in sorted(keys):
        open_ = (name for name in members if left[name])
        found[key] = max(open_, key=lambda name: blake2b(f"{name}\0{key}".encode(), digest_size=8).digest())
        left[found[key]] -= 1
    return found


class Members:
    """The live workers of an installation, as this process last saw them."""

    def __init__(self, client: redis.Redis, *, name: str = "", prefix: str = "dingbridge") -> None:
        """Watch the workers; with a `name`, be one of them."""
        self._client = client
        self._key = f"{{{prefix}}}:workers"
        self._name = name
        self._names: tuple[str, ...] = (name,) if name else ()
        self._shards = frozenset(range(SHARDS)) if name else frozenset()
        self._stop = threading.Event()

    @property
    def names(self) -> tuple[str, ...]:
        """The workers that beat within the last seconds."""
        return self._names

    def beat(self) -> None:
        """Say that this worker lives, and look who else does. Without Redis the last view stays."""
        at = time.time()
        try:
            with self._client.pipeline(transaction=False) as pipe:
                if self._name:
                    pipe.zadd(self._key, {self._name: at + LIVES_S})
                pipe.zremrangebyscore(self._key, "-inf", at)
                pipe.zrange(self._key, 0, -1)
                found = pipe.execute()[-1]
        except redis.RedisError as error:
            log.warning("cannot reach Redis; the view of the workers stays as it was", error=str(error))
            return
        names = tuple(sorted({n.decode() for n in found} | ({self._name} if self._name else set())))
        if names != self._names:
            self._names = names
            self._shards = frozenset(int(s) for s in self.mine([str(n) for n in range(SHARDS)]))

    def look(self) -> tuple[str, ...]:
        """Return the workers that live now; raises `redis.RedisError`."""
        found = self._client.zrangebyscore(self._key, time.time(), "+inf")
        return tuple(sorted(str(name, "utf-8") for name in found if isinstance(name, bytes)))

    def mine(self, keys: Sequence[str]) -> list[str]:
        """Return the keys that this worker looks after."""
        if self._name not in self._names:
            return []
        owned_by = owners(tuple(keys), self._names)
        return [key for key in keys if owned_by[key] == self._name]

    def shards(self) -> frozenset[int]:
        """Return the shards of records that this worker looks after."""
        return self._shards

    def start(self) -> None:
        """Beat once now and then each second, in a thread."""
        self.beat()
        threading.Thread(target=self._run, name="members", daemon=True).start()

    def stop(self) -> None:
        """Stop beating and leave, so that the others take over at once."""
        self._stop.set()
        try:
            self._client.zrem(self._key, self._name)
        except redis.RedisError:
            return

    def _run(self) -> None:
        while not self._stop.wait(BEAT_S):
            self.beat()
