"""Conditions over time: since when a route waits over a record, and when it is due. Whoever calls keeps the timers."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Record
from pipelines.case import Case, Event, KindProgram, RouteProgram, open_case
from pipelines.notice import State
from pipelines.plan import Deadline, Wait
from pipelines.silence import Weekday
from pipelines.stages.match import match
from pipelines.verdict import Reason, Verdict

DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Timing:
    """What an event means for one route's timer: it runs from `since` and is due at `due`, or it ends (both None).

    One that runs already goes on, unless it begins `anew`. Both are aware.
    """

    route: str
    since: datetime | None = None
    due: datetime | None = None
    anew: bool = False


def due(wait: Wait, since: datetime) -> datetime:
    """Return when a wait is over that began at `since`; both aware, the result in UTC."""
    if wait.by is not None:
        return _next(wait.by, since)
    return since.astimezone(UTC) + wait.after


def _next(by: Deadline, after: datetime) -> datetime:
    zone, days = ZoneInfo(by.zone), tuple(Weekday)
    day = after.astimezone(zone).date()
    while True:
        # a time that the clock skips comes as much later, of one that comes twice the first counts
        moment = datetime.combine(day, by.at, zone).astimezone(UTC)
        if moment > after and days[day.weekday()] in by.days:
            return moment
        day += timedelta(days=1)


def begun(of: RouteProgram, case: Case) -> tuple[Timing, Verdict]:
    """Return what an event means for a route that waits: it tells nothing yet, or its condition does not hold.

    A condition that cannot be worked out may hold: whether it does is asked again when its time has come.
    """
    name = of.route.name
    verdict = Verdict(name, Reason.FILTERED, DELETED) if case.event.record.deleted else match(of, case)
    if verdict is not None and verdict.reason is Reason.FILTERED:
        return Timing(name), verdict
    return started(of, _happened(case)), Verdict(name, Reason.WAITS)


def _happened(case: Case) -> datetime:
    record = case.event.record
    return min(record.occurred_at or record.stamp, case.now)  # a source's clock may be ahead


def started(of: RouteProgram, since: datetime, *, anew: bool = False) -> Timing:
    """Return the timer of a waiting route that starts at `since` (aware)."""
    if of.route.wait is None:
        raise ValueError(f"route {of.route.name} does not wait")
    return Timing(of.route.name, since, due(of.route.wait, since), anew)


def escalated(of: RouteProgram, case: Case, told: AbstractSet[str], waiting: AbstractSet[str]) -> Timing | None:
    """Return what an event means for a step of an escalation, when these routes told it and those wait over it.

    A later state starts it anew or ends it; where the route before it waits itself, a state for which that one's
    condition still holds leaves it as it is.
    """
    before = of.route.wait.escalates if of.route.wait else ""
    if case.event.record.deleted:
        return Timing(of.route.name)
    if before in told:
        return started(of, case.now, anew=True)
    return None if before in waiting else Timing(of.route.name)


def reopened(of: KindProgram, subject: tuple[str, str, str], seq: int, state: State, now: datetime) -> Case:
    """Return the case of a record as it is known, with nothing changed; `seq` is the arrival that it is known by."""
    source, kind, id_ = subject
    record = Record(
        source=source,
        kind=kind,
        id=id_,
        version="",
        stamp=state.stamp,
        fields={},
        number=state.number,
        url=state.url,
        deleted=state.deleted,
    )
    return open_case(of, Event(seq, record, baseline=False, known=state), now)


def steps(of: KindProgram, route: str) -> Iterator[RouteProgram]:
    """Give the steps of the escalation of a route."""
    return (each for each in of.routes if each.route.wait is not None and each.route.wait.escalates == route)
