"""A cleared fact as plain text for a reader; the channel escapes and lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from connectors.contract import Choice, Fact, Line, Row, Value
from pipelines.language import Phrase, say
from pipelines.notice import Notice
from pipelines.plan import OWN, Destination, FieldMap, FieldType, Route
from pipelines.sentence import Sentence
from pipelines.stages.clearance import Cleared
from pipelines.texts import EMPTY, due, moment, row, text

WITHHELD = Phrase(
    "Not everybody here may see all of this: {count} field withheld.",
    "Not everybody here may see all of this: {count} fields withheld.",
)
DELETED = Phrase("Deleted in the source.")
# Translators: said of what is told again; {due} is a time, with its day where that was not today
LATE = Phrase("late, due {due}")
# Translators: stands beside a fact whose message, sent before, may have been shown or not
REPEATED = Phrase("This may be a repetition: no answer came when it was sent before.")


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
    own = route.source == OWN
    show = _said if own else text
    lines: list[Line] = []
    for name, value in cleared.fields.items():
        known = name in notice.before and not notice.new
        before = notice.before.get(name)
        if specs[name].type is FieldType.TABLE and value:
            lines += _table(specs[name], _rows(value), _rows(before) if known else None, destination)
        else:
            was = show(before, zone, locale) if known else None
            lines.append(Line(_named(specs[name].label, locale, own=own), show(value, zone, locale), was))
    notes = []
    if notice.due is not None:
        notes.append(say(LATE, locale, due=due(notice.due, now, zone, locale)))
    if notice.deleted:
        notes.append(say(DELETED, locale))
    if cleared.withheld:
        notes.append(say(WITHHELD, locale, count=len(cleared.withheld)))
    return Fact(
        title=_named(route.title, locale, own=own),
        number=notice.number,
        url=notice.url,
        at=moment(notice.occurred_at, zone, locale),
        lines=tuple(lines),
        notes=tuple(notes),
    )


def _named(name: str, locale: str, *, own: bool) -> str:
    """Return a title or label: our own in the reader's language, any other as the configuration wrote it."""
    return say(Phrase(name), locale) if own else name


def _said(value: Value, zone: str, locale: str) -> str:
    """Return a value of one of the program's own records, in which a choice stands for a sentence."""
    return Sentence.load(value.code).said(zone, locale) if isinstance(value, Choice) else text(value, zone, locale)


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
