"""The order of the stages, written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from pipelines.case import Case, Event, KindProgram, RouteProgram, open_case
from pipelines.notice import Notice, State
from pipelines.plan import Kind, Mode
from pipelines.stages.address import address, chosen
from pipelines.stages.known import fresh, news, once
from pipelines.stages.match import as_text, match
from pipelines.stages.trust import trust
from pipelines.verdict import HELD, Reason, Verdict
from pipelines.waiting import Timing, begun, escalated

Stage: TypeAlias = Callable[[RouteProgram, Case], Verdict | None]

DECIDE: tuple[Stage, ...] = (match, trust, fresh, once)
"""For each route of an event, in this order: the first verdict ends it; without one the route tells."""


DUE: tuple[Stage, ...] = (match, trust)
"""For a route that waits, when its time has come: of a record as it is known, nothing is news."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one event comes to: the record's new state (None: an older one), a verdict for each route, the notices.

    `held` are notices whose route held them; they wait for a person or for a later state of the record. A verdict
    with an empty route is of the event as a whole. `timings` are what it means for routes that wait. `keys` are the texts that
    the record is looked up by, by field.
    """

    state: State | None
    verdicts: tuple[Verdict, ...]
    notices: tuple[Notice, ...]
    held: tuple[tuple[Notice, Verdict], ...]
    changed: frozenset[str]
    timings: tuple[Timing, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)


def decide(of: KindProgram, event: Event, now: datetime) -> Decision:
    """Decide one event for all routes of its kind. Pure: the same arguments give the same decision."""
    case = open_case(of, event, now)
    stale = news(of.kind, case)
    if stale is Reason.OLDER:
        return Decision(None, (Verdict("", stale),), (), (), frozenset())
    state = remember(of.kind, case)
    keys = {name: as_text(state.fields.get(name)) for name in of.keys} if of.keys else {}
    if stale is not None:
        return Decision(state, (Verdict("", stale),), (), (), case.changed, keys=keys)
    verdicts: list[Verdict] = []
    notices: list[Notice] = []
    held: list[tuple[Notice, Verdict]] = []
    told_by = ended_by = ""
    for route in of.prompt:
        if ended_by or (told_by and route.route.fallback):
            verdicts.append(Verdict(route.route.name, Reason.TAKEN, ended_by or told_by))
            continue
        verdict = _verdict(DECIDE, route, case)
        verdicts.append(verdict)
        if verdict.reason is Reason.TOLD:
            notices.extend(address(route, case))
        elif verdict.reason in HELD and route.route.mode is Mode.LIVE:
            held.extend((notice, verdict) for notice in address(route, case))
        else:
            continue
        told_by = told_by or route.route.name
        ended_by = route.route.name if route.route.ends else ""
    timings = _timings(of, case, verdicts) if of.waiting else ()
    return Decision(state, tuple(verdicts), tuple(notices), tuple(held), case.changed, timings, keys)


def _timings(of: KindProgram, case: Case, verdicts: list[Verdict]) -> tuple[Timing, ...]:
    """Judge the routes that wait, and add their verdicts to those of the others."""
    timings = []
    told = {verdict.route for verdict in verdicts if verdict.reason is Reason.TOLD}
    waiting: set[str] = set()
    for route in of.waiting:
        if route.route.wait and route.route.wait.escalates:
            timing = escalated(route, case, told, waiting)
            if timing is not None:
                timings.append(timing)
            continue
        timing, verdict = begun(route, case)
        timings.append(timing)
        verdicts.append(verdict)
        if timing.due is not None:
            waiting.add(route.route.name)
    return tuple(timings)


def remember(kind: Kind, case: Case) -> State:
    """Return the state that the next event is compared with; of a field in trouble the last value that was read.

    What only lay around the record is not among it.
    """
    record, known, mapped = case.event.record, case.event.known, case.mapped
    number = record.number or (known.number if known else "")
    url = record.url or (known.url if known else "")
    fields, problems = {**case.was, **mapped.fields}, mapped.problems
    if record.context:
        around = {spec.name for spec in kind.fields if spec.path in record.context.keys() - record.fields.keys()}
        fields = {name: value for name, value in fields.items() if name not in around}
        problems = {name: reason for name, reason in problems.items() if name not in around}
    return State(record.stamp, fields, problems, record.deleted, number, url)


def judge(of: RouteProgram, case: Case) -> Verdict:
    """Return the verdict of one route: `TOLD`, `SHADOW`, or that of the first stage that stopped it."""
    return _verdict(DECIDE if of.route.wait is None else DUE, of, case)


def _verdict(stages: tuple[Stage, ...], of: RouteProgram, case: Case) -> Verdict:
    for stage in stages:
        verdict = stage(of, case)
        if verdict is not None:
            return verdict
    reason = Reason.SHADOW if of.route.mode is Mode.SHADOW else Reason.TOLD
    return Verdict(of.route.name, reason, chosen(of, case))
