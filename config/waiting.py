"""When a route tells: its place among the others, how long it waits, and who is told when nobody acts."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from config.address import ToPeople
from config.condition import ConditionEntry
from config.declared import unknown
from config.entry import Entry, Equatable, at, equatable_fields
from config.values import Clock, Filled, Flag, Identifier, Span, Unique, Zone
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
    to: ToPeople = Field(description="Who is told then: destinations, or people whom a field names.")
    title: Filled | None = Field(default=None, description="First line of that message. Without it: the route's own.")


def _in_order(steps: tuple[StepEntry, ...]) -> tuple[StepEntry, ...]:
    spans = [step.after for step in steps]
    if sorted(set(spans)) != spans:
        raise ValueError("each step comes later than the one before it")
    return steps


Steps = Annotated[tuple[StepEntry, ...], AfterValidator(_in_order)]


class TimedEntry(ConditionEntry):
    """Which records a route is about, and when it tells: at once and in its place among the others, or after a wait."""

    continue_: Flag = Field(
        default=True,
        alias="continue",
        description="Whether what this route tells goes to the routes after it as well. With `false` the routes of this "
        "kind are a tree: one of them must be the fallback.",
    )
    fallback: Flag = Field(
        default=False, description="Whether this route tells only what no other route of its kind told."
    )
    after: Span | None = Field(
        default=None,
        description="How long the condition must have held without interruption, by the source's clock: `2h`. It is told "
        "once, and again only after it did not hold.",
    )
    by: DeadlineEntry | None = Field(
        default=None, description="At which time of the day each record is told of which the condition then holds."
    )
    expects: ExpectsEntry | None = Field(
        default=None,
        description="A record of another kind that must be there in time; the route tells when it is not, and nothing before.",
    )
    escalate: Steps = Field(
        default=(),
        description="Who is told when nobody acts. It ends with the record's next state; of a route with `after`, with one "
        "for which its condition does not hold.",
    )

    @field_validator("expects")
    @classmethod
    def _comparable(cls, value: ExpectsEntry | None, info: ValidationInfo) -> ExpectsEntry | None:
        fields = equatable_fields(info)
        if value is not None and fields is not None and (value.of or value.key) not in fields:
            sentence = unknown(value.of or value.key, fields, f"field of {info.data['from_']} that can be compared")
            raise at(sentence, "of" if value.of else "key")
        return value

    @model_validator(mode="after")
    def _waits(self) -> Self:
        waits = self.after is not None or self.by is not None or self.expects is not None
        if self.after is not None and self.by is not None:
            raise at("give either after or by", "by")
        if self.expects is not None and (self.after is not None or self.by is not None):
            raise at("what is expected has its own time: leave out after and by", "expects")
        if self.by is not None and self.escalate:
            raise at("a route with by tells each day: give the later times as routes of their own", "escalate")
        if waits and (self.fallback or not self.continue_):
            raise at(
                "a route that waits stands outside the tree: remove this", "fallback" if self.fallback else "continue"
            )
        return self
