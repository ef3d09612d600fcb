"""Messages that are taken back: which are meant, what stops of them, and that they are gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_, select, update

from connectors.contract import Outcome
from worker.ledger import history
from worker.ledger.decisions import NOTE, entry
from worker.ledger.engine import Ledger
from worker.ledger.settling import finish
from worker.ledger.tables import MessageState, NoticeState, Step, inbox, message, message_notice, notice


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is to be taken back; times in microseconds."""

    id: int
    destination: str
    state: MessageState
    handle: str
    facts: int
    settled_at: int | None
    recalled_at: int | None


def of_message(connection: Connection, number: int) -> list[Sent]:
    """Return a message, and what went to those alone whom flow control had kept from it; nothing: there is none."""
    return _sent(connection, or_(message.c.id == number, message.c.rest_of == number))


def of_record(ledger: Ledger, connection: Connection, what: str) -> list[Sent]:
    """Return the messages that tell of a record, by what `worker.ledger.history.find` takes."""
    found = history.find(ledger, connection, what)
    seqs = set(found.seqs or ())
    if found.seqs is None:
        for source, kind, id_ in found.subjects:
            same = (inbox.c.source == source, inbox.c.kind == kind, inbox.c.record_id == id_)
            seqs |= set(connection.execute(select(inbox.c.seq).where(*same)).scalars())
    carried = (
        select(message_notice.c.message_id)
        .join(notice, notice.c.id == message_notice.c.notice_id)
        .where(notice.c.seq.in_(seqs))
    )
    return _sent(connection, message.c.id.in_(carried))


def _sent(connection: Connection, which: ColumnElement[bool]) -> list[Sent]:
    names = ("id", "destination", "state", "handle", "facts", "settled_at", "recalled_at")
    query = select(*(message.c[name] for name in names)).where(which).order_by(message.c.id)
    rows = connection.execute(query).mappings()
    return [Sent(**{**row, "state": MessageState(row["state"])}) for row in rows]


def stop(connection: Connection, ids: Sequence[int], by: str, at: int) -> set[int]:
    """Let messages not go out that are still due; returns those that now will not."""
    due = update(message).where(message.c.id.in_(ids), message.c.state == MessageState.DUE)
    said = {"outcome": str(Outcome.REFUSED), "reason": f"taken back by {by} before it went out"[:512]}
    stopped = due.values(state=int(MessageState.DEAD), settled_at=at, recalled_at=at, **said)
    rows = connection.execute(stopped.returning(message.c.id, message.c.rest_of)).all()
    _note(connection, sorted(row.id for row in rows), by, at)
    # nothing is left to be repaired: somebody wanted it so
    finish(connection, [row.id for row in rows if row.rest_of is None], NoticeState.DROPPED)
    finish(connection, [row.id for row in rows if row.rest_of is not None], NoticeState.SHOWN)
    return {row.id for row in rows}


def gone(connection: Connection, ids: Sequence[int], by: str, at: int) -> None:
    """Write that delivered messages were taken back."""
    connection.execute(update(message).where(message.c.id.in_(ids)).values(recalled_at=at, ask_at=None))
    _note(connection, ids, by, at)


def _note(connection: Connection, ids: Sequence[int], by: str, at: int) -> None:
    if ids:
        connection.execute(
            NOTE, [entry(at, Step.RECALLED, message_id=id_, reason="recalled", detail=by) for id_ in ids]
        )
