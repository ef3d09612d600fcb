"""Scheduled summaries: what is listed, when and to whom, and what the plan gains for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from config.address import Destinations
from config.condition import ConditionEntry
from config.entry import Mapped, mapped_fields
from config.schedule import Schedule
from config.values import CronTimes, Filled, Unique, Zone
from pipelines.language import Phrase
from pipelines.plan import OWN, PUBLIC, FieldMap, FieldType, Kind, Lane, Plan, Route, Summary

COUNT, UNCLEAR, RECORDS = "count", "unclear", "records"
NUMBER, CHANGED = "_number", "_changed"
_COUNT = FieldMap(COUNT, COUNT, FieldType.NUMBER, Phrase("Records").one)
# Translators: how many records could not be judged, because a field of them could not be read
_UNCLEAR = FieldMap(UNCLEAR, UNCLEAR, FieldType.NUMBER, Phrase("Not readable").one)


class SummaryEntry(ConditionEntry):
    """A list of every record whose last state fulfils a condition: "18:00: orders that are not yet approved"."""

    at: CronTimes = Field(description="When it is told: minute, hour, day of the month, month, day of the week.")
    zone: Zone = Field(description="The zone of `at`.")
    to: Destinations = Field(description="Who is told: a destination, or a list of them.")
    title: Filled = Field(description="First line of the message.")
    fields: Annotated[tuple[Mapped, ...], Unique] = Field(
        min_length=1, description="The fields shown of each record, after its number and before when it changed."
    )
    lane: Lane = Field(default=Lane.NORMAL, description="Which share of quota and senders it uses.")
    empty: Literal["skip", "say"] = Field(
        default="skip", description="What happens when there is no such record: nothing, or a message that says so."
    )

    @field_validator("fields")
    @classmethod
    def _listed(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = mapped_fields(info) or {}
        if tables := [name for name in value if name in known and known[name].type is FieldType.TABLE]:
            raise ValueError(f"'{tables[0]}' is a table: a list shows none")
        if len(classes := sorted({known[name].data_class for name in value if name in known})) > 1:
            raise ValueError(
                f"the fields are of the classes {', '.join(classes)}: a list is shown or withheld as a whole, so take "
                "fields of one class"
            )
        return value


@dataclass(frozen=True, slots=True)
class Scheduled:
    """When a summary is told, and of which kind of record."""

    name: str
    schedule: Schedule


def scheduled(entries: Mapping[str, SummaryEntry]) -> Mapping[str, Scheduled]:
    """Return when each summary is told, by its name."""
    return {name: Scheduled(name, Schedule(entry.at, zone=ZoneInfo(entry.zone))) for name, entry in entries.items()}


def kind_of(name: str) -> str:
    """Return the kind of the program's own records that hold a summary."""
    return f"summary.{name}"


def with_summaries(plan: Plan, entries: Mapping[str, SummaryEntry], asks: Mapping[str, Route]) -> Plan:
    """Add what is asked for each summary, and the route by which it is told; no route of the file has a dot."""
    routes, kinds, summaries = list(plan.routes), dict(plan.kinds), list(plan.summaries)
    for name, entry in entries.items():
        own, asked = kind_of(name), asks[name]
        summaries.append(Summary(name, replace(asked, fields=entry.fields), silent=entry.empty == "skip"))
        kinds[OWN, own] = Kind(OWN, own, (_COUNT, _UNCLEAR, _table(plan.kinds[asked.of_kind], entry.fields)))
        shown = (COUNT, UNCLEAR, RECORDS)
        # titles of the program's own are phrases, in which a brace begins a place
        title = entry.title.replace("{", "{{").replace("}", "}}")
        routes.append(Route(own, OWN, own, entry.to, title, shown, lane=entry.lane))
    return replace(plan, routes=tuple(routes), kinds=kinds, summaries=tuple(summaries))


def _table(kind: Kind, fields: tuple[str, ...]) -> FieldMap:
    specs = {spec.name: spec for spec in kind.fields}
    columns = (
        FieldMap(NUMBER, NUMBER, FieldType.TEXT, ""),
        *(replace(specs[name], path=name, data_class=PUBLIC, required=False, default=None) for name in fields),
        FieldMap(CHANGED, CHANGED, FieldType.DATETIME, ""),
    )
    # all of them are of one class, which the check of the file saw to
    return FieldMap(RECORDS, RECORDS, FieldType.TABLE, "#", specs[fields[0]].data_class, columns=columns)
