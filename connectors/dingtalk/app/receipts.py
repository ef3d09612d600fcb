"""What became of a message that an application sent: for the message, and for each person where DingTalk tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from connectors.contract import (
    ConnectorError,
    Delivery,
    Malformed,
    Misconfigured,
    Outcome,
    Retryable,
    Throttled,
    Unknown,
)
from connectors.dingtalk.app.verdict import Verdict

_NAMED = 5


class Reached(StrEnum):
    """What became of a message for one person."""

    TAKEN = "taken"
    """DingTalk has taken it; whether it came is not known yet."""
    UNREAD = "unread"
    READ = "read"
    INVALID = "invalid"
    """DingTalk does not know this person."""
    THROTTLED = "throttled"
    """Flow control: this person may get it later."""
    REPEATED = "repeated"
    """The same content came to this person today already."""
    CAPPED = "capped"
    """The person got as many as one application may send in a day."""
    FORBIDDEN = "forbidden"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt(Delivery):
    """A delivery with what later questions need.

    `handle` is DingTalk's own name of the message (processQueryKey, task_id, outTrackId); `people` what became of it for
    each person; `rest` the frozen bytes for those who may get it later, empty where there are none.
    """

    handle: str = ""
    people: Mapping[str, Reached] = field(default_factory=lambda: MappingProxyType({}))
    rest: bytes = field(default=b"", repr=False)


def refused(verdict: Verdict) -> Receipt:
    """Return the receipt of a call that DingTalk did not carry out."""
    return Receipt(verdict.outcome, verdict.code, verdict.sentence, verdict.after, verdict.stops)


def failed(error: ConnectorError) -> Receipt:
    """Return the receipt of a call that came to no answer, or not so far because no access token could be had."""
    match error:
        case Throttled():
            outcome = Outcome.THROTTLED
        case Retryable():
            outcome = Outcome.RETRY
        case Unknown():
            outcome = Outcome.UNKNOWN
        case Misconfigured() | Malformed():
            outcome = Outcome.MISCONFIGURED
        case _:
            outcome = Outcome.REFUSED
    after = error.after if isinstance(error, Retryable) else None
    return Receipt(outcome, error.detail, str(error), after, error.scope if isinstance(error, Throttled) else "")


def undocumented(code: str) -> Receipt:
    """Return the receipt of an answer that lacks what DingTalk documents."""
    return Receipt(
        Outcome.UNKNOWN, code, "The answer is not what DingTalk documents: the message may have been posted."
    )


def named(people: Iterable[str]) -> str:
    """List a few people and the number of the others."""
    listed = sorted(people)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" if more > 0 else "")
