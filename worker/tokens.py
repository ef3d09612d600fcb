"""One cache of access tokens for all workers: sealed in Redis, renewed by one while the others wait for it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import redis
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from connectors.contract import Retryable, Token
from worker.ledger.seal import Sealer, Unsealable

LABEL = b"token"
EARLY = timedelta(seconds=60)
RENEWAL_S = 60
"""No renewal takes longer: a worker that dies while it renews holds the others up for so long at most."""


@dataclass(frozen=True, slots=True)
class RedisTokens:
    """A `TokenStore` in Redis. What is lost there is asked for again."""

    client: redis.Redis
    sealer: Sealer
    prefix: str = "dingbridge"

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        """Return the token of `key`, renewing it when there is none or it ends within a minute.

        Raises what `renew` raises, and `Retryable` when another worker's renewal does not come to an end.
        """

        @retry(
            retry=retry_if_result(lambda token: token is None),
            wait=wait_fixed(0.05),
            stop=stop_after_delay(RENEWAL_S),
            retry_error_callback=lambda _: None,
        )
        def attempt() -> Token | None:
            token = self._read(key)
            if token is not None:
                return token
            if not self.client.set(self._name("renewing", key), b"1", nx=True, px=RENEWAL_S * 1000):
                return None
            try:
                fresh = self._read(key)  # another may have renewed it between our look and our lock
                if fresh is None:
                    fresh = renew()
                    self._write(key, fresh)
            finally:
                self.client.delete(self._name("renewing", key))
            return fresh

        token: Token | None = attempt()
        if token is None:
            raise Retryable("another worker is renewing this source's access token and has not finished; trying again")
        return token

    def spoil(self, key: str, token: Token) -> None:
        """Drop `token` if it is still the one of `key`; a newer one stays."""
        if self._stored(key) == token:
            self.client.delete(self._name("token", key))

    def _read(self, key: str) -> Token | None:
        token = self._stored(key)
        return token if token is not None and token.expires_at - EARLY > datetime.now(UTC) else None

    def _stored(self, key: str) -> Token | None:
        raw = self.client.get(self._name("token", key))
        if not isinstance(raw, bytes):
            return None
        try:
            wrapped, sealed = msgspec.msgpack.decode(raw)
            value, base_url, ends = msgspec.json.decode(self.sealer.open(wrapped).unseal(sealed, LABEL))
        except (Unsealable, msgspec.DecodeError, ValueError):
            # sealed under a master key that is no longer ours, or written by another version: as good as none
            return None
        return Token(value, base_url, datetime.fromisoformat(ends))

    def _write(self, key: str, token: Token) -> None:
        data_key = self.sealer.fresh()
        plain = msgspec.json.encode([token.value, token.base_url, token.expires_at.isoformat()])
        sealed = msgspec.msgpack.encode([data_key.wrapped, data_key.seal(plain, LABEL)])
        life = max(1, int(token.expires_at.timestamp() - time.time()))
        self.client.set(self._name("token", key), sealed, ex=life)

    def _name(self, what: str, key: str) -> str:
        return f"{{{self.prefix}}}:{what}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
