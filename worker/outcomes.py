"""What a send's outcome means for its message and for its destination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connectors.contract import Delivery, Outcome, Resend
from worker.ledger.engine import MICROSECONDS
from worker.ledger.outbox import SAME_KEY_WITHIN_S
from worker.senders import Sent

GIVE_UP_S = 24 * 3600
"""How long a message that certainly was not taken is tried again."""

MISCONFIGURED_S = 300
"""How long a destination rests that a person has to repair; its messages wait and are not lost."""

LONGEST_WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Consequence:
    """`again_at`: when the same bytes go out again, None: never. `rest_s`: how long the destination rests."""

    delivery: Delivery
    again_at: int | None
    rest_s: float = 0.0
    throttled: bool = False


def consequence(delivery: Delivery, sent: Sent, resend: Resend) -> Consequence:
    """Return what follows from one send, by its outcome and how often and how long it was tried."""
    job = sent.job
    wait = _seconds(delivery.after) or float(min(LONGEST_WAIT_S, 2 ** min(job.attempts - 1, 10)))
    later = sent.answered_at + int(wait * MICROSECONDS)
    match delivery.outcome:
        case Outcome.DELIVERED | Outcome.REFUSED | Outcome.TOO_LARGE:
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
