"""What is held or was given up, by business record: one open problem for an order, however many facts of it wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from connectors.contract import Outcome
from worker.explain.sentences import TO_DO
from worker.ledger.engine import Ledger
from worker.ledger.tables import (
    MessageState,
    NoticeState,
    Step,
    inbox,
    message,
    message_notice,
    notice,
    snapshot,
    trail,
)
from worker.repair.held import Held, held


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands open for one record. Times in microseconds; `reason`, `why` and `todo` are of the newest fault.

    `attempts` counts sends of what was given up, and how often what is held was decided. `ids` are the numbers that
    the commands take: messages that were given up, or held facts.
    """

    source: str
    kind: str
    record_id: str
    number: str
    destinations: tuple[str, ...]
    since: int
    newest: int
    attempts: int
    reason: str
    why: str
    todo: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    """One fact that is held or was given up."""

    subject: tuple[str, str, str]
    number: str
    destination: str
    at: int
    attempts: int
    reason: str
    why: str
    todo: str
    id: int


def held_problems(ledger: Ledger) -> list[Problem]:
    """Return what is held by record, the oldest problem first."""
    found = held(ledger)
    with ledger.read() as connection:
        decided = _releases(connection)
    return _grouped(_held_fault(one, 1 + decided.get(one.id, 0)) for one in found)


def _held_fault(one: Held, attempts: int) -> _Fault:
    subject = (one.source, one.kind, one.record_id)
    return _Fault(
        subject, one.number, one.destination, one.since, attempts, one.reason, one.why, TO_DO[one.reason], one.id
    )


def _releases(connection: Connection) -> dict[int, int]:
    """Return how often each held notice was to be released."""
    query = (
        select(trail.c.notice_id, func.count())
        .join(notice, notice.c.id == trail.c.notice_id)
        .where(notice.c.state == NoticeState.HELD, trail.c.step == Step.RELEASED)
        .group_by(trail.c.notice_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def dead_problems(ledger: Ledger) -> list[Problem]:
    """Return what was given up by record, the oldest problem first."""
    same_record = and_(
        snapshot.c.source == inbox.c.source,
        snapshot.c.kind == inbox.c.kind,
        snapshot.c.record_id == inbox.c.record_id,
    )
    columns = (message.c.id, message.c.attempts, message.c.framed_at, message.c.settled_at, message.c.destination)
    said = (message.c.outcome, message.c.code, message.c.reason)
    query = (
        select(*columns, *said, inbox.c.source, inbox.c.kind, inbox.c.record_id, snapshot.c.number)
        .select_from(notice)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .join(message_notice, message_notice.c.notice_id == notice.c.id)
        .join(message, message.c.id == message_notice.c.message_id)
        .join(snapshot, same_record, isouter=True)
        .where(notice.c.state == NoticeState.DEAD, message.c.state == MessageState.DEAD)
        .order_by(message.c.id)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return _grouped(
        _Fault(
            subject=(row.source, row.kind, row.record_id),
            number=row.number or "",
            destination=row.destination,
            at=row.settled_at or row.framed_at,
            attempts=row.attempts,
            reason=row.outcome,
            why=" ".join(filter(None, (row.code, row.reason))),
            todo=_todo(row.outcome),
            id=row.id,
        )
        for row in rows
    )


def _todo(outcome: str) -> str:
    if outcome == Outcome.UNKNOWN:
        return "look whether it was shown, then send it again"
    return "repair what it was refused for, then send it again"


def _grouped(faults: Iterable[_Fault]) -> list[Problem]:
    by_record: dict[tuple[str, str, str], dict[int, _Fault]] = {}
    for one in faults:
        # two routes may put the same record into one message
        by_record.setdefault(one.subject, {})[one.id] = one
    return sorted((_problem(list(group.values())) for group in by_record.values()), key=lambda one: one.since)


def _problem(faults: list[_Fault]) -> Problem:
    newest = max(faults, key=lambda one: (one.at, one.id))
    source, kind, record_id = newest.subject
    return Problem(
        source=source,
        kind=kind,
        record_id=record_id,
        number=newest.number,
        destinations=tuple(dict.fromkeys(one.destination for one in faults)),
        since=min(one.at for one in faults),
        newest=newest.at,
        attempts=sum(one.attempts for one in faults),
        reason=newest.reason,
        why=newest.why,
        todo=newest.todo,
        ids=tuple(sorted(one.id for one in faults)),
    )
