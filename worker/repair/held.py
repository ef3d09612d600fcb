"""What was held: shown to an operator, decided again by today's configuration, or dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert

from pipelines.case import KindProgram
from pipelines.notice import Notice
from pipelines.verdict import HELD, Reason, Verdict
from worker.explain.sentences import TO_DO, WHY_HELD
from worker.ledger import held as store
from worker.ledger import receipts
from worker.ledger.decisions import entry
from worker.ledger.engine import Ledger
from worker.ledger.held import Slip
from worker.ledger.receipts import Person
from worker.ledger.tables import NoticeState, Step, notice, trail
from worker.repair.again import decide_again

BATCH = 200
"""Notices that are moved in one transaction."""

AT_DISPATCH = frozenset(
    {
        Reason.REQUIRED_WITHHELD,
        Reason.NOT_FOR_ALL,
        Reason.UNVERIFIED,
        Reason.DESTINATION_GONE,
        Reason.MAY_HAVE_BEEN_SENT,
        Reason.NOBODY_DECIDES,
        Reason.UNANSWERED,
    }
)
"""Reasons to hold a fact that was fine itself."""

Programs = Mapping[tuple[str, str], KindProgram]


@dataclass(frozen=True, slots=True)
class Held:
    """A held notice as an operator sees it; `since` in microseconds. `overtaken_by`: a later state is told already."""

    id: int
    seq: int
    source: str
    kind: str
    record_id: str
    number: str
    url: str
    route: str
    destination: str
    reason: Reason
    why: str
    todo: str
    since: int
    overtaken_by: int | None
    people: tuple[Person, ...] = ()
    """What became for each person of the message that it went into, where that is known."""


class Release(StrEnum):
    """What became of a notice that was to be released or dropped."""

    WAITS = "waits"
    STILL_HELD = "still_held"
    ROUTE_GONE = "route_gone"
    NOT_TOLD = "not_told"
    SUPERSEDED = "superseded"
    ERASED = "erased"
    DROPPED = "dropped"
    NOT_HELD = "not_held"


SENTENCES: Mapping[Release, str] = {
    Release.WAITS: "It waits to be sent to {destination}.",
    Release.STILL_HELD: "It stays held, because {why}.",
    Release.ROUTE_GONE: "It stays held: by today's configuration no route {route} tells {destination}.",
    Release.NOT_TOLD: "It was dropped: by today's configuration route {route} does not tell it ({why}).",
    Release.SUPERSEDED: "It was not released: a later state of the record goes to {destination}, or went there.",
    Release.ERASED: "It stays held: its content was erased, so it can only be dropped.",
    Release.DROPPED: "It was dropped.",
    Release.NOT_HELD: "It is not held.",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """The answer for one notice, with a sentence for the operator."""

    id: int
    became: Release
    sentence: str


@dataclass(frozen=True, slots=True)
class _Ruled:
    """What a held notice comes to by today's configuration, before it is written."""

    slip: Slip
    became: Release
    verdict: Verdict
    notice: Notice | None = None


def held(ledger: Ledger) -> list[Held]:
    """Return all that is held, oldest first."""
    with ledger.read() as connection:
        found = store.slips(ledger, connection, notice.c.state == NoticeState.HELD)
        known = receipts.of_facts(connection, [one.id for one in found])
        return [_held(one, store.newer(connection, one, store.AHEAD), known.get(one.id, ())) for one in found]


def _held(one: Slip, overtaken_by: int | None, known: Sequence[Person]) -> Held:
    source, kind, id_ = one.subject
    return Held(
        id=one.id,
        seq=one.seq,
        source=source,
        kind=kind,
        record_id=id_,
        number=one.notice.number if one.notice else "",
        url=one.notice.url if one.notice else "",
        route=one.route,
        destination=one.destination,
        reason=one.reason,
        why=_why(one, Verdict(one.route, one.reason, one.detail)),
        todo=TO_DO[one.reason],
        since=one.created_at,
        overtaken_by=overtaken_by,
        people=tuple(known),
    )


def release(ledger: Ledger, ids: Sequence[int] | None, programs: Programs, plan_id: int, now: datetime) -> list[Moved]:
    """Decide held notices (None: all) again by today's configuration; returns what became of each.

    `programs` and `plan_id` are today's, `now` is aware. One that dispatch held waits again as it is.
    """
    wanted = _all(ledger) if ids is None else list(dict.fromkeys(ids))
    moved = []
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        with ledger.read() as connection:
            found = store.slips(ledger, connection, notice.c.id.in_(batch) & (notice.c.state == NoticeState.HELD))
            ruled = [_rule(ledger, connection, one, programs, now) for one in found]
        moved += _write(ledger, batch, ruled, f"by configuration {plan_id}")
    return moved


def drop(ledger: Ledger, ids: Sequence[int], by: str) -> list[Moved]:
    """Drop held notices for good; `by` says who, for the trail."""
    moved = []
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        with ledger.read() as connection:
            found = store.slips(ledger, connection, notice.c.id.in_(batch) & (notice.c.state == NoticeState.HELD))
        dropped = [_Ruled(one, Release.DROPPED, Verdict(one.route, Reason.DROPPED, by)) for one in found]
        moved += _write(ledger, batch, dropped, by)
    return moved


def _all(ledger: Ledger) -> list[int]:
    with ledger.read() as connection:
        return [one.id for one in store.slips(ledger, connection, notice.c.state == NoticeState.HELD)]


def _rule(ledger: Ledger, connection: Connection, slip: Slip, programs: Programs, now: datetime) -> _Ruled:
    kept = Verdict(slip.route, slip.reason, slip.detail)
    if slip.notice is None:
        return _Ruled(slip, Release.ERASED, kept)
    of = programs.get(slip.subject[:2])
    route = next((one for one in of.routes if one.route.name == slip.route), None) if of else None
    if of is None or route is None or not route.route.tells(slip.destination):
        return _Ruled(slip, Release.ROUTE_GONE, kept)
    verdict, told = Verdict(slip.route, Reason.TOLD), slip.notice
    if slip.reason not in AT_DISPATCH:
        past = store.arrivals_until(ledger, connection, slip)
        verdict, told = decide_again(of, route, past, slip.destination, now)
    if verdict.reason in HELD:
        return _Ruled(slip, Release.STILL_HELD, verdict)
    if verdict.reason is not Reason.TOLD:
        return _Ruled(slip, Release.NOT_TOLD, verdict)
    return _Ruled(slip, Release.WAITS, verdict, store.since_told(ledger, connection, slip, told))


_STATES: Mapping[Release, NoticeState] = {
    Release.WAITS: NoticeState.WAITING,
    Release.NOT_TOLD: NoticeState.DROPPED,
    Release.DROPPED: NoticeState.DROPPED,
    Release.SUPERSEDED: NoticeState.SUPERSEDED,
}
_STEPS: Mapping[Release, Step] = {
    Release.NOT_TOLD: Step.DROPPED,
    Release.DROPPED: Step.DROPPED,
    Release.SUPERSEDED: Step.SUPERSEDED,
}


def _write(ledger: Ledger, ids: Sequence[int], ruled: Sequence[_Ruled], said: str) -> list[Moved]:
    became: dict[int, Moved] = {id_: _moved(id_, Release.NOT_HELD, None, None) for id_ in ids}
    with ledger.write_alone(notice) as connection:
        at = ledger.now(connection)
        entries = []
        for one in ruled:
            final = _overtaken(connection, one)
            verdict = final.verdict
            state = _STATES.get(final.became, NoticeState.HELD)
            if not store.move(connection, final.slip, state, verdict, final.notice):
                continue
            became[final.slip.id] = _moved(final.slip.id, final.became, final.slip, verdict)
            entries.append(_entry(at, final, said))
        if entries:
            connection.execute(insert(trail), entries)
    return list(became.values())


def _entry(at: int, final: _Ruled, said: str) -> dict[str, Any]:
    reason, detail = final.verdict.reason, final.verdict.detail
    if final.became is Release.WAITS:
        detail = said
    elif final.became is Release.ROUTE_GONE:
        # the notice keeps the reason that it is held for, which another release has to look at again
        reason, detail = Reason.DESTINATION_GONE, final.slip.route
    step = _STEPS.get(final.became, Step.RELEASED)
    return entry(at, step, notice_id=final.slip.id, reason=reason, detail=detail)


def _overtaken(connection: Connection, one: _Ruled) -> _Ruled:
    """Return what is to be written, now that nobody else writes: a later state goes before an earlier one."""
    if one.became is not Release.WAITS:
        return one
    by = store.newer(connection, one.slip, store.AHEAD)
    if by is None:
        return one
    return _Ruled(one.slip, Release.SUPERSEDED, Verdict(one.slip.route, Reason.SUPERSEDED, str(by)))


def _moved(id_: int, became: Release, slip: Slip | None, verdict: Verdict | None) -> Moved:
    facts = {"route": slip.route if slip else "", "destination": slip.destination if slip else "", "why": ""}
    if slip and verdict:
        facts["why"] = _why(slip, verdict)
    return Moved(id_, became, SENTENCES[became].format(**facts))


def _why(slip: Slip, verdict: Verdict) -> str:
    clause = WHY_HELD.get(verdict.reason)
    if clause is None:
        return " ".join(filter(None, (verdict.reason, verdict.detail)))
    return clause.format(label=verdict.detail, destination=slip.destination)
