"""Messages before they are bytes, what became of them, and the quotas that sending and asking use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

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
    PARTLY = "partly"
    """Some people have it and some have not: `Delivery.people` names them."""
    RETRY = "retry"
    THROTTLED = "throttled"
    REFUSED = "refused"
    MISCONFIGURED = "misconfigured"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"


class Reached(StrEnum):
    """What became of a message for one person."""

    TAKEN = "taken"
    """The vendor has taken it; whether it came is not known."""
    UNREAD = "unread"
    READ = "read"
    INVALID = "invalid"
    """The vendor does not know this person."""
    THROTTLED = "throttled"
    """Flow control: this person may get it later."""
    REPEATED = "repeated"
    """The same content came to this person before."""
    CAPPED = "capped"
    """The person got as many messages as the vendor lets through in a day."""
    FORBIDDEN = "forbidden"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A send's outcome. `code` is the vendor's code, `reason` a sentence for the operator that says what to do.

    `after` is the wait that the vendor demands: for `RETRY` of this message, for `PARTLY` of `rest` (the frozen bytes for
    those people alone who may get it later, empty where there are none), for `THROTTLED` of everything that uses the
    budget whose key is `scope`; without one of the destination's own budget, the first of `Delivers.budgets`.
    `handle` is the vendor's own name of the message, by which it is asked about or taken back; `people` is what became
    of it for each person, empty where the vendor does not tell.
    """

    outcome: Outcome
    code: str = ""
    reason: str = ""
    after: timedelta | None = None
    scope: str = ""
    handle: str = ""
    people: Mapping[str, Reached] = field(default_factory=lambda: MappingProxyType({}))
    rest: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Which messages were taken back, by their handles, and why the others were not."""

    gone: tuple[str, ...]
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` calls in any `seconds`."""

    limit: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Month:
    """At most `limit` calls in a calendar month of `zone` (IANA)."""

    limit: int
    zone: str

    def around(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return when the month of `moment` (aware) begins and when the next one does, both of `zone`."""
        begins = moment.astimezone(ZoneInfo(self.zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return begins, (begins + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Budget:
    """A quota of a credential or a destination, shared by everything that uses it on all machines.

    `key` is stable and holds no secret; `slots` is how many calls may be under way at once (0: any number); `block`
    is how long the vendor refuses after the quota was overrun, in seconds. One that has neither windows nor a month
    bounds nothing: a throttling may name it, and then everything that uses it stops.
    """

    key: str
    windows: tuple[Window, ...] = ()
    slots: int = 0
    block: float = 0.0
    month: Month | None = None


class Purpose(StrEnum):
    """What a call that counts towards a month was made for."""

    MESSAGE = "message"
    LOOK_UP = "look_up"
    """Who is in a group, who somebody is, what there is."""
    RESULT = "result"
    """What became of a message, and who has read it."""
    UPDATE = "update"
    """A card that was shown is changed."""
    RECALL = "recall"
    APPROVAL = "approval"


class Resend(StrEnum):
    """What a repeated send does at the vendor."""

    IDEMPOTENT = "idempotent"
    DUPLICATES = "duplicates"
