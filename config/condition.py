"""Which records are meant: equality, a condition, and thresholds that it sees by name."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from config.entry import Comparison, Entry, Equals, KindName, ThresholdName
from config.values import Filled


class ConditionEntry(Entry):
    """Which records a route is about: the part that its condition is compiled from."""

    from_: KindName = Field(alias="from", description="The source and the kind of record.")
    equals: Equals = Field(
        default_factory=dict, description="Values that fields must have; compared before the condition is evaluated."
    )
    when: Filled = Field(default="true", description="Condition in CEL. It sees the fields and the thresholds by name.")
    thresholds: Mapping[ThresholdName, Comparison] = Field(
        default_factory=dict,
        description="Exact comparisons of numbers, money and quantities, which the condition sees as true or false: "
        "`{big: {amount: {at_least: HKD 1000000}}}`; at_least, above, at_most or below.",
    )
