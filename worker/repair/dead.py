"""Messages that were given up: what they said, and why they did not get through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipelines.texts import text
from worker.explain.story import LOCALE
from worker.ledger import held as store
from worker.ledger.engine import Ledger
from worker.ledger.held import Slip
from worker.ledger.history import Sending, sendings
from worker.ledger.tables import MessageState, NoticeState, Step, message, message_notice, notice, trail

BATCH = 500
"""Messages that are read at once."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A fact in a message: the record, and the values that its notice holds, as text; `withheld` were left out."""

    notice_id: int
    source: str
    kind: str
    record_id: str
    number: str
    url: str
    route: str
    fields: Mapping[str, str]
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with what it carries. `message.tries` are its attempts."""

    message: Sending
    facts: tuple[Carried, ...]


def dead(ledger: Ledger) -> list[Sending]:
    """Return the messages that were given up and whose facts nothing has replaced, oldest first, with their attempts."""
    with ledger.read() as connection:
        query = (
            select(message_notice.c.message_id)
            .join(notice, notice.c.id == message_notice.c.notice_id)
            .join(message, message.c.id == message_notice.c.message_id)
            .where(notice.c.state == NoticeState.DEAD, message.c.state == MessageState.DEAD)
            .distinct()
            .order_by(message_notice.c.message_id)
        )
        ids = list(connection.execute(query).scalars())
        batches = (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
        return [one for batch in batches for one in sendings(connection, batch)]


def dead_show(ledger: Ledger, message_id: int, zone: str = "UTC") -> Shown | None:
    """Return a message with its facts, times in `zone`; None when there is none."""
    with ledger.read() as connection:
        found = sendings(connection, [message_id])
        if not found:
            return None
        carried = store.slips(ledger, connection, notice.c.id.in_(store.carried_by(connection, [message_id])))
        facts = tuple(_carried(connection, one, zone) for one in carried)
    return Shown(found[0], facts)


def _carried(connection: Connection, slip: Slip, zone: str) -> Carried:
    query = select(trail.c.detail).where(trail.c.notice_id == slip.id, trail.c.step == Step.FRAMED)
    withheld = [name for detail in connection.execute(query).scalars() for name in detail.split(", ")]
    source, kind, id_ = slip.subject
    told = slip.notice
    return Carried(
        notice_id=slip.id,
        source=source,
        kind=kind,
        record_id=id_,
        number=told.number if told else "",
        url=told.url if told else "",
        route=slip.route,
        fields={n: text(v, zone, LOCALE) for n, v in told.fields.items() if n not in withheld} if told else {},
        withheld=tuple(dict.fromkeys(withheld)),
    )
