"""To whom a message came, asked of the channels whose word at the send is not the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import redis
import structlog

from connectors.contract import ConnectorError, Reached, Refused, Tells, Throttled
from pipelines.plan import Lane
from worker.calling import single_call
from worker.channels import Channel
from worker.fault import whereabouts
from worker.ledger import receipts
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.receipts import Question
from worker.limiter import Limiter
from worker.operators.monitor import micros
from worker.outcomes import ASKED_AFTER_S

log = structlog.get_logger()

JOB = "inquiry"

AT_ONCE = 100
"""Messages that are asked about in one turn."""

GIVE_UP = timedelta(hours=24)
"""What was to be asked so long ago is not asked any more: its channel is gone, or its quota is used up."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks in the lane of least importance, and not at all while only the share of what is urgent is left."""

    ledger: Ledger
    limiter: Limiter
    channels: Mapping[str, Channel]

    def run(self) -> int:
        """Ask what is due, a call for each message; returns how many were asked. Raises what the ledger raises."""
        names = [name for name, channel in self.channels.items() if isinstance(channel.client, Tells)]
        with self.ledger.read() as connection:
            at = self.ledger.now(connection)
            due = receipts.questions(connection, names, at, AT_ONCE)
        asked = 0
        full: set[str] = set()
        for one in due:
            if one.destination in full:
                continue
            try:
                said = self._ask(one, at)
            except redis.RedisError as error:
                log.warning("cannot reach Redis; it is asked later to whom messages came", error=str(error))
                break
            if not said:
                full.add(one.destination)
            asked += said
        with self.ledger.write() as connection:
            receipts.forget(connection, at - micros(GIVE_UP))
        return asked

    def _ask(self, one: Question, at: int) -> bool:
        """Ask about one message; False: its destination is to be left alone for now."""
        channel = self.channels[one.destination]
        if not isinstance(channel.client, Tells) or _since(one, at) > channel.client.told_within:
            with self.ledger.write() as connection:
                receipts.end(connection, one.message_id)
            return True
        with single_call(self.ledger, self.limiter, channel, Lane.BULK) as room:
            return bool(room.calls) and self._taken(one) and self._told(one, channel.client)

    def _taken(self, one: Question) -> bool:
        later = ASKED_AFTER_S[one.asked + 1 : one.asked + 2]
        next_at = one.settled_at + later[0] * MICROSECONDS if later else None
        with self.ledger.write() as connection:
            return receipts.take(connection, one, next_at)

    def _told(self, one: Question, channel: Tells) -> bool:
        try:
            said = channel.told(one.handle)
        except Throttled as error:
            self.limiter.block(error.scope, error.after.total_seconds() if error.after else 0)
            return False
        except Refused as error:
            log.warning("it will not be known to whom a message came", message=one.message_id, error=str(error))
            with self.ledger.write() as connection:
                receipts.end(connection, one.message_id)
            return True
        except ConnectorError as error:
            log.warning("it is not known to whom a message came", message=one.message_id, error=str(error))
            return True
        except Exception as error:  # noqa: BLE001 - a defect of one connector must not stop the questions of all others
            log.warning("a channel raised", destination=one.destination, error=whereabouts(error))
            return True
        with self.ledger.write() as connection:
            receipts.note(self.ledger, connection, one.message_id, said, self.ledger.now(connection))
            known = receipts.reached(connection, [one.message_id]).get(one.message_id, ())
            if said and not any(each.reached is Reached.TAKEN for each in known):
                receipts.end(connection, one.message_id)
        return True


def _since(one: Question, at: int) -> timedelta:
    return timedelta(microseconds=at - one.settled_at)
