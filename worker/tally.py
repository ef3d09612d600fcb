"""How much arrived, was told, and was not told for which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from pipelines.verdict import SUPPRESSED, Reason, Verdict
from worker.ledger.engine import Ledger
from worker.ledger.history import ruling
from worker.ledger.tables import InboxState, MessageState, NoticeState, Step, inbox, message, notice, refused, trail

BATCH = 2000
"""Trail entries that are unsealed at once."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a whole ledger.

    `suppressed` counts once for each event and route, and once for a verdict about an event as a whole; `unrouted` are
    events that no route asks for, `erased` decisions that can no longer be read. `held`, `waiting`, `on_their_way` and
    `dead` are notices; `withheld` are fields left out of delivered messages; `refused` are pushes, by reason.
    """

    accepted: int
    undecided: int
    decided: int
    unreadable: int
    delivered_messages: int
    delivered_facts: int
    suppressed: Mapping[str, int]
    unrouted: int
    erased: int
    withheld: int
    held: int
    waiting: int
    on_their_way: int
    dead: int
    refused: Mapping[str, int]

    def to_plain(self) -> dict[str, Any]:
        """Return the counts as values that JSON can hold."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def tally(ledger: Ledger) -> Tally:
    """Count. Reads in short steps, so that a ledger at work is not held up; the counts are not of one instant."""
    with ledger.read() as connection:
        events = _by_state(connection, inbox)
        notices = _by_state(connection, notice)
        messages = _by_state(connection, message)
        delivered = select(func.sum(message.c.withheld)).where(message.c.state == MessageState.DELIVERED)
        withheld = connection.execute(delivered).scalar() or 0
        by_reason = select(refused.c.reason, func.sum(refused.c.count)).group_by(refused.c.reason)
        pushes = _pairs(connection, by_reason)
        whole = (
            select(trail.c.reason, func.count())
            .where(trail.c.step == Step.DECIDED, trail.c.reason != "")
            .group_by(trail.c.reason)
        )
        suppressed: Counter[str] = Counter(_pairs(connection, whole))
    unrouted = erased = 0
    for verdicts in _rulings(ledger):
        erased += verdicts is None
        unrouted += verdicts == ()
        suppressed.update(str(verdict.reason) for verdict in verdicts or () if verdict.reason in SUPPRESSED)
    suppressed[Reason.SUPERSEDED] += notices[NoticeState.SUPERSEDED]
    suppressed[Reason.DROPPED] += notices[NoticeState.DROPPED]
    return Tally(
        accepted=events.total(),
        undecided=events[InboxState.NEW],
        decided=events[InboxState.DECIDED],
        unreadable=events[InboxState.UNREADABLE],
        delivered_messages=messages[MessageState.DELIVERED],
        delivered_facts=notices[NoticeState.SHOWN],
        suppressed={str(reason): count for reason, count in sorted(suppressed.items()) if count},
        unrouted=unrouted,
        erased=erased,
        withheld=int(withheld),
        held=notices[NoticeState.HELD],
        waiting=notices[NoticeState.WAITING],
        on_their_way=notices[NoticeState.FRAMED],
        dead=notices[NoticeState.DEAD],
        refused=pushes,
    )


def _by_state(connection: Connection, table: Any) -> Counter[int]:
    query = select(table.c.state, func.count()).group_by(table.c.state)
    return Counter(_pairs(connection, query))


def _pairs(connection: Connection, query: Any) -> dict[Any, int]:
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _rulings(ledger: Ledger) -> Iterator[tuple[Verdict, ...] | None]:
    """Give the verdicts of each event that was decided route by route; None where they were erased."""
    last = 0
    while True:
        query = (
            select(trail.c.id, trail.c.at, trail.c.payload, inbox.c.data_key)
            .join(inbox, inbox.c.seq == trail.c.seq)
            .where(trail.c.id > last, trail.c.step == Step.DECIDED, trail.c.reason == "")
            .order_by(trail.c.id)
            .limit(BATCH)
        )
        with ledger.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            found = ruling(ledger, row.data_key, row)
            yield None if found is None else found.verdicts
        last = rows[-1].id
