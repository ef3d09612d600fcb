"""What the runner hands to a connector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import requests

from connectors.contract.messages import Budget, Purpose


def _uncounted(budget: Budget, purpose: Purpose) -> None:
    """Leave a call uncounted: for commands that have no ledger."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the runner hands to a connector when it builds a client.

    `session` makes a requests session with deadlines, private CA and proxy of this source; `tokens` is one cache for
    all workers; `vault` keeps what must outlive every process; `now` is aware UTC; `observe` takes what the vendor says
    of a quota: (budget key, used, limit); `spent` takes each call that counts towards the month of a budget.
    """

    session: Callable[[], requests.Session]
    tokens: TokenStore
    now: Callable[[], datetime]
    observe: Callable[[str, int, int], None]
    vault: Vault
    spent: Callable[[Budget, Purpose], None] = _uncounted


class Vault(Protocol):
    """Secrets that a vendor hands out and hands out once, sealed in the ledger: refresh tokens that rotate."""

    def load(self, key: str) -> str | None:
        """Return what was stored under `key`, or None."""
        ...

    def store(self, key: str, value: str) -> None:
        """Keep `value` under `key`; when this returns it outlives a loss of power."""
        ...

    def swap(self, key: str, known: str | None, value: str) -> bool:
        """Keep `value` only if what is under `key` still is `known`; tells whether it was. For counts that are shared."""
        ...


class TokenStore(Protocol):
    """One cache of access tokens for all workers: one renewal at a time, the others wait for it."""

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        """Return the token of `key`, calling `renew` when there is none or it is about to end."""
        ...

    def spoil(self, key: str, token: Token) -> None:
        """Drop `token` if it still is the one of `key`: the vendor refused it."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, the address its calls go to, and when it ends (aware UTC)."""

    value: str = field(repr=False)
    base_url: str
    expires_at: datetime
