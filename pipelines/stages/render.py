"""A cleared fact as plain text for a reader; the channel escapes and lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import Fact, Line
from pipelines.notice import Notice
from pipelines.plan import Destination, FieldMap, Route
from pipelines.stages.clearance import Cleared
from pipelines.texts import due, moment, text

WITHHELD = "Not everybody here may see all of this: {count} withheld."
DELETED = "Deleted in the source."
LATE = "late, due {due}"


def render(
    notice: Notice,
    cleared: Cleared,
    route: Route,
    destination: Destination,
    specs: Mapping[str, FieldMap],
    now: datetime,
) -> Fact:
    """Return the fact as this destination's locale and zone read it at `now` (aware).

    A withheld field leaves no trace but its count.
    """
    zone, locale = destination.zone, destination.locale
    lines = []
    for name, value in cleared.fields.items():
        before = notice.before.get(name)
        lines.append(
            Line(
                label=specs[name].label,
                value=text(value, zone, locale),
                before=text(before, zone, locale) if name in notice.before and not notice.new else None,
            )
        )
    notes = []
    if notice.due is not None:
        notes.append(LATE.format(due=due(notice.due, now, zone, locale)))
    if notice.deleted:
        notes.append(DELETED)
    if cleared.withheld:
        notes.append(WITHHELD.format(count=len(cleared.withheld)))
    return Fact(
        title=route.title,
        number=notice.number,
        url=notice.url,
        at=moment(notice.occurred_at, zone, locale),
        lines=tuple(lines),
        notes=tuple(notes),
    )
