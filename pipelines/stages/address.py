"""Who is told: one notice for each destination of the route that is meant."""

from __future__ import annotations

from pipelines.approval import named
from pipelines.case import Case, RouteProgram
from pipelines.notice import Notice
from pipelines.plan import ASKED, ByPerson
from pipelines.stages.match import as_text

OTHERWISE = "otherwise"

LONGEST_ID = 255
"""Characters of a source's user id; what is longer is a text that names nobody."""


def meant(of: RouteProgram, case: Case) -> tuple[str, ...]:
    """Return the recipients that this event is for: those of the field's row, or all without a table.

    People whom a field names are asked for by the source's user ids: who that is in the channel is known when they are told.
    """
    by = of.route.by
    if by is None:
        return of.route.to
    if isinstance(by, ByPerson):
        people = (user for user in named(case.shown.get(by.field)) if len(user) <= LONGEST_ID)
        return tuple(f"{by.by}{ASKED}{user}" for user in people) or by.otherwise
    return by.table.get(as_text(case.shown.get(by.field)), by.otherwise)


def chosen(of: RouteProgram, case: Case) -> str:
    """Name what the destinations were chosen by, for the trail: empty, the field, or the field without a row."""
    by = of.route.by
    if by is None:
        return ""
    if isinstance(by, ByPerson):
        return by.field if named(case.shown.get(by.field)) else f"{OTHERWISE}:{by.field}"
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
