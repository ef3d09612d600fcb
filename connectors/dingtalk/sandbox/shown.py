"""What the conversations were shown: the last messages, bounded, by a running index that starts at 1."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import StrEnum

import msgspec

KEPT = 250_000
KEPT_ON_PAGE = 300


class Kind(StrEnum):
    """What stands in a conversation: a robot's message, a card, a work notice, or what a person wrote."""

    MESSAGE = "message"
    CARD = "card"
    NOTICE = "notice"
    WORDS = "words"


class Shown(msgspec.Struct, gc=False, frozen=True):
    """One message as it came (`raw` is its JSON); `at` is Unix seconds.

    `group` is the conversation, `robot` the sender: a robot's id or code, or a person's userId. `key` is by what its
    sender knows it: processQueryKey, outTrackId or task id. With `only` nobody else in the conversation sees it, with `until`
    (Unix seconds) nobody from then on.
    """

    index: int
    group: str
    robot: str
    at: float
    raw: bytes
    kind: Kind = Kind.MESSAGE
    key: str = ""
    only: tuple[str, ...] = ()
    until: float = 0.0


class ChatLog:
    """The last messages of all groups in one ring, and the tail of each group for the page."""

    def __init__(self, *, kept: int = KEPT) -> None:
        """Keep `kept` messages over all groups."""
        self._ring: list[Shown] = []
        self._kept = kept
        self._tails: dict[str, deque[Shown]] = {}
        self._counts: dict[str, int] = {}
        self.count = 0
        self.recalled: set[int] = set()

    def show(self, *, group: str, robot: str, at: float, raw: bytes) -> None:
        """Show one message of a robot."""
        self.add(Shown(self.count + 1, group, robot, at, raw))

    def add(self, message: Shown) -> None:
        """Show one message, whose index is the next one."""
        self.count += 1
        group = message.group
        if len(self._ring) < self._kept:
            self._ring.append(message)
        else:
            self._ring[(self.count - 1) % self._kept] = message
        if group not in self._tails:
            self._tails[group] = deque(maxlen=KEPT_ON_PAGE)
            self._counts[group] = 0
        self._tails[group].append(message)
        self._counts[group] += 1

    def since(self, after: int) -> Iterator[Shown]:
        """Yield the kept messages with a higher index, oldest first."""
        for index in range(max(after, self.count - len(self._ring)) + 1, self.count + 1):
            yield self._ring[(index - 1) % self._kept]

    def conversations(self) -> list[str]:
        """Return where something was shown."""
        return list(self._tails)

    def tail(self, group: str) -> list[Shown]:
        """Return the last messages of a group."""
        return list(self._tails.get(group, ()))

    def count_in(self, group: str) -> int:
        """Return how many messages a group was shown in all."""
        return self._counts.get(group, 0)
