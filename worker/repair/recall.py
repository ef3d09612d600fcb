"""Taking messages back, as far as their channels can."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import redis

from connectors.contract import ConnectorError, Recalls
from pipelines.plan import Lane
from worker.calling import single_call
from worker.channels import Channel
from worker.ledger import recalls
from worker.ledger.engine import Ledger
from worker.ledger.recalls import Sent
from worker.ledger.tables import MessageState
from worker.limiter import Limiter


class Recall(StrEnum):
    """What became of a message that was to be taken back."""

    RECALLED = "recalled"
    STOPPED = "stopped"
    ALREADY = "already"
    SHARED = "shared"
    UNDER_WAY = "under_way"
    NOT_SENT = "not_sent"
    CANNOT = "cannot"
    NO_NAME = "no_name"
    GONE = "gone"
    TOO_LATE = "too_late"
    REFUSED = "refused"


SENTENCES: Mapping[Recall, str] = {
    Recall.RECALLED: "It was taken back from {destination}.",
    Recall.STOPPED: "It had not gone out to {destination} yet, and will not.",
    Recall.ALREADY: "It was taken back before.",
    Recall.SHARED: "It stays: it tells {destination} of other records as well. To take it back all the same, name it by "
    "its number.",
    Recall.UNDER_WAY: "It is on its way to {destination}: try again when it has been answered.",
    Recall.NOT_SENT: "There is nothing to take back: it was never shown in {destination}.",
    Recall.CANNOT: "It stays: nothing that this channel sends to {destination} can be taken back.",
    Recall.NO_NAME: "It stays: the channel of {destination} gave it no name by which it could be taken back.",
    Recall.GONE: "It stays: {destination} is no longer in the configuration.",
    Recall.TOO_LATE: "It stays: {destination} lets a message be taken back within {hours} hours.",
    Recall.REFUSED: "It stays: {why}",
}

DONE = frozenset({Recall.RECALLED, Recall.STOPPED, Recall.ALREADY})
"""What leaves nothing more to be done."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer for one message, with a sentence for the operator."""

    message_id: int
    became: Recall
    sentence: str


@dataclass(frozen=True, slots=True)
class Recaller:
    """Takes messages back; `by` says who wants it, for the trail."""

    ledger: Ledger
    limiter: Limiter
    channels: Mapping[str, Channel]
    by: str

    def message(self, number: int) -> list[Taken]:
        """Take back one message, with what went later to those whom flow control had kept from it."""
        with self.ledger.read() as connection:
            meant = recalls.of_message(connection, number)
        return self._recall(meant)

    def record(self, what: str) -> list[Taken]:
        """Take back what tells of one record and of nothing else; `what` as for `explain`."""
        with self.ledger.read() as connection:
            meant = recalls.of_record(self.ledger, connection, what)
        shared = [one for one in meant if one.facts > 1]
        alone = [one for one in meant if one.facts == 1]
        return [*self._recall(alone), *(_taken(one, Recall.SHARED) for one in shared)]

    def _recall(self, meant: Sequence[Sent]) -> list[Taken]:
        with self.ledger.write() as connection:
            at = self.ledger.now(connection)
            due = [one.id for one in meant if one.state is MessageState.DUE]
            stopped = recalls.stop(connection, due, self.by, at)
        answers = []
        sent: defaultdict[str, list[Sent]] = defaultdict(list)
        for one in meant:
            hindrance = Recall.STOPPED if one.id in stopped else self._hindrance(one, at)
            if hindrance is None:
                sent[one.destination].append(one)
            else:
                answers.append(_taken(one, hindrance, hours=self._hours(one)))
        for destination, messages in sent.items():
            answers += self._ask(destination, messages)
        return answers

    def _hindrance(self, one: Sent, at: int) -> Recall | None:
        if one.recalled_at is not None:
            return Recall.ALREADY
        if one.state in {MessageState.SENDING, MessageState.DUE}:
            return Recall.UNDER_WAY
        if one.state is MessageState.DEAD and not one.handle:
            return Recall.NOT_SENT
        if one.destination not in self.channels:
            return Recall.GONE
        client = self.channels[one.destination].client
        if not isinstance(client, Recalls):
            return Recall.CANNOT
        return _too_late(one, client, at)

    def _hours(self, one: Sent) -> int:
        channel = self.channels.get(one.destination)
        client: object = channel and channel.client
        return int(client.recalled_within.total_seconds() // 3600) if isinstance(client, Recalls) else 0

    def _ask(self, destination: str, messages: Sequence[Sent]) -> list[Taken]:
        channel = self.channels[destination]
        if not isinstance(channel.client, Recalls):
            return []
        try:
            with single_call(self.ledger, self.limiter, channel, Lane.URGENT) as room:
                if not room.calls:
                    return _kept(messages, "the quota has no room now: try again.")
                said = channel.client.recall([one.handle for one in messages])
        except redis.RedisError:
            return _kept(messages, "Redis did not answer, and without it the quota is not known: try again.")
        except ConnectorError as error:
            return _kept(messages, str(error))
        gone = [one for one in messages if one.handle in said.gone]
        with self.ledger.write() as connection:
            recalls.gone(connection, [one.id for one in gone], self.by, self.ledger.now(connection))
        kept = [one for one in messages if one not in gone]
        answers = [_taken(one, Recall.RECALLED) for one in gone]
        return answers + [
            _taken(one, Recall.REFUSED, why=said.kept.get(one.handle, "no reason was given.")) for one in kept
        ]


def _too_late(one: Sent, client: Recalls, at: int) -> Recall | None:
    if not one.handle:
        return Recall.NO_NAME
    return Recall.TOO_LATE if timedelta(microseconds=at - (one.settled_at or at)) > client.recalled_within else None


def _kept(messages: Sequence[Sent], why: str) -> list[Taken]:
    return [_taken(one, Recall.REFUSED, why=why) for one in messages]


def _taken(one: Sent, became: Recall, *, why: str = "", hours: int = 0) -> Taken:
    return Taken(one.id, became, SENTENCES[became].format(destination=one.destination, why=why, hours=hours))
