"""Small records, plans and programs for the tests of the stages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Record, Value
from pipelines.case import Case, Event, KindProgram, RouteProgram, open_case, program
from pipelines.chain import Decision, decide
from pipelines.notice import Notice, State
from pipelines.plan import Destination, FieldMap, FieldType, Kind, Plan, Route

NOW = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
GROUP = Destination("sales", "Asia/Hong_Kong", "en")
KINDS = {"source": "crm", "kind": "Deal"}


def at(minute: float) -> datetime:
    """An instant `minute` minutes after the beginning of the story."""
    return NOW + timedelta(minutes=minute)


def field(name: str, type_: FieldType = FieldType.TEXT, **more: Any) -> FieldMap:
    """A field that stands under its own name in the record."""
    return FieldMap(**{"name": name, "path": name, "type": type_, "label": name.capitalize(), **more})


def deal(*fields: FieldMap, start: datetime | None = None) -> Kind:
    """The mapping of the kind that all stories are about."""
    return Kind("crm", "Deal", fields, start)


def route(name: str = "r", **more: Any) -> Route:
    """A route to one group that tells of every change."""
    given = {"name": name, **KINDS, "to": ("sales",), "title": "Deal", "fields": (), **more}
    return Route(**given)


def plan(kind: Kind, *routes: Route, groups: tuple[Destination, ...] = (GROUP,)) -> Plan:
    """A plan of one kind."""
    return Plan("f", {("crm", "Deal"): kind}, routes, {each.name: each for each in groups})


def compiled(kind: Kind, *routes: Route) -> KindProgram:
    """The program of one kind."""
    return program(plan(kind, *routes))["crm", "Deal"]


def record(fields: Mapping[str, Value], minute: float = 0, **more: Any) -> Record:
    """A state of the one deal of a story, stamped `minute` minutes after its beginning."""
    given: dict[str, Any] = {**KINDS, "id": "1", "version": "v", "stamp": at(minute), "fields": fields, **more}
    return Record(**given)


class Story:
    """What arrives about one record, in this order."""

    def __init__(self, kind: Kind, *routes: Route) -> None:
        self.of = compiled(kind, *routes)
        self.known: State | None = None
        self.seq = 0
        self.told: list[Notice] = []

    def event(self, fields: Mapping[str, Value], minute: float, *, baseline: bool = False, **more: Any) -> Event:
        """The next arrival, not yet decided."""
        return Event(self.seq + 1, record(fields, minute, **more), baseline, self.known)

    def sees(self, fields: Mapping[str, Value], minute: float, *, baseline: bool = False, **more: Any) -> Decision:
        """Decide the next arrival and remember what came of it."""
        decision = decide(self.of, self.event(fields, minute, baseline=baseline, **more), NOW)
        self.seq += 1
        self.known = decision.state or self.known
        self.told += decision.notices
        return decision

    def case(self, fields: Mapping[str, Value], minute: float, **more: Any) -> tuple[RouteProgram, Case]:
        """The next arrival as a stage of the first route sees it."""
        return self.of.routes[0], open_case(self.of, self.event(fields, minute, **more), NOW)


def notice(fields: Mapping[str, Value], seq: int = 1, **more: Any) -> Notice:
    """A fact about the deal, stamped as late as its arrival."""
    given: dict[str, Any] = {
        **KINDS,
        "route": "r",
        "destination": "sales",
        "record_id": "1",
        "seq": seq,
        "stamp": at(seq),
        "occurred_at": at(seq),
        "number": "D-1",
        "url": "https://crm.example/D-1",
        "fields": fields,
    }
    return Notice(**{**given, **more})


def reasons(decision: Decision) -> list[str]:
    """The verdicts as text: `reason` or `reason:detail`."""
    return [":".join(filter(None, (v.reason, v.detail))) for v in decision.verdicts]
