"""What is not told for a while, by order of somebody who answers for it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from config.entry import DestinationName, Entry, RouteName
from config.values import Filled, Listed, Moment, Unique


class SilencedEntry(Entry):
    """Facts that are not told for a while. What they would have told is not told later either; the trail names it."""

    routes: Annotated[tuple[RouteName, ...], Listed, Unique] = Field(
        default=(), description="The routes that tell nothing, or one of them. Without it: all."
    )
    destinations: Annotated[tuple[DestinationName, ...], Listed, Unique] = Field(
        default=(), description="The destinations that are told nothing, or one of them. Without it: all."
    )
    until: Moment = Field(description="When it ends.")
    owner: Filled = Field(description="Who ordered it, and answers for what nobody was told.")
    reason: Filled = Field(description="Why.")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.routes and not self.destinations:
            raise ValueError("name the routes or the destinations that are silent")
        return self
