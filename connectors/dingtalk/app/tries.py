"""What was tried and has no answer yet, kept where it outlives the process that tried it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.contract import Retryable, Vault

_KEPT = timedelta(days=7)
"""Longer than any message is tried again."""
_MOST_SWAPS = 20


@dataclass(frozen=True, slots=True)
class Tries:
    """When each of a few things was tried that got no answer, under one key of the vault. All times are aware."""

    vault: Vault
    key: str

    def at(self, mark: str) -> datetime | None:
        """Return when `mark` was tried; None: never, or it had its answer."""
        tried = _read(self.vault.load(self.key)).get(mark)
        return None if tried is None else datetime.fromtimestamp(tried / 1000, UTC)

    def begin(self, mark: str, now: datetime) -> None:
        """Note that `mark` is about to be tried. Raises Retryable where that could not be noted: then it must not be."""
        until = _ms(now - _KEPT)
        self._change(lambda tried: {**{one: at for one, at in tried.items() if at > until}, mark: _ms(now)})

    def end(self, mark: str) -> None:
        """Note that `mark` had its answer. Raises Retryable where that could not be noted."""
        self._change(lambda tried: {one: at for one, at in tried.items() if one != mark})

    def _change(self, change: Callable[[Mapping[str, int]], Mapping[str, int]]) -> None:
        for _ in range(_MOST_SWAPS):
            known = self.vault.load(self.key)
            if self.vault.swap(self.key, known, msgspec.json.encode(change(_read(known))).decode()):
                return
        raise Retryable("What is under way could not be noted, because others note at once: it is tried again.")


def _read(kept: str | None) -> dict[str, int]:
    return msgspec.json.decode(kept, type=dict[str, int]) if kept else {}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
