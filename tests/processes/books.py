"""What the ledger says beside the running processes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Select, func, select, update

from worker.ledger.engine import Ledger
from worker.ledger.refusals import counted
from worker.ledger.seal import KEY_BYTES, Sealer
from worker.ledger.tables import (
    InboxState,
    MessageState,
    NoticeState,
    Step,
    inbox,
    message,
    message_notice,
    notice,
    trail,
)


class Books:
    """Looks into the ledger; nothing here needs the master key."""

    def __init__(self, url: str) -> None:
        self._ledger = Ledger(url, Sealer(bytes(KEY_BYTES)))

    def close(self) -> None:
        self._ledger.close()

    def rows(self, query: Select[Any]) -> list[Any]:
        with self._ledger.read() as connection:
            return list(connection.execute(query).all())

    def retries_waiting(self) -> int:
        """Messages that were sent, were not taken, and wait for their next attempt."""
        return self._count(select(func.count()).where(message.c.state == MessageState.DUE, message.c.attempts > 0))

    def hasten(self, destination: str) -> None:
        """Let what was refused there be tried again now, and not at the end of a wait that grew to a minute."""
        waits = (message.c.destination == destination) & (message.c.state == MessageState.DUE)
        with self._ledger.write() as connection:
            connection.execute(update(message).where(waits).values(due_at=self._ledger.now(connection)))

    def in_flight(self) -> set[tuple[str, int]]:
        """The sends whose answer the ledger does not hold: the message's key, and which attempt of it this is."""
        query = select(message.c.key, message.c.attempts).where(message.c.state == MessageState.SENDING)
        return {(row.key, row.attempts) for row in self.rows(query)}

    def unfinished(self) -> dict[str, int]:
        """What still has to be decided, put into a message, or answered for."""
        of = {
            "undecided": select(func.count()).where(inbox.c.state == InboxState.NEW),
            "waiting": select(func.count()).where(notice.c.state == NoticeState.WAITING),
            "framed": select(func.count()).where(notice.c.state == NoticeState.FRAMED),
        }
        return {name: self._count(query) for name, query in of.items()}

    def inbox_rows(self) -> int:
        return self._count(select(func.count()).select_from(inbox))

    def unreadable(self) -> int:
        """Events that were taken and could not be decided."""
        return self._count(select(func.count()).where(inbox.c.state == InboxState.UNREADABLE))

    def numbers(self, *states: NoticeState) -> Counter[str]:
        """The records whose notices are in these states, and how many notices each has there."""
        query = select(inbox.c.record_id).join(notice, notice.c.seq == inbox.c.seq).where(notice.c.state.in_(states))
        return Counter(row.record_id for row in self.rows(query))

    def notice_states(self) -> dict[str, int]:
        query = select(notice.c.state, func.count()).group_by(notice.c.state)
        return {NoticeState(state).name.lower(): count for state, count in self.rows(query)}

    def held(self) -> dict[str, tuple[str, str]]:
        """Reason and field by record, of what is held."""
        query = (
            select(inbox.c.record_id, notice.c.reason, notice.c.detail)
            .join(notice, notice.c.seq == inbox.c.seq)
            .where(notice.c.state == NoticeState.HELD)
        )
        return {number: (reason, detail) for number, reason, detail in self.rows(query)}

    def message_of(self) -> dict[str, set[str]]:
        """The keys of the messages that tell of each record."""
        query = (
            select(inbox.c.record_id, message.c.key)
            .join(notice, notice.c.seq == inbox.c.seq)
            .join(message_notice, message_notice.c.notice_id == notice.c.id)
            .join(message, message.c.id == message_notice.c.message_id)
        )
        found: dict[str, set[str]] = {}
        for number, key in self.rows(query):
            found.setdefault(number, set()).add(key)
        return found

    def attempts(self) -> dict[str, int]:
        """How often sends came to each outcome and code, as the trail tells it."""
        query = (
            select(trail.c.reason, trail.c.detail, func.count())
            .where(trail.c.step == Step.ATTEMPT)
            .group_by(trail.c.reason, trail.c.detail)
        )
        counts: Counter[str] = Counter()
        for reason, detail, count in self.rows(query):
            code = "HTTP 500" if detail.startswith("HTTP 500") else detail.partition(" ")[0]
            counts[f"{reason} {code}".strip()] += count
        return dict(counts)

    def refused(self) -> dict[str, int]:
        """Refused pushes by reason."""
        with self._ledger.read() as connection:
            return {reason: count for (_, reason), count in counted(connection).items()}

    def _count(self, query: Select[Any]) -> int:
        number: int = self.rows(query)[0][0]
        return number
