"""The bridge file's entries for when recipients are left in peace."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from config.entry import Entry, at
from config.values import Calendar, Listed, Span, Unique, Window, Zone
from connectors.settings_types import Duration
from pipelines.quiet import Allowance, Quiet
from pipelines.silence import Weekday
from pipelines.windows import always_closed


class BudgetEntry(Entry):
    """How many messages a recipient gets in a while; what is more shares the next ones. What is urgent never counts."""

    messages: int = Field(ge=1, description="The most messages.")
    per: Span = Field(default=timedelta(hours=1), description="In any stretch of this length.")

    @property
    def made(self) -> Allowance:
        """The value that this entry writes down."""
        return Allowance(self.messages, self.per)


class QuietEntry(Entry):
    """When a recipient is left in peace. Nothing is lost: what waits goes as one when the time has come."""

    zone: Zone | None = Field(
        default=None, description="The zone of `hours` and `calendar`. Without it: the recipient's."
    )
    hours: Annotated[tuple[Window, ...], Listed] = Field(
        default=(), description="Windows in which only what is urgent comes, such as `20:00-08:00`, or a list of them."
    )
    days: Annotated[tuple[Weekday, ...], Unique] | None = Field(
        default=None,
        min_length=1,
        description="The working days; others are quiet as a whole. Without it: Monday to Friday where there is a "
        "calendar, else every day.",
    )
    calendar: Calendar | None = Field(
        default=None,
        description="Whose public holidays are quiet as a whole, and whose weekends are worked in to make up for one: a "
        "country such as `HK`, `CN`, `ID` or `SG`.",
    )
    budget: BudgetEntry | None = Field(
        default=None, description="The most messages in a while. Without it: any number."
    )
    gather: Duration | None = Field(
        default=None,
        description="How long further changes of a record wait after a message about it, to go as one. Without it: not.",
    )

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if always_closed(self.hours):
            raise at("these windows leave no minute of the day", "hours")
        return self

    def made(self, zone: str) -> Quiet:
        """Return the value that this entry writes down, for a recipient in this zone."""
        days = self.days or (tuple(Weekday)[:5] if self.calendar else tuple(Weekday))
        return Quiet(
            zone=self.zone or zone,
            hours=self.hours,
            days=frozenset(days),
            calendar=self.calendar or "",
            budget=self.budget.made if self.budget else None,
            gather=self.gather or timedelta(0),
        )
