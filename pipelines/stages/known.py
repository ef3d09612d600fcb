"""Is this news at all? Asked once for an event, before any route, and last for each route."""

from __future__ import annotations

from pipelines.case import Case, RouteProgram
from pipelines.plan import Kind
from pipelines.verdict import Reason, Verdict


def news(kind: Kind, case: Case) -> Reason | None:
    """Return None for news, or why nobody is told of this event.

    What a first pull finds is baseline unless its stamp is not before the kind's start. A record that is known
    already is none: what changed since is told while that pull still runs.
    """
    record, known = case.event.record, case.event.known
    if known is not None and record.stamp < known.stamp:
        return Reason.OLDER
    if case.event.baseline and known is None and (kind.start is None or record.stamp < kind.start):
        return Reason.BASELINE
    if known is None:
        return Reason.UNCHANGED if record.deleted else None
    return None if _moved(case) or _trouble(case) else Reason.UNCHANGED


def fresh(of: RouteProgram, case: Case) -> Verdict | None:
    """Pass, or `UNCHANGED` where the only news is a field, none of this route's, that became unreadable."""
    return None if _moved(case) else Verdict(of.route.name, Reason.UNCHANGED)


def once(of: RouteProgram, case: Case) -> Verdict | None:
    """Pass, or hold what may have been told before the ledger was restored from a backup."""
    return Verdict(of.route.name, Reason.MAY_HAVE_BEEN_SENT) if case.event.doubtful else None


def _moved(case: Case) -> bool:
    known = case.event.known
    return known is None or case.event.record.deleted != known.deleted or bool(case.changed)


def _trouble(case: Case) -> bool:
    """Tell whether a field became unreadable: that must be seen by an operator."""
    known = case.event.known
    return known is not None and not case.event.record.deleted and case.mapped.problems != known.problems
