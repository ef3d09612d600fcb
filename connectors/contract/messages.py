"""Messages before they are bytes, what became of them, and the quotas that sending and asking use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from connectors.contract.decisions import Button


class Format(StrEnum):
    """How a message looks."""

    TEXT = "text"
    MARKDOWN = "markdown"
    ACTION_CARD = "actionCard"


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a fact, already formatted for the reader's locale, not yet escaped."""

    label: str
    value: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact in a message: plain text throughout; the channel escapes."""

    title: str
    number: str = ""
    url: str = ""
    at: str = ""
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is bytes. `preview` is what a lock screen may show: it holds no withheld fact."""

    preview: str
    facts: tuple[Fact, ...]
    format: Format = Format.MARKDOWN
    mentions: tuple[str, ...] = ()
    """User ids of the channel."""
    open_label: str = ""
    """The caption of the link that opens the record."""
    buttons: tuple[Button, ...] = ()
    deciders: tuple[str, ...] = ()
    """User ids of the channel: the buttons are for these people alone."""
    standing: str = ""
    """A line that tells everybody where the decision stands; it changes, unlike the facts."""


class Outcome(StrEnum):
    """What became of a message. HTTP 200 is not one of these."""

    DELIVERED = "delivered"
    RETRY = "retry"
    THROTTLED = "throttled"
    REFUSED = "refused"
    MISCONFIGURED = "misconfigured"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A send's outcome. `code` is the vendor's code, `reason` a sentence for the operator that says what to do.

    `after` is the wait that the vendor demands: for `RETRY` of this message, for `THROTTLED` of the destination.
    """

    outcome: Outcome
    code: str = ""
    reason: str = ""
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` calls in any `seconds`."""

    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """A quota of a credential or a destination, shared by everything that uses it on all machines.

    `key` is stable and holds no secret; `slots` is how many calls may be under way at once (0: any number); `block`
    is how long the vendor refuses after the quota was overrun, in seconds.
    """

    key: str
    windows: tuple[Window, ...]
    slots: int = 0
    block: float = 0.0


class Resend(StrEnum):
    """What a repeated send does at the vendor."""

    IDEMPOTENT = "idempotent"
    DUPLICATES = "duplicates"
