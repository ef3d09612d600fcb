"""What somebody was told: the facts that were delivered where they read, as they were told, newest first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, false, func, or_, select

from connectors.contract import Outcome
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

LONGEST_DETAIL = 512
RECORDS = 5
"""Records of one number that are looked at: of several systems, or several kinds."""


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


def of_number(ledger: Ledger, connection: Connection, reads: Since, numbers: Collection[str], most: int) -> list[Told]:
    """Return at most `most` facts about records that have one of these numbers now; what they were told as may differ."""
    query = select(snapshot.c.source, snapshot.c.kind, snapshot.c.record_id).where(snapshot.c.number.in_(numbers))
    subjects = [(row.source, row.kind, row.record_id) for row in connection.execute(query.limit(RECORDS))]
    ids = [id_ for subject in subjects for id_ in _delivered(connection, reads, subject, most)]
    return _opened(ledger, connection, reads, ids)[:most]


def newest(ledger: Ledger, connection: Connection, reads: Since) -> list[Told]:
    """Return the facts of the message that was delivered last where somebody reads."""
    last: tuple[int, int] | None = None
    for name, since in reads.items():
        # one at a time, each from the end of an index
        mine = select(message.c.settled_at, message.c.id).where(
            message.c.destination == name, message.c.state == MessageState.DELIVERED, message.c.framed_at >= since
        )
        found = connection.execute(mine.order_by(message.c.settled_at.desc()).limit(1)).first()
        if found is not None and (last is None or (found.settled_at, found.id) > last):
            last = (found.settled_at, found.id)
    if last is None:
        return []
    carried = select(message_notice.c.notice_id).where(message_notice.c.message_id == last[1])
    return _opened(ledger, connection, reads, list(connection.execute(carried).scalars()))


def _delivered(connection: Connection, reads: Since, subject: Subject, most: int) -> list[int]:
    source, kind, id_ = subject
    read = (and_(message.c.destination == name, message.c.framed_at >= since) for name, since in reads.items())
    query = (
        select(notice.c.id)
        .select_from(inbox)
        .join(notice, notice.c.seq == inbox.c.seq)
        .join(message_notice, message_notice.c.notice_id == notice.c.id)
        .join(message, message.c.id == message_notice.c.message_id)
        .where(
            inbox.c.source == source,
            inbox.c.kind == kind,
            inbox.c.record_id == id_,
            notice.c.state == NoticeState.SHOWN,
            message.c.state == MessageState.DELIVERED,
            or_(false(), *read),
        )
        .group_by(notice.c.id)
        .order_by(func.max(message.c.settled_at).desc(), notice.c.id.desc())
    )
    return list(connection.execute(query.limit(most)).scalars())


def _opened(ledger: Ledger, connection: Connection, reads: Since, ids: Sequence[int]) -> list[Told]:
    """Return these facts, the one that was told last first, without those whose content is gone."""
    of = {one.id: one for one in tellings(connection, notice.c.id.in_(ids))}
    query = (
        select(notice.c.id, notice.c.payload, inbox.c.seq, inbox.c.data_key, inbox.c.received_at)
        .join(inbox, inbox.c.seq == notice.c.seq)
        .where(notice.c.id.in_(ids))
    )
    rows = connection.execute(query).all()
    decided = select(trail).where(trail.c.seq.in_([row.seq for row in rows]), trail.c.step == Step.DECIDED)
    entries = {row.seq: row for row in connection.execute(decided)}
    found = []
    for row in rows:
        telling, entry = of[row.id], entries.get(row.seq)
        if not _whole(telling, reads):
            continue
        try:
            opened = Notice.load(ledger.sealer.open(row.data_key).unseal(row.payload, NOTICE))
        except Unsealable:
            continue
        made = ruling(ledger, row.data_key, entry) if entry is not None else None
        left_out = _withheld(telling, opened)
        last = max(telling.messages, key=lambda one: (one.settled_at or 0, one.id))
        found.append(Told(telling, opened, made, last, row.received_at, left_out))
    return sorted(found, key=lambda one: (one.at, one.telling.id), reverse=True)


def _whole(telling: Telling, reads: Since) -> bool:
    """Tell whether every part was delivered to who reads it now: of a fact in several messages one may be missing."""
    since = reads.get(telling.destination)
    if since is None or telling.state is not NoticeState.SHOWN or not telling.messages:
        return False
    return all(one.outcome == Outcome.DELIVERED and one.framed_at >= since for one in telling.messages)


def _withheld(telling: Telling, of: Notice) -> frozenset[str]:
    named = [entry.detail for entry in telling.entries if entry.step is Step.FRAMED]
    if any(len(each) >= LONGEST_DETAIL for each in named):
        # the list was cut off, so that any field may have been among them
        return frozenset(of.fields)
    return frozenset(name for each in named for name in each.split(", ") if name)
