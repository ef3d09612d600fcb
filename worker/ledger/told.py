"""What somebody was told: the facts that were delivered where they read, as they were told, newest first."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from connectors.contract import Outcome, Reached
from pipelines.notice import Notice
from worker.ledger.decisions import NOTICE, Subject
from worker.ledger.engine import Ledger
from worker.ledger.history import Ruling, Sending, Telling, ruling, tellings
from worker.ledger.readers import Since
from worker.ledger.seal import Unsealable
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

NEWEST = 5
"""Messages of each destination that are looked at for the newest that came to somebody."""

LONGEST_DETAIL = 512
CAME = frozenset({Outcome.DELIVERED, Outcome.PARTLY})
GOT = frozenset({Reached.TAKEN, Reached.UNREAD, Reached.READ, Reached.REPEATED})
STATES = 200
"""States of a record that are looked through at once."""
RECORDS = 5
"""Records of one number that are looked at: of several systems, or several kinds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where somebody reads, and since when; `user` is empty for all who read there together."""

    since: Since
    user: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that was delivered, with all of it; `received_at` in microseconds.

    `ruling` is what decide wrote of its arrival, None where that is gone; `message` the last one that carried it;
    `withheld` names the fields that were left out.
    """

    telling: Telling
    notice: Notice
    ruling: Ruling | None
    message: Sending
    received_at: int
    withheld: frozenset[str]

    @property
    def at(self) -> int:
        """When it was delivered, in microseconds."""
        return self.message.settled_at or self.message.framed_at


def of_number(
    ledger: Ledger, connection: Connection, reading: Reading, numbers: Collection[str], most: int
) -> list[Told]:
    """Return at most `most` facts about records that have one of these numbers now; what they were told as may differ."""
    query = select(snapshot.c.source, snapshot.c.kind, snapshot.c.record_id).where(snapshot.c.number.in_(numbers))
    subjects = [(row.source, row.kind, row.record_id) for row in connection.execute(query.limit(RECORDS))]
    ids = [id_ for subject in subjects for id_ in _delivered(connection, reading.since, subject, most)]
    return _opened(ledger, connection, reading, ids)[:most]


def newest(ledger: Ledger, connection: Connection, reading: Reading) -> list[Told]:
    """Return the facts of the message that came last to somebody."""
    sent: list[tuple[int, int]] = []
    for name, since in reading.since.items():
        # one at a time, each from the end of an index
        mine = select(message.c.settled_at, message.c.id).where(
            message.c.destination == name, message.c.state == MessageState.DELIVERED, message.c.framed_at >= since
        )
        last = connection.execute(mine.order_by(message.c.settled_at.desc()).limit(NEWEST))
        sent += [(row.settled_at, row.id) for row in last]
    for _, id_ in sorted(sent, reverse=True):
        carried = select(message_notice.c.notice_id).where(message_notice.c.message_id == id_)
        if found := _opened(ledger, connection, reading, list(connection.execute(carried).scalars())):
            return found
    return []


def _delivered(connection: Connection, since: Since, subject: Subject, most: int) -> list[int]:
    """Return the facts about a record that were delivered, the one that was told last first; its newest states first.

    Table by table, each by its key: PostgreSQL joins whole tables instead while it has not counted them.
    """
    source, kind, id_ = subject
    mine = (inbox.c.source == source, inbox.c.kind == kind, inbox.c.record_id == id_)
    newest = select(inbox.c.seq).where(*mine).order_by(inbox.c.seq.desc())
    came: dict[int, int] = {}
    before: int | None = None
    while len(came) < most:
        page = newest if before is None else newest.where(inbox.c.seq < before)
        seqs = connection.execute(page.limit(STATES)).scalars().all()
        told = select(notice.c.id).where(notice.c.seq.in_(seqs))
        ids = connection.execute(told).scalars().all() if seqs else ()
        came |= _settled(connection, since, ids) if ids else {}
        if len(seqs) < STATES:
            break
        before = seqs[-1]
    return sorted(came, key=lambda each: (came[each], each), reverse=True)[:most]


def _settled(connection: Connection, since: Since, notices: Sequence[int]) -> dict[int, int]:
    """Return which of these facts were delivered to somebody since they read there, and when last."""
    carried = select(message_notice.c.message_id, message_notice.c.notice_id).where(
        message_notice.c.notice_id.in_(notices)
    )
    pairs = connection.execute(carried).all()
    columns = (message.c.id, message.c.destination, message.c.framed_at, message.c.settled_at)
    named = message.c.id.in_({pair.message_id for pair in pairs})
    sent = connection.execute(select(*columns).where(named, message.c.state == MessageState.DELIVERED))
    at = {one.id: one.settled_at for one in sent if one.framed_at >= since.get(one.destination, math.inf)}
    found: dict[int, int] = {}
    for pair in pairs:
        if pair.message_id in at:
            found[pair.notice_id] = max(at[pair.message_id], found.get(pair.notice_id, 0))
    return found


def _opened(ledger: Ledger, connection: Connection, reading: Reading, ids: Sequence[int]) -> list[Told]:
    """Return these facts, the one that was told last first, without those that did not come or whose content is gone."""
    of = {one.id: one for one in tellings(connection, notice.c.id.in_(ids))}
    query = (
        select(notice.c.id, notice.c.destination, notice.c.payload, inbox.c.seq, inbox.c.data_key, inbox.c.received_at)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(notice.c.id.in_(ids))
    )
    rows = connection.execute(query).all()
    decided = select(trail).where(trail.c.seq.in_([row.seq for row in rows]), trail.c.step == Step.DECIDED)
    entries = {row.seq: row for row in connection.execute(decided)}
    found = []
    for row in rows:
        telling, entry = of[row.id], entries.get(row.seq)
        came = _came(telling, reading)
        if not came:
            continue
        try:
            opened = Notice.load(ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE), row.destination)
        except Unsealable:
            continue
        made = ruling(ledger, row.data_key, entry) if entry is not None else None
        left_out = _withheld(telling, opened)
        last = max(came, key=lambda one: (one.settled_at or 0, one.id))
        found.append(Told(telling, opened, made, last, row.received_at, left_out))
    return sorted(found, key=lambda one: (one.at, one.telling.id), reverse=True)


def _came(telling: Telling, reading: Reading) -> list[Sending]:
    """Return the messages by which a fact came whole to somebody; none where a part of it did not, or was taken back."""
    since = reading.since.get(telling.destination)
    parts = [one for one in telling.messages if one.rest_of is None]
    came = [one for one in parts if one.outcome in CAME]
    # of what had no answer at first and was told once more, the earlier messages do not count
    whole = telling.state is NoticeState.SHOWN or len(came) == len(parts)
    if since is None or not whole:
        return []
    got = all(one.framed_at >= since and _got(one, telling.messages, reading.user) for one in came)
    return came if got else []


def _got(part: Sending, messages: Sequence[Sending], user: str) -> bool:
    """Tell whether one message came to somebody, itself or later as its rest; to all where nobody is named."""
    sent = [part, *(one for one in messages if one.rest_of == part.id)]
    if any(entry.step is Step.RECALLED for one in sent for entry in one.tries):
        return False
    known = {person.person: person.reached for one in sent for person in one.people}
    return not user or not known or known.get(user) in GOT


def _withheld(telling: Telling, of: Notice) -> frozenset[str]:
    named = [entry.detail for entry in telling.entries if entry.step is Step.FRAMED]
    if any(len(each) >= LONGEST_DETAIL for each in named):
        # the list was cut off, so that any field may have been among them
        return frozenset(of.fields)
    return frozenset(name for each in named for name in each.split(", ") if name)
