"""Who is told: one notice for each destination of the route that is meant."""

from __future__ import annotations

from pipelines.case import Case, RouteProgram
from pipelines.notice import Notice
from pipelines.stages.match import as_text

OTHERWISE = "otherwise"


def meant(of: RouteProgram, case: Case) -> tuple[str, ...]:
    """Return the destinations that this event is for: those of the field's row, or all without a table."""
    by = of.route.by
    return of.route.to if by is None else by.table.get(as_text(case.shown.get(by.field)), by.otherwise)


def chosen(of: RouteProgram, case: Case) -> str:
    """Name what the destinations were chosen by, for the trail: empty, the field, or the field without a row."""
    by = of.route.by
    if by is None:
        return ""
    return by.field if as_text(case.shown.get(by.field)) in by.table else f"{OTHERWISE}:{by.field}"


def address(of: RouteProgram, case: Case) -> tuple[Notice, ...]:
    """Return the facts of this event, one for each destination that is meant."""
    return tuple(notice(of, case, name) for name in meant(of, case))


def notice(of: RouteProgram, case: Case, destination: str) -> Notice:
    """Return the fact of this event for one destination, with the fields that the route shows."""
    route, record = of.route, case.event.record
    known, shown, was = case.event.known, case.mapped.fields, case.was
    changed = [name for name in route.fields if name in case.changed and name in was]
    return Notice(
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
        fields={name: shown[name] for name in route.fields if name in shown},
        before={name: was[name] for name in changed if name in shown and was[name] != shown[name]},
        new=known is None,
        deleted=record.deleted,
        lane=route.lane,
        by=record.changed_by.id if record.changed_by else "",
    )
