"""The contract between a vendor's connector and the rest of the product.

Errors (each is named by what its runner must do next)::

    ConnectorError
    |- Retryable       try again after `after`, or by the runner's own back-off
    |  `- Throttled    the vendor said "too much": stop `scope` for `after`
    |- Refused         final for this request: tell the operator
    |- Unknown         sent, and no answer came: it may have happened
    |- Misconfigured   final until somebody changes a setting or a permission
    |- Malformed       not what the vendor documents: keep the bytes
    `- CursorLost      the vendor forgot the cursor: read again from the start
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, runtime_checkable

import requests
from pydantic import BaseModel


class ConnectorError(Exception):
    """Something a vendor did or said.

    `str(error)` tells the operator what to do; `detail` is for us (codes, ids) and holds no secret or field's value.
    """

    def __init__(self, sentence: str, *, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


class Retryable(ConnectorError):
    """A passing fault."""

    def __init__(self, sentence: str, *, detail: str = "", after: timedelta | None = None) -> None:
        super().__init__(sentence, detail=detail)
        self.after = after


class Throttled(Retryable):
    """The vendor's quota is used up. `scope` names what must stop: a credential, a destination, an address."""

    def __init__(self, sentence: str, *, after: timedelta, scope: str, detail: str = "") -> None:
        super().__init__(sentence, detail=detail, after=after)
        self.scope = scope


class Refused(ConnectorError):
    """Final for this request."""


class Unknown(ConnectorError):
    """Sent, and no answer came."""


class Misconfigured(ConnectorError):
    """Final until a person changes something."""


class Malformed(ConnectorError):
    """An answer that the vendor does not document. `body` is what came."""

    def __init__(self, sentence: str, *, body: bytes, detail: str = "") -> None:
        super().__init__(sentence, detail=detail)
        self.body = body


class CursorLost(ConnectorError):
    """The vendor no longer knows the cursor. Whoever pulls starts again without one."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: "100 units" is never just 100. `unit` is the vendor's code until mapped."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a closed list: the code that the vendor stores, the label that people read."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A link to another record or a person of the same system."""

    kind: str
    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The field exists and our credential may not read it."""


HIDDEN = Hidden()

Scalar: TypeAlias = (
    str | bool | date | datetime | Decimal | Quantity | Money | Choice | Ref | tuple[str, ...] | Hidden | None
)
Row: TypeAlias = Mapping[str, Scalar]
Value: TypeAlias = Scalar | tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The state of one business object as a source showed it.

    No float crosses this border (numbers are Decimal); every datetime is aware; a field that was not read is absent,
    an empty one is None, one that we may not read is `HIDDEN`.
    """

    source: str
    kind: str
    id: str
    version: str
    """The vendor's own stamp, opaque; the vendor's event id or the time of the read where it has none."""
    stamp: datetime
    """The source's stamp of this state, for telling newer from older. Ties are broken by arrival."""
    fields: Mapping[str, Value]
    number: str = ""
    """What people call it: SO-1042."""
    url: str = ""
    """Where it opens in the source."""
    changed_by: Ref | None = None
    origin: str = ""
    """Who wrote it, as the vendor tells it: to recognise our own writes."""
    occurred_at: datetime | None = None
    """When it happened by the source's clock; None where the source only gives `stamp`."""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that came and is not what the vendor describes. It is set aside, and the rows beside it go on.

    `id` is empty where the row has none; `sentence` tells the operator what to do and holds no field's value; `body`
    is what came, kept sealed.
    """

    source: str
    kind: str
    id: str
    sentence: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull: `cursor` is stored in one transaction with the rows; `more` asks for the next at once."""

    records: tuple[Record, ...]
    cursor: str
    more: bool
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class RawRequest:
    """An incoming request as bytes. Header names are lower-case; `received_at` is aware UTC."""

    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender must get."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(StrEnum):
    """Why a push was not taken. Counted by this name."""

    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    STALE = "stale"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    MALFORMED = "malformed"
    INCOMPLETE = "incomplete"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True)
class Hint:
    """A push that lacks the state: `kind` and `id` are read again until the state is not older than `stamp`.

    `stamp` is the sender's moment of the change, aware, by the clock and in the steps of `Record.stamp`: one that no
    read can reach is given up after an hour. None where the push names none: then one read is enough.
    """

    kind: str
    id: str
    stamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A push after verification: its records and hints, or why it was refused; `reply` is due after the commit."""

    reply: Reply
    records: tuple[Record, ...] = ()
    hints: tuple[Hint, ...] = ()
    refusal: Refusal | None = None
    reason: str = ""
    """A sentence for the operator, without payload."""


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


@runtime_checkable
class Pulls(Protocol):
    """A source that is asked."""

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed since `cursor` (None: from the beginning of what the settings name)."""
        ...


@runtime_checkable
class Limited(Protocol):
    """A source whose calls use quotas."""

    def budgets(self) -> Sequence[Budget]:
        """The quotas that every call uses, all of them at once."""
        ...


@runtime_checkable
class Receives(Protocol):
    """A source that calls us. No I/O: only what stands in the request and the settings."""

    @property
    def max_body(self) -> int:
        """Bytes; more is refused while reading."""
        ...

    def receive(self, request: RawRequest) -> Received:
        """Verify the raw bytes and turn them into records, or refuse."""
        ...

    def refuse(self, refusal: Refusal) -> Reply:
        """Say what this vendor must get when the relay itself refuses (`OVERLOADED`, `TOO_LARGE`)."""
        ...


@runtime_checkable
class Reads(Protocol):
    """A source whose records can be read by id."""

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of these ids. What is gone comes back with `deleted=True`."""
        ...


@runtime_checkable
class Lists(Protocol):
    """A source that can list what it has, to be compared with what came."""

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give (id, version) of the present state of each record stamped in [since, until), as `Record` has them."""
        ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push that the vendor ends by itself.

    `state` is the connector's own text, kept in the ledger and handed back; `renew_at` is when to call again, aware;
    `silent_since` is from when on changes may not have been pushed (the runner compares that time by `Lists`), or None.
    """

    state: str = field(repr=False)
    renew_at: datetime
    silent_since: datetime | None = None


@runtime_checkable
class Subscribes(Protocol):
    """A source whose push is a subscription that lapses."""

    def subscribe(self, address: str, state: str | None) -> Subscription:
        """Make, prove or renew the subscription that calls `address`; `state` is the last one's, None at first.

        Called at the start, at `renew_at`, and again after an error. May be repeated: it never makes a second one.
        """
        ...


class Verb(StrEnum):
    """What a person wants done to a record. Nothing deletes."""

    SET = "set"
    APPROVE = "approve"
    REJECT = "reject"
    TRANSITION = "transition"


@dataclass(frozen=True, slots=True)
class Action:
    """A person's decision on a record. `key` is the same for the same decision, however often it is carried out.

    `actor` is the person's user id in the source; `version` the record's version that the person saw; `fields` the new
    values of SET by the source's own names; `transition` the vendor's name of what TRANSITION does.
    """

    key: str
    verb: Verb
    kind: str
    id: str
    actor: str
    version: str
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    transition: str = ""
    comment: str = ""


class Effect(StrEnum):
    """What became of an action. What may pass by itself is a `Retryable` instead, a lost answer `Unknown`."""

    DONE = "done"
    ALREADY = "already"
    """It had been decided before, by this person or another: nothing was written now."""
    MOVED = "moved"
    """The record is not what the person saw: nothing was written."""
    DENIED = "denied"
    """The source does not let this person do it."""
    REFUSED = "refused"
    """The source's own rules do not allow it: a missing field, a validation, a lock."""


@dataclass(frozen=True, slots=True)
class Acted:
    """An action's effect; `record` is the state read back afterwards, `by` who decided where the source tells.

    `reason` is a sentence for the person, without a field's value unless the vendor's rule names one.
    """

    effect: Effect
    record: Record | None = None
    by: Ref | None = None
    reason: str = ""


@runtime_checkable
class Acts(Protocol):
    """A source that decisions are carried back into."""

    def act(self, action: Action) -> Acted:
        """Carry it out as the acting user, only if the record still has `version`. The same `key` twice writes once.

        Raises Retryable, Throttled, Misconfigured, Malformed, and Unknown where the answer was lost and reading the
        record again did not tell whether it was written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the source lets somebody do something; `reason` is a sentence for the person when it does not."""

    allowed: bool
    reason: str = ""


@runtime_checkable
class Authorises(Protocol):
    """A source that can be asked what one of its users may do and see. `actor` is the user's id in the source."""

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the source would let `actor` do this now. It is asked before the write, which may still refuse."""
        ...

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give, for each of these records that `actor` may read, the names of the fields they may read."""
        ...


@runtime_checkable
class Delivers(Protocol):
    """A channel that messages go into."""

    resend: Resend

    def budget(self) -> Budget:
        """The quota that every send uses."""
        ...

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        """Split at the borders of facts so that each part fits the channel.

        Returns the parts in order, each with the indexes of its facts; a fact too large for one goes on in the next.
        """
        ...

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Make the bytes of one part. The same draft and key give the same bytes."""
        ...

    def send(self, frozen: bytes) -> Delivery:
        """Send once. Never raises for what the vendor or the network did."""
        ...


class Level(StrEnum):
    """How a finding is to be taken."""

    FINE = "fine"
    DOUBT = "doubt"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, how it stands, and a sentence that says what to do where it is not fine."""

    about: str
    level: Level
    sentence: str


@runtime_checkable
class Probes(Protocol):
    """A source or channel that can tell whether what it needs is granted."""

    def probe(self) -> Sequence[Finding]:
        """Look without changing or sending anything. Never raises for what the vendor or the network did."""
        ...


@dataclass(frozen=True, slots=True)
class Described:
    """A field that may be mapped: `value` is the class of `Scalar` that it is read as."""

    path: str
    label: str
    value: type
    currency_path: str = ""


@runtime_checkable
class Describes(Protocol):
    """A source that can tell which fields a kind has."""

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the fields that our credential may read. Raises the contract's errors."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the runner hands to a connector when it builds a client.

    `session` makes a requests session with deadlines, private CA and proxy of this source; `tokens` is one cache for
    all workers; `vault` keeps what must outlive every process; `now` is aware UTC; `observe` takes what the vendor says
    of a quota: (budget key, used, limit).
    """

    session: Callable[[], requests.Session]
    tokens: TokenStore
    now: Callable[[], datetime]
    observe: Callable[[str, int, int], None]
    vault: Vault


class Vault(Protocol):
    """Secrets that a vendor hands out and hands out once, sealed in the ledger: refresh tokens that rotate."""

    def load(self, key: str) -> str | None:
        """Return what was stored under `key`, or None."""
        ...

    def store(self, key: str, value: str) -> None:
        """Keep `value` under `key`; when this returns it outlives a loss of power."""
        ...


class TokenStore(Protocol):
    """One cache of access tokens for all workers: one renewal at a time, the others wait for it."""

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        """Return the token of `key`, calling `renew` when there is none or it is about to end."""
        ...

    def spoil(self, key: str, token: Token) -> None:
        """Drop `token` if it still is the one of `key`: the vendor refused it."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, the address its calls go to, and when it ends (aware UTC)."""

    value: str = field(repr=False)
    base_url: str
    expires_at: datetime


class Guarantee(StrEnum):
    """What a capability gives, for the README's table."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Capability:
    """One line of a connector's guarantees: what, how far, and the vendor's page that says so."""

    name: str
    guarantee: Guarantee
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector is a value: registering it is one line in `registry.py`.

    `settings` is the pydantic model of its settings; `build(name, settings, services)` makes a client that fulfils
    one or more of the protocols above, which `fulfils` names. `grants` is what an administrator of the vendor's side
    does first, a sentence each, in order.
    """

    name: str
    title: str
    settings: type[BaseModel]
    build: Callable[[str, Any, Services], object]
    fulfils: frozenset[type]
    capabilities: tuple[Capability, ...] = ()
    grants: tuple[str, ...] = ()
