"""Ring what is due: a route that waited tells, if its condition still holds of the record as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from pipelines.case import KindProgram, RouteProgram
from pipelines.chain import judge
from pipelines.plan import Wait
from pipelines.stages.address import address
from pipelines.verdict import HELD, Reason, Verdict
from pipelines.waiting import DELETED, due, reopened, started, steps
from worker.ledger import configurations, decisions, ringing, timers
from worker.ledger.arrivals import micros, moment
from worker.ledger.configurations import Mark
from worker.ledger.decisions import Contested, Known
from worker.ledger.engine import Ledger
from worker.ledger.ringing import Rung
from worker.ledger.timers import Timer

log = structlog.get_logger()

Programs = Mapping[tuple[str, str], KindProgram]


def ring(ledger: Ledger, programs: Programs, most: int, taken: Mark | None) -> int:
    """Deal with up to `most` timers that are due; returns how many. Raises `Moved`.

    A record of which something is still to be decided is left for later: its newest state may end the wait.
    """
    with ledger.read() as connection:
        at = ledger.now(connection)
        found = timers.due(connection, at, most)
        if not found:
            return 0
        configurations.require(connection, taken)
        subjects = sorted({one.subject for one in found})
        undecided = timers.undecided(connection, subjects)
        known = decisions.known(ledger, connection, subjects)
    ready = [one for one in found if one.subject not in undecided]
    if not ready:
        return 0
    rung = [_rung(programs, one, known, moment(at)) for one in ready]
    against = {of: seq for of, seq in known.seqs.items() if of not in undecided}
    try:
        with ledger.write() as connection:
            ringing.settle(ledger, connection, rung, against)
    except Contested:
        log.info("another worker dealt with these timers", timers=len(rung))
    return len(rung)


def _rung(programs: Programs, timer: Timer, known: Known, now: datetime) -> Rung:
    of, state = programs.get(timer.subject[:2]), known.states.get(timer.subject)
    route = next((each for each in of.routes if each.route.name == timer.route), None) if of else None
    seq = known.seqs.get(timer.subject, 0)
    if of is None or route is None or route.route.wait is None or state is None:
        return Rung(timer, seq, Verdict("", Reason.UNMAPPED))
    wait = route.route.wait
    # the configuration may give it more time than when it began, or another time of the day
    if (later := due(wait, moment(timer.since if wait.by is None else timer.due_at - 1))) > now:
        return Rung(timer, seq, Verdict("", Reason.WAITS), again_at=micros(later))
    case = reopened(of, timer.subject, seq, state, now)
    verdict = Verdict(timer.route, Reason.FILTERED, DELETED) if state.deleted else judge(route, case)
    if verdict.reason is Reason.FILTERED:
        return Rung(timer, seq, verdict)
    return Rung(
        timer,
        seq,
        verdict,
        notices=address(route, case) if _tells(route, verdict) else (),
        key=known.keys[timer.subject],
        again_at=_again(wait, now),
        told=True,
        started=tuple(started(step, now, anew=True) for step in steps(of, timer.route)) if wait.by is None else (),
    )


def _tells(route: RouteProgram, verdict: Verdict) -> bool:
    return verdict.reason is Reason.TOLD or (verdict.reason in HELD and not route.on_trial)


def _again(wait: Wait, now: datetime) -> int | None:
    return None if wait.by is None else micros(due(wait, now))
