"""Deciding a stored arrival once more, by today's configuration and by what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipelines.case import Event, KindProgram, RouteProgram, open_case
from pipelines.chain import decide, judge
from pipelines.notice import Notice, State
from pipelines.stages.address import notice
from pipelines.verdict import Verdict
from worker.ledger.arrivals import Arrival


def decide_again(
    of: KindProgram, route: RouteProgram, past: Sequence[Arrival], destination: str, now: datetime
) -> tuple[Verdict, Notice]:
    """Judge the last of these arrivals for one route, after those before it; returns verdict and notice."""
    known: State | None = None
    *before, last = past
    for arrival in before:
        event = Event(arrival.seq, arrival.record, arrival.baseline, known)
        known = decide(of, event, now).state or known
    case = open_case(of, Event(last.seq, last.record, last.baseline, known), now)
    return judge(route, case), notice(route, case, destination)
