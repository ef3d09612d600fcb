"""Which worker looks after what: each live worker owns the keys for which it scores highest.

Ownership keeps two workers from doing the same thing twice; it is advice and no lock. After a change two workers may
own a key for a moment, and the ledger's conditional writes decide between them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import redis
import structlog

from worker.ledger.arrivals import SHARDS

log = structlog.get_logger()

LIVES_S = 3.0
BEAT_S = 1.0


def owner(key: str, members: Iterable[str]) -> str:
    """Return the member that owns `key` (rendezvous hashing: a change of members moves only its own keys)."""
    return max(members, key=lambda name: blake2b(f"{name}\0{key}".encode(), digest_size=8).digest())


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
        return [key for key in keys if owner(key, self._names) == self._name]

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
