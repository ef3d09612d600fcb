"""Is this news at all? Asked once for an event, before any route."""

from __future__ import annotations

from pipelines.case import Case
from pipelines.plan import Kind
from pipelines.verdict import Reason


def news(kind: Kind, case: Case) -> Reason | None:
    """Return None for news, or why nobody is told of this event.

    What a first pull finds is baseline unless its stamp is not before the kind's start.
    """
    record, known = case.event.record, case.event.known
    if known is not None and record.stamp < known.stamp:
        return Reason.OLDER
    if case.event.baseline and (kind.start is None or record.stamp < kind.start):
        return Reason.BASELINE
    if known is None:
        return Reason.UNCHANGED if record.deleted else None
    if record.deleted != known.deleted or case.changed or _trouble(case):
        return None
    return Reason.UNCHANGED


def _trouble(case: Case) -> bool:
    """Tell whether a field became unreadable: that must be seen by an operator."""
    known = case.event.known
    return known is not None and not case.event.record.deleted and case.mapped.problems != known.problems
