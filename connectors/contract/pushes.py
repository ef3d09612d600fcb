"""What a source sends by itself, and the reply that it must get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connectors.contract.hearing import Change, Press, Words
from connectors.contract.records import Record


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
    """A push after verification: what it brought, or why it was refused; `reply` is due after the commit."""

    reply: Reply
    records: tuple[Record, ...] = ()
    hints: tuple[Hint, ...] = ()
    refusal: Refusal | None = None
    reason: str = ""
    """A sentence for the operator, without payload."""
    presses: tuple[Press, ...] = ()
    words: tuple[Words, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push that the vendor ends by itself.

    `state` is the connector's own text, kept in the ledger and handed back; `renew_at` is when to call again, aware;
    `silent_since` is from when on changes may not have been pushed (the runner compares that time by `Lists`), or None.
    """

    state: str = field(repr=False)
    renew_at: datetime
    silent_since: datetime | None = None
