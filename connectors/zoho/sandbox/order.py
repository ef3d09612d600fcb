"""A table's records in the order of a stamp, so that a page is found without sorting."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

Key = tuple[datetime, int]

FIRST = datetime.min.replace(tzinfo=UTC)
AFTER_ALL_IDS = 10**19


class Order:
    """Keys (stamp, id) from the first to the last."""

    def __init__(self) -> None:
        self._keys: list[Key] = []

    def add(self, key: Key) -> None:
        """Put one key into its place."""
        if self._keys and key > self._keys[-1]:
            self._keys.append(key)
        else:
            insort(self._keys, key)

    def add_many(self, keys: Iterable[Key]) -> None:
        """Put many keys into their places."""
        self._keys.extend(keys)
        self._keys.sort()

    def remove(self, key: Key) -> None:
        """Take one key out."""
        place = bisect_left(self._keys, key)
        if place < len(self._keys) and self._keys[place] == key:
            del self._keys[place]

    def after(self, stamp: datetime, *, inclusive: bool = False) -> list[Key]:
        """Return the keys whose stamp lies after (or from) this one."""
        start = bisect_left(self._keys, (stamp, 0)) if inclusive else bisect_right(self._keys, (stamp, AFTER_ALL_IDS))
        return self._keys[start:]

    def all(self) -> list[Key]:
        """Return all keys."""
        return self._keys.copy()

    def walk(self, low: Key, *, descending: bool = False) -> Iterator[Key]:
        """Go over the keys from `low` on, or down to it."""
        start = bisect_left(self._keys, low)
        if descending:
            yield from (self._keys[n] for n in range(len(self._keys) - 1, start - 1, -1))
        else:
            yield from (self._keys[n] for n in range(start, len(self._keys)))
