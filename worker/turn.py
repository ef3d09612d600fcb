"""What one turn of dispatch is going to write and send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.plan import Destination
from worker.channels import channel_of
from worker.ledger.outbox import Due, Frozen, GivenUp, Holding
from worker.limiter import Call


@dataclass(slots=True)
class Turn:
    """What is going to be written and sent for these destinations, each `seen` with what is known of its readers."""

    destinations: set[str] = field(default_factory=set)
    seen: dict[str, Destination] = field(default_factory=dict)
    frozen: list[tuple[Frozen, tuple[Call, ...]]] = field(default_factory=list)
    due: list[tuple[Due, Call]] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    given_up: list[GivenUp] = field(default_factory=list)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    """Calls of months that are used or about to be, by budget."""

    def __bool__(self) -> bool:
        return bool(self.frozen or self.due or self.holdings or self.given_up or self.notes)

    def touches(self, name: str) -> bool:
        """Tell whether this turn is about to call a channel."""
        told = [one.destination for one, _ in self.frozen] + [one.destination for one, _ in self.due]
        return any(channel_of(recipient) == name for recipient in told)

    def calls(self) -> list[Call]:
        """All grants that this turn is about to use."""
        return [call for _, calls in self.frozen for call in calls] + [call for _, call in self.due]
