"""Who is told: one notice for each destination of the route."""

from __future__ import annotations

from pipelines.case import Case, RouteProgram
from pipelines.notice import Notice


def address(of: RouteProgram, case: Case) -> tuple[Notice, ...]:
    """Return the facts of this event, one for each destination, with the fields that the route shows."""
    route, record = of.route, case.event.record
    known, shown, was = case.event.known, case.mapped.fields, case.was
    fields = {name: shown[name] for name in route.fields if name in shown}
    changed = [name for name in route.fields if name in case.changed and name in was]
    before = {name: was[name] for name in changed if was[name] != shown[name]}
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
            number=record.number or (known.number if known else ""),
            url=record.url or (known.url if known else ""),
            fields=fields,
            before=before,
            new=known is None,
            deleted=record.deleted,
            lane=route.lane,
            by=record.changed_by.id if record.changed_by else "",
        )
        for destination in route.to
    )
