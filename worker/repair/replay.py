"""Telling facts again: the original event's identity, a message key of its own, and today's clearance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from pipelines.case import KindProgram
from pipelines.notice import Notice
from pipelines.plan import Lane, Plan
from pipelines.verdict import Reason, Verdict
from worker.ledger import held as store
from worker.ledger import replays
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.held import Slip
from worker.ledger.replays import Chosen
from worker.ledger.tables import NoticeState, notice
from worker.repair.again import decide_again

BATCH = 100
"""Notices that are written in one transaction: short, because live facts are written in between."""


class MappedBy(StrEnum):
    """Whose mapping and rules a repeated fact follows; clearance and quota are always today's."""

    THEN = "then"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Today:
    """Today's configuration, and whether facts are mapped by it anew. `now` is aware."""

    plan: Plan
    plan_id: int
    programs: Mapping[tuple[str, str], KindProgram]
    mapped_by: MappedBy
    now: datetime


class Replay(StrEnum):
    """What became of a notice or message that was to be sent again."""

    WAITS = "waits"
    UNKNOWN_ID = "unknown_id"
    UNDER_WAY = "under_way"
    NOT_SENT = "not_sent"
    OLDER = "older"
    ERASED = "erased"
    ROUTE_GONE = "route_gone"
    NOT_TOLD = "not_told"


SENTENCES: Mapping[Replay, str] = {
    Replay.WAITS: "It is sent again to {destination}, as a message of its own.",
    Replay.UNKNOWN_ID: "There is no such message.",
    Replay.UNDER_WAY: "It is not repeated: it is on its way to {destination}.",
    Replay.NOT_SENT: "It is not repeated: it is no fact that was delivered or given up.",
    Replay.OLDER: "It is not repeated: there is a later state of this record for {destination}; if that one was given "
    "up, send it again.",
    Replay.ERASED: "It is not repeated: its content was erased.",
    Replay.ROUTE_GONE: "It is not repeated: by today's configuration no route {route} tells {destination}.",
    Replay.NOT_TOLD: "It is not repeated: by today's configuration route {route} does not tell it ({why}).",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """The answer for one notice (0: there is no such message); `as_notice` is the new one."""

    notice_id: int
    became: Replay
    sentence: str
    as_notice: int | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a notice comes to before it is written: the fact that would be told, or why none is."""

    id: int
    became: Replay
    slip: Slip | None = None
    told: Notice | None = None
    why: str = ""

    def answer(self, new: int | None = None) -> Replayed:
        """Return the answer for the operator; `new` is the notice that was written."""
        slip = self.slip
        facts = {"destination": slip.destination if slip else "", "route": slip.route if slip else ""}
        return Replayed(self.id, self.became, SENTENCES[self.became].format(**facts, why=self.why), new)


def replay(ledger: Ledger, chosen: Chosen, today: Today) -> Iterator[Replayed]:
    """Have these facts told again, a short transaction at a time; gives what became of each.

    Each becomes a new notice of the same arrival in lane `BULK` that says when it was due. An older state never goes
    after a newer one: what is overtaken is refused, and what a later state overtakes while it waits is superseded.
    """
    yield from (Ruled(0, Replay.UNKNOWN_ID).answer() for _ in chosen.unknown_messages)
    for start in range(0, len(chosen.ids), BATCH):
        batch = chosen.ids[start : start + BATCH]
        with ledger.read() as connection:
            ruled = rule(ledger, connection, batch, today)
        with ledger.write_alone(notice) as connection:
            # nobody else writes now, so what was ruled before is looked at again
            final = _standing(connection, ruled)
            told = [(one.slip, one.told) for one in final if one.slip is not None and one.told is not None]
            said = (str(today.mapped_by), f"by configuration {today.plan_id}")
            new = replays.repeat(connection, told, ledger.now(connection), said)
        yield from (one.answer(new.get(one.id)) for one in final)


def rule(ledger: Ledger, connection: Connection, ids: Sequence[int], today: Today) -> list[Ruled]:
    """Return what each of these notices comes to by today's configuration."""
    found = {one.id: one for one in store.slips(ledger, connection, notice.c.id.in_(ids))}
    ruled = [_rule(ledger, connection, found[id_], today) for id_ in ids if id_ in found]
    return _standing(connection, ruled)


def _rule(ledger: Ledger, connection: Connection, slip: Slip, today: Today) -> Ruled:
    if slip.notice is None:
        return Ruled(slip.id, Replay.ERASED, slip)
    of = today.programs.get(slip.subject[:2])
    route = next((one for one in of.routes if one.route.name == slip.route), None) if of else None
    if of is None or route is None or not route.route.tells(slip.destination):
        return Ruled(slip.id, Replay.ROUTE_GONE, slip)
    told = slip.notice
    if today.mapped_by is MappedBy.NOW:
        past = store.arrivals_until(ledger, connection, slip)
        verdict, told = decide_again(of, route, past, slip.destination, today.now)
        if verdict.reason is not Reason.TOLD:
            return Ruled(slip.id, Replay.NOT_TOLD, slip, why=_why(verdict))
    since = store.since_told(ledger, connection, slip, told)
    return Ruled(slip.id, Replay.WAITS, slip, replace(since, lane=Lane.BULK, due=_due(slip)))


def _why(verdict: Verdict) -> str:
    return " ".join(filter(None, (verdict.reason, verdict.detail)))


def _due(slip: Slip) -> datetime:
    """Return when the fact was first due: a repetition of a repetition was due when the first was."""
    if slip.notice is not None and slip.notice.due is not None:
        return slip.notice.due
    return datetime.fromtimestamp(slip.created_at / MICROSECONDS, UTC)


def _standing(connection: Connection, ruled: Sequence[Ruled]) -> list[Ruled]:
    """Return the rulings by what stands in the ledger now."""
    ids = [one.id for one in ruled]
    states = replays.states(connection, ids)
    under_way, overtaken = replays.under_way(connection, ids), replays.overtaken(connection, ids)

    def refusal(id_: int) -> Replay | None:
        if id_ in under_way:
            return Replay.UNDER_WAY
        if id_ in overtaken or states[id_] is NoticeState.SUPERSEDED:
            return Replay.OLDER
        return None if states[id_] in {NoticeState.DEAD, NoticeState.SHOWN} else Replay.NOT_SENT

    return [Ruled(one.id, became, one.slip) if (became := refusal(one.id)) is not None else one for one in ruled]
