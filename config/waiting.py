"""When a route waits before it tells, and who is told when nobody acts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from config.address import Destinations
from config.condition import ConditionEntry
from config.entry import Entry, Equatable
from config.values import Clock, Filled, Identifier, Span, Unique, Zone
from pipelines.plan import Deadline
from pipelines.silence import Weekday


class DeadlineEntry(Entry):
    """A time of the day by which something should be otherwise: `{time: "18:00", zone: Asia/Hong_Kong, days: [mon]}`."""

    time: Clock = Field(description="The time of the day.")
    zone: Zone = Field(description="In which zone it is.")
    days: Annotated[tuple[Weekday, ...], Unique] = Field(
        default=tuple(Weekday), min_length=1, description="On which days of the week."
    )

    @property
    def value(self) -> Deadline:
        """The value that this entry writes down."""
        return Deadline(self.time, self.zone, frozenset(self.days))


class ExpectsEntry(ConditionEntry):
    """What must be there in time: a record of another kind with the same key, such as an order for a deal that was won."""

    key: Equatable = Field(description="The field of that kind by which it is looked up.")
    of: Identifier | None = Field(
        default=None, description="The route's own field that has the same text. Without it: the one of the same name."
    )
    within: Span = Field(description="How long it may take from when the route's condition became true: `4h`.")


class StepEntry(Entry):
    """A step of an escalation: who is told when nobody has acted for so long."""

    after: Span = Field(description="How long after the route itself told.")
    to: Destinations = Field(description="Who is told then.")
    title: Filled | None = Field(default=None, description="First line of that message. Without it: the route's own.")


def _in_order(steps: tuple[StepEntry, ...]) -> tuple[StepEntry, ...]:
    spans = [step.after for step in steps]
    if sorted(set(spans)) != spans:
        raise ValueError("each step comes later than the one before it")
    return steps


Steps = Annotated[tuple[StepEntry, ...], AfterValidator(_in_order)]
