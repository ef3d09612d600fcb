"""Who has read what was sent, asked of the channel once where it is wanted, and kept in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import redis

from connectors.contract import ConnectorError, KnowsReaders, Reached, Throttled
from pipelines.plan import Lane
from worker.calling import single_call
from worker.channels import Channel
from worker.ledger import recalls, receipts
from worker.ledger.engine import Ledger
from worker.ledger.recalls import Sent
from worker.ledger.tables import MessageState
from worker.limiter import Limiter


class Answer(StrEnum):
    """What became of the question who has read a message."""

    ASKED = "asked"
    NOT_SENT = "not_sent"
    RECALLED = "recalled"
    CANNOT = "cannot"
    NO_NAME = "no_name"
    GONE = "gone"
    TOO_LATE = "too_late"
    REFUSED = "refused"


SENTENCES: Mapping[Answer, str] = {
    Answer.ASKED: "In {destination}: {people}.",
    Answer.NOT_SENT: "It has not been shown in {destination}.",
    Answer.RECALLED: "It was taken back from {destination}.",
    Answer.CANNOT: "The channel does not tell who reads what it sends to {destination}.",
    Answer.NO_NAME: "The channel of {destination} gave it no name by which it could be asked about.",
    Answer.GONE: "{destination} is no longer in the configuration.",
    Answer.TOO_LATE: "{destination} tells within {hours} hours who has read a message.",
    Answer.REFUSED: "It is not known who has read it in {destination}: {why}",
}
_CLAUSES: Mapping[Reached, str] = {
    Reached.READ: "read by {people}",
    Reached.UNREAD: "not read yet by {people}",
    Reached.TAKEN: "taken for {people}",
}


@dataclass(frozen=True, slots=True)
class Readers:
    """The answer for one message, with a sentence for the operator; `people` is as the channel told it, by user id."""

    message_id: int
    answer: Answer
    sentence: str
    people: Mapping[str, Reached] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReaderInquiry:
    """Asks about single messages, a call each within the quotas. Raises what the ledger raises."""

    ledger: Ledger
    limiter: Limiter
    channels: Mapping[str, Channel]

    def message(self, number: int) -> list[Readers]:
        """Ask about one message, with what went later to those whom flow control had kept from it."""
        with self.ledger.read() as connection:
            meant = recalls.of_message(connection, number)
        return self._all(meant)

    def record(self, what: str) -> list[Readers]:
        """Ask about each message that tells of a record; `what` as for `explain`."""
        with self.ledger.read() as connection:
            meant = recalls.of_record(self.ledger, connection, what)
        return self._all(meant)

    def _all(self, meant: Sequence[Sent]) -> list[Readers]:
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
        return [self._one(one, at) for one in meant]

    def _one(self, one: Sent, at: int) -> Readers:
        if one.recalled_at is not None:
            return _readers(one, Answer.RECALLED)
        if one.state is not MessageState.DELIVERED:
            return _readers(one, Answer.NOT_SENT)
        channel = self.channels.get(one.destination)
        if channel is None:
            return _readers(one, Answer.GONE)
        client: object = channel.client
        if not isinstance(client, KnowsReaders):
            return _readers(one, Answer.CANNOT)
        return _too_late(one, client, at) or self._ask(one, channel, client)

    def _ask(self, one: Sent, channel: Channel, client: KnowsReaders) -> Readers:
        try:
            with single_call(self.ledger, self.limiter, channel, Lane.BULK) as room:
                if not room.calls:
                    return _readers(one, Answer.REFUSED, why="the quota has no room now: try again.")
                people = client.read_by(one.handle)
        except redis.RedisError:
            return _readers(one, Answer.REFUSED, why="Redis did not answer, and without it the quota is not known.")
        except ConnectorError as error:
            if isinstance(error, Throttled):
                self.limiter.block(error.scope, error.after.total_seconds() if error.after else 0)
            return _readers(one, Answer.REFUSED, why=str(error))
        with self.ledger.write() as connection:
            receipts.note(self.ledger, connection, one.id, people, self.ledger.now(connection))
        return _readers(one, Answer.ASKED, people)


def _readers(
    one: Sent, answer: Answer, people: Mapping[str, Reached] | None = None, *, why: str = "", hours: int = 0
) -> Readers:
    told = SENTENCES[answer].format(destination=one.destination, people=_people(people or {}), why=why, hours=hours)
    return Readers(one.id, answer, told, people or {})


def _too_late(one: Sent, client: KnowsReaders, at: int) -> Readers | None:
    if not one.handle:
        return _readers(one, Answer.NO_NAME)
    within = client.read_within
    late = timedelta(microseconds=at - (one.settled_at or at)) > within
    return _readers(one, Answer.TOO_LATE, hours=int(within.total_seconds() // 3600)) if late else None


def _people(people: Mapping[str, Reached]) -> str:
    named = {
        reached: ", ".join(sorted(name for name, became in people.items() if became is reached))
        for reached in dict.fromkeys((Reached.READ, *Reached))
    }
    clauses = (_CLAUSES.get(one, f"{one} for {{people}}").format(people=names) for one, names in named.items() if names)
    return "; ".join(clauses) or "nobody has read it yet"
