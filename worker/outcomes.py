"""What a send's outcome means for its message and for its destination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connectors.contract import Delivery, Outcome, Resend, Tells
from worker.ledger.engine import MICROSECONDS
from worker.ledger.outbox import SAME_KEY_WITHIN_S
from worker.senders import Sent

GIVE_UP_S = 24 * 3600
"""How long a message that certainly was not taken is tried again."""

MISCONFIGURED_S = 300
"""How long a destination rests that a person has to repair; its messages wait and are not lost."""

LONGEST_WAIT_S = 60

LONGEST_FLOW_S = 3600
"""How long a message waits at most between attempts while flow control keeps it from everybody left: attempts cost."""

ASKED_AFTER_S = (60, 600, 3600)
"""How long after a delivery it is asked to whom it came, while that is not known: each question costs a call."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """`again_at`: when the same bytes go out again, None: never. `rest_s`: how long the destination rests.

    `ask_at`: when it is asked to whom the message came, None: never.
    """

    delivery: Delivery
    again_at: int | None
    rest_s: float = 0.0
    throttled: bool = False
    ask_at: int | None = None


def consequence(delivery: Delivery, sent: Sent, resend: Resend) -> Consequence:
    """Return what follows from one send, by its outcome and how often and how long it was tried."""
    job = sent.job
    wait = _seconds(delivery.after) or float(min(LONGEST_WAIT_S, 2 ** min(job.attempts - 1, 10)))
    if delivery.outcome is Outcome.RETRY and delivery.people:
        wait = min(wait * 2 ** min(job.attempts - 1, 10), LONGEST_FLOW_S)
    later = sent.answered_at + int(wait * MICROSECONDS)
    match delivery.outcome:
        case Outcome.DELIVERED | Outcome.PARTLY:
            asked = delivery.handle and isinstance(job.channel, Tells)
            ask_at = sent.answered_at + ASKED_AFTER_S[0] * MICROSECONDS if asked else None
            return Consequence(delivery, None, ask_at=ask_at)
        case Outcome.REFUSED | Outcome.TOO_LARGE:
            return Consequence(delivery, None)
        case Outcome.THROTTLED:
            return Consequence(delivery, later, wait, throttled=True)
        case Outcome.MISCONFIGURED:
            return Consequence(delivery, sent.answered_at + MISCONFIGURED_S * MICROSECONDS, MISCONFIGURED_S)
        case Outcome.RETRY:
            over = later > job.framed_at + GIVE_UP_S * MICROSECONDS
            return Consequence(delivery, None if over else later, min(wait, 1.0))
        case Outcome.UNKNOWN:
            over = resend is Resend.DUPLICATES or later > job.first_sent_at + SAME_KEY_WITHIN_S * MICROSECONDS
            return Consequence(delivery, None if over else later, min(wait, 1.0))


def _seconds(after: timedelta | None) -> float:
    return after.total_seconds() if after is not None else 0.0
