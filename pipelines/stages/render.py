"""A cleared fact as plain text for a reader; the channel escapes and lays it out."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Fact, Line
from pipelines.notice import Notice
from pipelines.plan import Destination, FieldMap, Route
from pipelines.stages.clearance import Cleared
from pipelines.texts import moment, text

WITHHELD = "Not everybody here may see all of this: {count} withheld."
DELETED = "Deleted in the source."


def render(
    notice: Notice, cleared: Cleared, route: Route, destination: Destination, specs: Mapping[str, FieldMap]
) -> Fact:
    """Return the fact as this destination's locale and zone read it. A withheld field leaves no trace but its count."""
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
