"""What one turn of dispatch looks at, and what it is going to write and send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.plan import Lane
from pipelines.stages.supersede import Waiting
from worker.channels import channel_of
from worker.ledger.outbox import Due, Frozen, GivenUp, Holding
from worker.ledger.peace import Meter, Rest
from worker.limiter import Call
from worker.readers import Ready


@dataclass(frozen=True, slots=True)
class Fresh:
    """Facts of one lane that may go now, in at most `most` messages; None: in any number."""

    facts: Sequence[Waiting]
    most: int | None = None

    @property
    def wants(self) -> int:
        """How many messages they ask for: the states of one record on one route are one fact, all that waited are one."""
        apart = {(one.notice.route, one.notice.subject) for one in self.facts if not one.waited}
        return self.within(len(apart) + any(one.waited for one in self.facts))

    def within(self, messages: int) -> int:
        """Return how many of so many messages they may use."""
        return messages if self.most is None else min(messages, self.most)


def by_lane(waiting: Sequence[Waiting]) -> dict[Lane, list[Waiting]]:
    """Sort by lane. A repeated fact waits in another lane than a newer state: then both go by the newer one's."""
    newest = {(one.notice.route, one.notice.subject): one for one in sorted(waiting, key=lambda w: w.notice.order)}
    lanes: dict[Lane, list[Waiting]] = {}
    for one in waiting:
        lane = newest[one.notice.route, one.notice.subject].notice.lane
        lanes.setdefault(lane, []).append(one)
    return lanes


@dataclass(slots=True)
class Turn:
    """What is going to be written and sent for these destinations, each `seen` with what is known of its readers.

    `at` is when it began by the database's clock, in microseconds.
    """

    at: int = 0
    destinations: set[str] = field(default_factory=set)
    seen: dict[str, Ready] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)
    """Until when what is known of the readers holds, by the monotonic clock."""
    altered: list[int] = field(default_factory=list)
    """Due messages that today's readers may not see."""
    frozen: list[tuple[Frozen, tuple[Call, ...]]] = field(default_factory=list)
    due: list[tuple[Due, Call]] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    given_up: list[GivenUp] = field(default_factory=list)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    """Calls of months that are used or about to be, by budget."""
    counted: dict[tuple[Meter, int], int] = field(default_factory=dict)
    """How many messages were counted that use up a recipient's budget, by what counts and in how many microseconds."""
    people: set[str] = field(default_factory=set)
    """Whose own budgets these are."""
    rests: dict[str, Rest] = field(default_factory=dict)
    """What facts wait for so that recipients are left in peace."""

    def __bool__(self) -> bool:
        return bool(
            self.frozen or self.due or self.holdings or self.given_up or self.altered or self.notes or self.rests
        )

    def touches(self, name: str) -> bool:
        """Tell whether this turn is about to call a channel."""
        told = [one.destination for one, _ in self.frozen] + [one.destination for one, _ in self.due]
        return any(channel_of(recipient) == name for recipient in told)

    def calls(self) -> list[Call]:
        """All grants that this turn is about to use."""
        return [call for _, calls in self.frozen for call in calls] + [call for _, call in self.due]
