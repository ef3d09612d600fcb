"""Faults as the ledger knows them: each is told at most once in a while, and by one of several schedulers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipelines.sentence import Sentence
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import fault, telling

LEASE_S = 120
"""How long a telling under way is left to who took it: longer than any way's deadline."""

GIVE_UP_S = 24 * 3600


class Kind(StrEnum):
    """What can be wrong."""

    SOURCE_UNREADABLE = "source_unreadable"
    ROW_UNREADABLE = "row_unreadable"
    DRIFT = "drift"
    SOURCE_SILENT = "source_silent"
    SUBSCRIPTION = "subscription"
    HINTS = "hints"
    MISSED = "missed"
    UNHEARD = "unheard"
    DESTINATION_MISCONFIGURED = "destination_misconfigured"
    WAITING = "waiting"
    GIVEN_UP = "given_up"
    NOT_REACHED = "not_reached"
    HELD = "held"
    NOBODY_DECIDES = "nobody_decides"
    NOT_CARRIED_OUT = "not_carried_out"
    UNDECIDED = "undecided"
    QUOTA = "quota"
    MONTH = "month"
    ATTESTATION = "attestation"
    UNVERIFIED = "unverified"
    READERS = "readers"
    PEOPLE = "people"
    CLEARANCE = "clearance"
    OVERSEEN = "overseen"
    LOST_CLEARANCE = "lost_clearance"
    NO_WORKER = "no_worker"
    BROKER = "broker"
    WAY = "way"


ONCE = frozenset({Kind.MONTH})
"""What is told when it begins, and neither again while it lasts nor when it ends."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now. `said` says what to do and holds no field's value; `sentence` is it in English."""

    kind: Kind
    subject: str
    sentence: str
    said: Sentence

    @property
    def key(self) -> str:
        """What makes it the same fault the next time."""
        return f"{self.kind} {self.subject}".strip()[:255]


@dataclass(frozen=True, slots=True)
class Known:
    """A fault in the ledger; times in microseconds, `told_at` is 0 when it was never told."""

    key: str
    kind: Kind
    subject: str
    sentence: str
    said: Sentence
    first_at: int
    last_at: int
    told_at: int
    count: int
    open: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look changed: what is to be told now, and of that and the rest what has just begun or ended."""

    told: tuple[Known, ...]
    turned: tuple[Known, ...]


def note(ledger: Ledger, connection: Connection, found: Sequence[Finding], at: int, repeat: timedelta) -> Seen:
    """Write what is wrong at `at` and what no longer is; what is returned as told belongs to this transaction.

    A fault is told when it begins and every `repeat` while it lasts, never more often; its end is told when its
    beginning was. What is of a kind in `ONCE` is told once.
    """
    before = {one.key: one for one in all_faults(connection)}
    now_open = {one.key: one for one in found}
    told: list[str] = []
    turned: list[str] = []
    for key, one in now_open.items():
        if _open(ledger, connection, one, at):
            turned.append(key)
        due = 0 if one.kind in ONCE else at - int(repeat.total_seconds() * MICROSECONDS)
        claim = update(fault).where(fault.c.key == key, fault.c.told_at <= due).values(told_at=at)
        if connection.execute(claim).rowcount:
            told.append(key)
    for key, known in before.items():
        if known.open and key not in now_open:
            ended = update(fault).where(fault.c.key == key, fault.c.open).values(open=False, last_at=at)
            if connection.execute(ended).rowcount:
                turned.append(key)
                if known.told_at >= known.first_at and known.kind not in ONCE:
                    told.append(key)
    after = {one.key: one for one in all_faults(connection)}
    return Seen(tuple(after[key] for key in told), tuple(after[key] for key in turned))


def _open(ledger: Ledger, connection: Connection, one: Finding, at: int) -> bool:
    """Write a fault that lasts, begins or begins again; true where it begins."""
    said: dict[str, Any] = {"sentence": one.sentence[:512], "said": one.said.dump(), "last_at": at}
    lasts = update(fault).where(fault.c.key == one.key, fault.c.open)
    if connection.execute(lasts.values(**said, count=fault.c.count + 1)).rowcount:
        return False
    begins = {**said, "first_at": at, "count": 1, "open": True}
    row = {"key": one.key, "kind": str(one.kind), "subject": one.subject[:128], **begins}
    upsert = ledger.insert(fault).values(row)
    again = upsert.on_conflict_do_update(index_elements=["key"], set_=begins, where=~fault.c.open)
    return bool(connection.execute(again).rowcount)


def all_faults(connection: Connection, *, open_only: bool = False) -> list[Known]:
    """Return the faults that were ever found, or those that last."""
    # a row has a method of the name count
    query = select(fault, fault.c.count.label("times")).order_by(fault.c.first_at, fault.c.key)
    if open_only:
        query = query.where(fault.c.open)
    return [
        Known(
            key=r.key,
            kind=Kind(r.kind),
            subject=r.subject,
            sentence=r.sentence,
            said=Sentence.load(r.said),
            first_at=r.first_at,
            last_at=r.last_at,
            told_at=r.told_at,
            count=r.times,
            open=r.open,
        )
        for r in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Telling:
    """Something to be told by one way. `id` stays over repetitions."""

    id: int
    way: str
    content: bytes
    created_at: int
    attempts: int


def queue(connection: Connection, ways: Sequence[str], content: bytes, at: int) -> None:
    """Let `content` be told by each of these ways, in the transaction that claimed it."""
    if ways:
        rows = [{"way": way, "content": content, "created_at": at, "due_at": at} for way in ways]
        connection.execute(insert(telling), rows)


def due_tellings(connection: Connection, way: str, at: int) -> bool:
    """Tell whether anything is due to be told by this way."""
    query = select(telling.c.id).where(telling.c.way == way, telling.c.due_at <= at)
    return connection.execute(query.limit(1)).first() is not None


def take_telling(connection: Connection, way: str, at: int) -> Telling | None:
    """Take the oldest that is due by this way; it comes again when nobody says what became of it."""
    due = select(telling).where(telling.c.way == way, telling.c.due_at <= at).order_by(telling.c.id).limit(1)
    row = connection.execute(due).first()
    if row is None:
        return None
    mine = update(telling).where(telling.c.id == row.id, telling.c.due_at == row.due_at)
    values = {"due_at": at + LEASE_S * MICROSECONDS, "attempts": row.attempts + 1}
    if not connection.execute(mine.values(**values)).rowcount:
        return None
    return Telling(row.id, row.way, row.content, row.created_at, row.attempts + 1)


def end_telling(connection: Connection, of: Telling, at: int, failure: str = "") -> None:
    """Write that it was told, or why not: then it comes again later, for a day."""
    if not failure or at - of.created_at > GIVE_UP_S * MICROSECONDS:
        connection.execute(delete(telling).where(telling.c.id == of.id))
        return
    later = at + min(900, 15 * 2 ** min(of.attempts, 10)) * MICROSECONDS
    connection.execute(update(telling).where(telling.c.id == of.id).values(due_at=later, failure=failure[:512]))


def drop_tellings(connection: Connection, ways: Sequence[str]) -> None:
    """Forget what was to be told by ways that are not configured any more."""
    connection.execute(delete(telling).where(telling.c.way.not_in(ways)))


def failing_ways(connection: Connection) -> dict[str, str]:
    """Return the ways by which telling fails again and again, and how it failed."""
    query = select(telling.c.way, telling.c.failure).where(telling.c.attempts > 1, telling.c.failure != "")
    return {row.way: row.failure for row in connection.execute(query.order_by(telling.c.id))}
