"""Ring what is due: a route that waited tells, if its condition still holds of the record as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipelines.case import KindProgram, RouteProgram
from pipelines.chain import judge
from pipelines.plan import Wait
from pipelines.stages.address import address
from pipelines.verdict import HELD, Reason, Verdict
from pipelines.waiting import DELETED, due, reopened, started, steps
from worker.expected import met, pending
from worker.ledger import actions, configurations, decisions, ringing, timers
from worker.ledger.arrivals import micros, moment
from worker.ledger.configurations import Mark
from worker.ledger.decisions import Contested, Known, Subject
from worker.ledger.engine import Ledger
from worker.ledger.ringing import Rung
from worker.ledger.timers import Timer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ringer:
    """Deals with timers, `most` at a time, by the configuration `taken`; `restored_at` as of the decider."""

    ledger: Ledger
    programs: Mapping[tuple[str, str], KindProgram]
    most: int
    taken: Mark | None = None
    restored_at: int | None = None

    def ring(self) -> int:
        """Deal with timers that are due; returns how many. Raises `Moved`.

        A record of which something is still to be decided is left for later: its newest state may end the wait.
        """
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            found = timers.due(connection, at, self.most)
            if not found:
                return 0
            configurations.require(connection, self.taken)
            subjects = sorted({one.subject for one in found})
            undecided = timers.undecided(connection, subjects)
            known = decisions.known(self.ledger, connection, subjects)
            acted = actions.acted_on(connection, subjects, min(one.since for one in found))
        ready = [one for one in found if one.subject not in undecided]
        rung = [each for one in ready if (each := self._rung(one, known, acted, moment(at))) is not None]
        if not rung:
            return 0
        against = {of: known.seqs[of] for of in {one.timer.subject for one in rung} & known.seqs.keys()}
        try:
            with self.ledger.write() as connection:
                ringing.settle(self.ledger, connection, rung, against)
        except Contested:
            log.info("another worker dealt with these timers", timers=len(rung))
        return len(rung)

    def _rung(self, timer: Timer, known: Known, acted: AbstractSet[Subject], now: datetime) -> Rung | None:
        """Return what becomes of a timer; None: what it asks about is still to be decided."""
        of, state = self.programs.get(timer.subject[:2]), known.states.get(timer.subject)
        route = next((each for each in of.routes if each.route.name == timer.route), None) if of else None
        seq = known.seqs.get(timer.subject, 0)
        if of is None or route is None or route.route.wait is None or state is None:
            return Rung(timer, seq, Verdict("", Reason.UNMAPPED))
        wait, expects = route.route.wait, route.route.expects
        # the configuration may give it more time than when it began, or another time of the day
        if (later := due(wait, moment(timer.since if wait.by is None else timer.due_at - 1))) > now:
            return Rung(timer, seq, Verdict("", Reason.WAITS), again_at=micros(later))
        if wait.escalates and timer.subject in acted:
            return Rung(timer, seq, Verdict(timer.route, Reason.ACTED))
        case = reopened(of, timer.subject, seq, state, now)
        verdict = Verdict(timer.route, Reason.FILTERED, DELETED) if state.deleted else judge(route, case)
        if verdict.reason is Reason.FILTERED:
            return Rung(timer, seq, verdict)
        if verdict.reason is Reason.TOLD and expects is not None:
            if pending(self.ledger, expects, timer.due_at):
                return None
            verdict = met(self.ledger, self.programs, route, case, expects) or verdict
        if verdict.reason is Reason.TOLD and self.restored_at is not None and timer.due_at <= self.restored_at:
            verdict = Verdict(timer.route, Reason.MAY_HAVE_BEEN_SENT)
        told = verdict.reason is Reason.TOLD
        return Rung(
            timer,
            seq,
            verdict,
            notices=address(route, case) if _tells(route, verdict) else (),
            key=known.keys[timer.subject],
            again_at=_again(wait, now),
            told=True,
            started=tuple(started(step, now, anew=True) for step in steps(of, timer.route)) if told else (),
        )


def _tells(route: RouteProgram, verdict: Verdict) -> bool:
    return verdict.reason is Reason.TOLD or (verdict.reason in HELD and not route.on_trial)


def _again(wait: Wait, now: datetime) -> int | None:
    return None if wait.by is None else micros(due(wait, now))
