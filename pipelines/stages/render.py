"""A cleared fact as plain text for a reader; the channel escapes and lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from connectors.contract import Fact, Line, Row, Value
from pipelines.notice import Notice
from pipelines.plan import Destination, FieldMap, FieldType, Route
from pipelines.stages.clearance import Cleared
from pipelines.texts import EMPTY, due, moment, row, text

WITHHELD = "Not everybody here may see all of this: {count} withheld."
DELETED = "Deleted in the source."
REPEATED = "This may be a repetition: no answer came when it was sent before."
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
    lines: list[Line] = []
    for name, value in cleared.fields.items():
        known = name in notice.before and not notice.new
        before = notice.before.get(name)
        if specs[name].type is FieldType.TABLE and value:
            lines += _table(specs[name], _rows(value), _rows(before) if known else None, destination)
        else:
            was = text(before, zone, locale) if known else None
            lines.append(Line(label=specs[name].label, value=text(value, zone, locale), before=was))
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


def _rows(value: Value) -> tuple[Row, ...]:
    return tuple(each for each in value if isinstance(each, Mapping)) if isinstance(value, tuple) else ()


def _table(
    spec: FieldMap, rows: Sequence[Row], before: Sequence[Row] | None, destination: Destination
) -> Iterator[Line]:
    """Give a line for each row, by its place; beside one that is not what the recipient knew, what stood there."""
    labels = {column.name: column.label for column in spec.columns}

    def shown(cells: Row | None) -> str:
        return EMPTY if cells is None else row(cells, labels, destination.zone, destination.locale)

    for place, (cells, was) in enumerate(zip_longest(rows, before or ()), start=1):
        known = None if before is None or cells == was else shown(was)
        yield Line(label=f"{spec.label} {place}", value=shown(cells), before=known)
