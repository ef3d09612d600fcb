"""What is written when the time of timers has come: notices, trail and the timers, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_, update

from pipelines.notice import Notice
from pipelines.verdict import HELD, Reason, Verdict
from pipelines.waiting import Timing
from worker.ledger.arrivals import SHARDS, subject
from worker.ledger.decisions import NOTE, Contested, Subject, entry, notice_row, withdraw
from worker.ledger.engine import Ledger, lock_names
from worker.ledger.seal import DataKey
from worker.ledger.tables import NoticeState, Step, TimerState, notice, snapshot, timer
from worker.ledger.timers import MINE, Timer, keep, named

_STILL = (timer.c.state == TimerState.WAITING, timer.c.due_at == bindparam("was"))
_MOVE = update(timer).where(*MINE, *_STILL).values(due_at=bindparam("to_due_at"), state=bindparam("to_state"))
_DROP = delete(timer).where(*MINE, *_STILL)


@dataclass(frozen=True, slots=True)
class Rung:
    """What became of a timer: the verdict and the notices, and when it is due again; None: never, while `told` stays.

    `seq` is the arrival that the record was known by, whose data key seals the notices. `started` are the timers that
    begin with it.
    """

    timer: Timer
    seq: int
    verdict: Verdict
    notices: tuple[Notice, ...] = ()
    key: DataKey | None = None
    again_at: int | None = None
    told: bool = False
    started: tuple[Timing, ...] = ()


def settle(ledger: Ledger, connection: Connection, rung: Sequence[Rung], known: Mapping[Subject, int]) -> None:
    """Write what became of these timers: notices, trail, and the timers themselves.

    Raises `Contested` when one of them was moved meanwhile, or a record is known by another arrival than `known` says.
    """
    lock_names(connection, {f"shard {subject(*one.timer.subject)[0] % SHARDS}" for one in rung})
    _require(connection, known)
    at = ledger.now(connection)
    moved = [one for one in rung if one.told or one.again_at is not None]
    over = [one for one in rung if not one.told and one.again_at is None]
    if moved and connection.execute(_MOVE, [_move(one) for one in moved]).rowcount != len(moved):
        raise Contested
    if over and connection.execute(_DROP, [_was(one) for one in over]).rowcount != len(over):
        raise Contested
    ended = keep(ledger, connection, [(one.timer.subject, timing) for one in rung for timing in one.started])
    withdraw(connection, ended, at)
    _tell(connection, rung, at)
    said = [(one.seq, one.verdict) for one in rung if one.verdict.route]
    if said:
        steps = [
            entry(at, Step.TIMED, seq=seq, reason=v.reason, detail=f"{v.route} {v.detail}".strip()) for seq, v in said
        ]
        connection.execute(NOTE, steps)


def _require(connection: Connection, known: Mapping[Subject, int]) -> None:
    key = tuple_(snapshot.c.source, snapshot.c.kind, snapshot.c.record_id)
    query = select(snapshot.c.source, snapshot.c.kind, snapshot.c.record_id, snapshot.c.seq).where(key.in_(list(known)))
    if {(r.source, r.kind, r.record_id): r.seq for r in connection.execute(query)} != known:
        raise Contested


def _was(one: Rung) -> dict[str, Any]:
    return {**named(one.timer.subject, one.timer.route), "was": one.timer.due_at}


def _move(one: Rung) -> dict[str, Any]:
    state = TimerState.TOLD if one.again_at is None else TimerState.WAITING
    return {**_was(one), "to_due_at": one.again_at or one.timer.due_at, "to_state": int(state)}


def _tell(connection: Connection, rung: Sequence[Rung], at: int) -> None:
    """Write the notices; a state that was told on its route before, at an earlier time, is told again."""
    telling = [(one, told) for one in rung for told in one.notices]
    if not telling:
        return
    before = select(notice.c.seq, notice.c.route, notice.c.destination, func.max(notice.c.again).label("again"))
    mine = before.where(notice.c.seq.in_({told.seq for _, told in telling}))
    counted = connection.execute(mine.group_by(notice.c.seq, notice.c.route, notice.c.destination))
    last = {(r.seq, r.route, r.destination): r.again for r in counted}
    rows = []
    for one, told in telling:
        if one.key is None:
            raise ValueError("a notice is sealed with the key of its arrival")
        held = one.verdict.reason in HELD
        state = NoticeState.HELD if held else NoticeState.WAITING
        # how long it waited for its time says nothing of how fast the program is
        verdict = one.verdict if held else Verdict(told.route, Reason.WAITS)
        again = last.get((told.seq, told.route, told.destination), -1) + 1
        rows.append({**notice_row(told, one.key, at, state, verdict), "again": again})
    connection.execute(insert(notice), rows)
