"""What became of a message that an application sent, where DingTalk did not carry it out or gave no answer."""

from __future__ import annotations

from collections.abc import Iterable

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


def refused(verdict: Verdict) -> Delivery:
    """Return the outcome of a call that DingTalk did not carry out."""
    return Delivery(verdict.outcome, verdict.code, verdict.sentence, verdict.after, verdict.stops)


def failed(error: ConnectorError) -> Delivery:
    """Return the outcome of a call that came to no answer, or not so far because no access token could be had."""
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
    return Delivery(outcome, error.detail, str(error), after, error.scope if isinstance(error, Throttled) else "")


def undocumented(code: str) -> Delivery:
    """Return the outcome of an answer that lacks what DingTalk documents."""
    return Delivery(
        Outcome.UNKNOWN, code, "The answer is not what DingTalk documents: the message may have been posted."
    )


def named(people: Iterable[str]) -> str:
    """List a few people and the number of the others."""
    listed = sorted(people)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" if more > 0 else "")
