"""Who is told: one notice for each destination of the route."""

from __future__ import annotations

from pipelines.case import Case, RouteProgram
from pipelines.notice import Notice


def address(of: RouteProgram, case: Case) -> tuple[Notice, ...]:
    """Return the facts of this event, one for each destination, with the fields that the route shows."""
    route, record = of.route, case.event.record
    shown = case.shown
    was = case.event.known.fields if case.event.known else {}
    fields = {name: shown[name] for name in route.fields if name in shown}
    before = {name: was[name] for name in route.fields if name in case.changed and name in was}
    return tuple(
        Notice(
            route=route.name,
            destination=destination,
            source=record.source,
            kind=record.kind,
            record_id=record.id,
            seq=case.event.seq,
            stamp=record.stamp,
            occurred_at=record.occurred_at or record.stamp,
            number=record.number,
            url=record.url,
            fields=fields,
            before=before,
            new=case.event.known is None,
            deleted=record.deleted,
            lane=route.lane,
        )
        for destination in route.to
    )
