"""Refusals of a push, as HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Received, Refusal, Reply

_STATUS: Mapping[Refusal, int] = {
    Refusal.UNSIGNED: 401,
    Refusal.BAD_SIGNATURE: 401,
    Refusal.STALE: 401,
    Refusal.TOO_LARGE: 413,
    Refusal.OVERLOADED: 503,
}


def reply(refusal: Refusal) -> Reply:
    """Return the reply to a push that is not taken; its body is the reason's name."""
    return Reply(_STATUS.get(refusal, 400), refusal.encode())


def refused(refusal: Refusal, reason: str) -> Received:
    """Refuse a push; `reason` is a sentence for the operator, without payload."""
    return Received(reply(refusal), refusal=refusal, reason=reason)
