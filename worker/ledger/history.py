"""What the ledger remembers of a record: its arrivals, what each route made of them, the messages they went into."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection, select, union_all

from connectors.contract import Record
from pipelines.verdict import Reason, Verdict
from worker.ledger.arrivals import open_arrival
from worker.ledger.decisions import TRAIL, Subject
from worker.ledger.engine import Ledger
from worker.ledger.receipts import Person, reached
from worker.ledger.seal import Unsealable
from worker.ledger.tables import (
    InboxState,
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

SEARCHED = 2000
"""Arrivals without a known state that are opened in search of a number, newest first."""

_ARRIVAL = re.compile(r"#(\d{1,18})")
_MESSAGE = re.compile(r"message:(\d{1,18})")
_RECORD = re.compile(r"([^./\s]+)\.([^/]+)/(.+)")
_DIGITS = re.compile(r"\d{1,18}")


@dataclass(frozen=True, slots=True)
class Found:
    """The records that were asked for; `seqs` are the arrivals meant, None: all of each record."""

    subjects: tuple[Subject, ...] = ()
    seqs: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One trail entry; `at` in microseconds since the epoch, UTC, as all times here."""

    at: int
    step: Step
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that a notice went into, with its attempts, and what became of it for each person of whom that is known.

    `rest_of` is the message that flow control kept from those whom this one is for.
    """

    id: int
    key: str
    destination: str
    state: MessageState
    facts: int
    attempts: int
    framed_at: int
    due_at: int
    settled_at: int | None
    outcome: str
    code: str
    reason: str
    rest_of: int | None = None
    tries: tuple[Entry, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice and its way. `again` counts replays, `unanswered` how often no answer came and it waited once more."""

    id: int
    seq: int
    route: str
    destination: str
    subject: bytes
    state: NoticeState
    reason: str
    detail: str
    created_at: int
    source_at: int
    again: int
    lane: int
    unanswered: int = 0
    entries: tuple[Entry, ...] = ()
    messages: tuple[Sending, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What decide wrote of an event."""

    at: int
    plan_id: int
    changed: frozenset[str]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """An arrival and all that came of it. `record` and `ruling` are None where they can no longer be read."""

    seq: int
    source: str
    kind: str
    record_id: str
    received_at: int
    stamp: int
    pushed: bool
    baseline: bool
    state: InboxState
    record: Record | None
    trouble: str
    """Why it could not be decided or opened, for the operator."""
    entry: Entry | None
    ruling: Ruling | None
    tellings: tuple[Telling, ...]
    timed: tuple[Entry, ...] = ()
    """What came of the timers that were due while it was the newest state."""


def find(ledger: Ledger, connection: Connection, what: str) -> Found:
    """Return what an operator means by `what`.

    `#123` is an arrival, `message:123` a message, `source.kind/id` a record. Anything else is tried as a number that
    people use, as a record's id, as a message's key and as a message's id, in this order.
    """
    what = what.strip()
    if given := _ARRIVAL.fullmatch(what):
        return _of_seqs(connection, [int(given[1])])
    if given := _MESSAGE.fullmatch(what):
        return _of_message(connection, message.c.id == int(given[1]))
    if given := _RECORD.fullmatch(what):
        source, kind, id_ = given.groups()
        named = (inbox.c.source == source) & (inbox.c.kind == kind) & (inbox.c.record_id == id_)
        if (found := _subjects(connection, inbox, named)).subjects:
            return found
    return _by_name(ledger, connection, what)


def _by_name(ledger: Ledger, connection: Connection, what: str) -> Found:
    found = _subjects(connection, snapshot, snapshot.c.number == what)
    if not found.subjects:
        found = _subjects(connection, inbox, inbox.c.record_id == what)
    if not found.subjects:
        found = _of_message(connection, message.c.key == what)
    if not found.subjects and _DIGITS.fullmatch(what):
        found = _of_message(connection, message.c.id == int(what))
    return found if found.subjects else _by_opening(ledger, connection, what)


def _subjects(connection: Connection, table: Any, named: Any) -> Found:
    query = select(table.c.source, table.c.kind, table.c.record_id).where(named).distinct()
    return Found(tuple((r.source, r.kind, r.record_id) for r in connection.execute(query)))


def _of_seqs(connection: Connection, seqs: Sequence[int]) -> Found:
    query = select(inbox.c.source, inbox.c.kind, inbox.c.record_id).where(inbox.c.seq.in_(seqs)).order_by(inbox.c.seq)
    subjects = dict.fromkeys((r.source, r.kind, r.record_id) for r in connection.execute(query))
    return Found(tuple(subjects), frozenset(seqs))


def _of_message(connection: Connection, which: Any) -> Found:
    query = (
        select(notice.c.seq)
        .join(message_notice, message_notice.c.notice_id == notice.c.id)
        .join(message, message.c.id == message_notice.c.message_id)
        .where(which)
    )
    seqs = list(connection.execute(query).scalars())
    return _of_seqs(connection, seqs) if seqs else Found()


def _by_opening(ledger: Ledger, connection: Connection, number: str) -> Found:
    """Search the arrivals that left no state (unmapped, unreadable, not yet decided), whose numbers are sealed."""
    unmapped = select(trail.c.seq).where(trail.c.step == Step.DECIDED, trail.c.reason == Reason.UNMAPPED)
    # each of these states has an index of its own; an OR of them would be read through all arrivals
    seqs = union_all(
        *(select(inbox.c.seq).where(inbox.c.state == state) for state in (InboxState.NEW, InboxState.UNREADABLE)),
        unmapped,
    )
    stateless = select(inbox).where(inbox.c.seq.in_(seqs))
    subjects: dict[Subject, None] = {}
    for row in connection.execute(stateless.order_by(inbox.c.seq.desc()).limit(SEARCHED)):
        record, _ = _open(ledger, row)
        if record is not None and record.number == number:
            subjects[row.source, row.kind, row.record_id] = None
    return Found(tuple(subjects))


def happenings(ledger: Ledger, connection: Connection, subject: Subject) -> list[Happening]:
    """Return all that happened to one record, by arrival."""
    source, kind, id_ = subject
    query = select(inbox).where(inbox.c.source == source, inbox.c.kind == kind, inbox.c.record_id == id_)
    rows = connection.execute(query.order_by(inbox.c.seq)).all()
    seqs = [row.seq for row in rows]
    told = defaultdict(list)
    for telling in tellings(connection, notice.c.seq.in_(seqs)):
        told[telling.seq].append(telling)
    decided = select(trail).where(trail.c.seq.in_(seqs), trail.c.step.in_([Step.DECIDED, Step.UNREADABLE]))
    entries = {row.seq: row for row in connection.execute(decided)}
    found = [_happening(ledger, row, entries.get(row.seq), told[row.seq]) for row in rows]
    said = _entries(connection, trail.c.seq, seqs)
    return [replace(one, timed=tuple(e for e in said[one.seq] if e.step is Step.TIMED)) for one in found]


def _happening(ledger: Ledger, row: Any, found: Any, told: Sequence[Telling]) -> Happening:
    record, trouble = _open(ledger, row)
    return Happening(
        seq=row.seq,
        source=row.source,
        kind=row.kind,
        record_id=row.record_id,
        received_at=row.received_at,
        stamp=row.stamp,
        pushed=row.pushed,
        baseline=row.baseline,
        state=InboxState(row.state),
        record=record,
        trouble=trouble,
        entry=None if found is None else Entry(found.at, Step(found.step), found.reason, found.detail),
        ruling=None if found is None else ruling(ledger, row.data_key, found),
        tellings=tuple(told),
    )


def _open(ledger: Ledger, row: Any) -> tuple[Record | None, str]:
    try:
        return open_arrival(ledger.sealer, row).record, ""
    except Unsealable as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001  # whatever a damaged payload raises is what the operator must see
        return None, f"{type(error).__name__}: {error}"


def ruling(ledger: Ledger, data_key: bytes | None, found: Any) -> Ruling | None:
    """Return the verdicts in a trail row, or None when it holds none or they were erased."""
    if found.payload is None:
        return None
    try:
        content = ledger.sealer.open(data_key).unseal(found.payload, TRAIL)
    except Unsealable:
        return None
    plan_id, changed, verdicts = msgspec.json.decode(content)
    return Ruling(
        found.at, plan_id, frozenset(changed), tuple(Verdict(route, Reason(r), d) for route, r, d in verdicts)
    )


def tellings(connection: Connection, which: Any) -> list[Telling]:
    """Return these notices with their trail and messages, by route, destination and replay."""
    columns = [c for c in notice.c if c.name not in {"payload", "parted"}]
    query = select(*columns).where(which).order_by(notice.c.seq, notice.c.route, notice.c.destination, notice.c.again)
    found = [Telling(**{**row, "state": NoticeState(row["state"])}) for row in connection.execute(query).mappings()]
    entries = _entries(connection, trail.c.notice_id, [one.id for one in found])
    sent = _sent(connection, [one.id for one in found])
    return [replace(one, entries=tuple(entries[one.id]), messages=tuple(sent[one.id])) for one in found]


def _entries(connection: Connection, column: Any, ids: Sequence[int]) -> Mapping[int, list[Entry]]:
    query = select(trail, column.label("of")).where(column.in_(ids)).order_by(trail.c.id)
    entries: defaultdict[int, list[Entry]] = defaultdict(list)
    for row in connection.execute(query):
        entries[row.of].append(Entry(row.at, Step(row.step), row.reason, row.detail))
    return entries


def _sent(connection: Connection, notice_ids: Sequence[int]) -> Mapping[int, list[Sending]]:
    query = select(message_notice).where(message_notice.c.notice_id.in_(notice_ids))
    pairs = [(row.notice_id, row.message_id) for row in connection.execute(query)]
    by_id = {one.id: one for one in sendings(connection, {id_ for _, id_ in pairs})}
    sent: defaultdict[int, list[Sending]] = defaultdict(list)
    for notice_id, message_id in sorted(pairs):
        sent[notice_id].append(by_id[message_id])
    return sent


def sendings(connection: Connection, ids: Iterable[int]) -> list[Sending]:
    """Return these messages with their attempts, by id."""
    wanted = sorted(ids)
    tries = _entries(connection, trail.c.message_id, wanted)
    people = reached(connection, wanted)
    query = select(message).where(message.c.id.in_(wanted)).order_by(message.c.id)
    return [
        Sending(
            id=row.id,
            key=row.key,
            destination=row.destination,
            state=MessageState(row.state),
            facts=row.facts,
            attempts=row.attempts,
            framed_at=row.framed_at,
            due_at=row.due_at,
            settled_at=row.settled_at,
            outcome=row.outcome,
            code=row.code,
            reason=row.reason,
            rest_of=row.rest_of,
            tries=tuple(tries[row.id]),
            people=tuple(people.get(row.id, ())),
        )
        for row in connection.execute(query)
    ]
