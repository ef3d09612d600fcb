"""HMAC-SHA256 signatures of incoming requests, in the shapes that senders of webhooks use.

The shapes, all over the raw bytes of the body:

- base64 of the body alone: https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
- `sha256=` and hex of the body alone: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
- time and signatures in one header, `t=…,v1=…,v1=…`, over `timestamp.body`: https://docs.stripe.com/webhooks
- base64 of time and body joined, time in a header of its own:
  https://developer.zendesk.com/documentation/webhooks/verifying/
- `v0=` and hex over `v0:timestamp:body`: https://api.slack.com/docs/verifying-requests-from-slack
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from connectors.contract import Refusal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNIX_DIGITS = re.compile(r"[0-9]{1,15}")
WORDS = re.compile(r"(timestamp|body)")


class Encoding(StrEnum):
    """How the digest is written."""

    HEX = "hex"
    BASE64 = "base64"


class Clock(StrEnum):
    """How the time of signing is written."""

    UNIX = "unix"
    UNIX_MS = "unix_ms"
    ISO8601 = "iso8601"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is not believed: the reason to count by, and a sentence for the operator without payload."""

    refusal: Refusal
    reason: str


@dataclass(frozen=True, slots=True)
class Template:
    """What is signed: literal text around the words `timestamp` and `body`, as in `v0:timestamp:body`."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template; ValueError unless `body` stands in it once and `timestamp` at most once."""
        parts = tuple(part for part in WORDS.split(text) if part)
        if parts.count("body") != 1 or parts.count("timestamp") > 1:
            raise ValueError("what is signed names `body` once and `timestamp` at most once, like timestamp.body")
        return cls(parts)

    @property
    def timed(self) -> bool:
        """Whether the time is signed too, so that an old request cannot be given a new time."""
        return "timestamp" in self.parts

    def fill(self, timestamp: str, body: bytes) -> bytes:
        """Return the bytes that the sender signed."""
        if len(self.parts) == 1:
            return body
        words = {"timestamp": timestamp.encode("utf-8", "replace"), "body": body}
        return b"".join(words[part] if part in words else part.encode() for part in self.parts)


@dataclass(frozen=True, slots=True)
class SignedTime:
    """Where the time of signing stands, how it is written, and how far it may be from our clock, either way.

    `header` is lower-case; `prefix` picks the part of a header that holds several, like `t=`.
    """

    header: str
    prefix: str
    clock: Clock
    tolerance: timedelta


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one sender signs. `header` is lower-case; several `keys` hold while the sender's key is changed."""

    header: str
    keys: tuple[bytes, ...] = field(repr=False)
    template: Template
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    time: SignedTime | None = None

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Fault | None:
        """Return None for a request that a holder of one of the keys signed lately, else why not.

        `headers` have lower-case names, `now` is aware. The time is judged only once the signature holds, so `STALE`
        always speaks of a genuine request.
        """
        given = headers.get(self.header, "")
        if not given:
            return Fault(Refusal.UNSIGNED, f"The request has no header {self.header}. Does the sender sign?")
        timestamp = ""
        if self.time is not None:
            timestamp = next(_parts(headers.get(self.time.header, ""), self.time.prefix), "")
            if not timestamp:
                return Fault(Refusal.UNSIGNED, f"The request has no signed time in its header {self.time.header}.")
        if not self._holds(given, self.template.fill(timestamp, body)):
            return Fault(
                Refusal.BAD_SIGNATURE,
                f"The signature in {self.header} fits none of the {len(self.keys)} configured keys: compare the key, "
                "the encoding and what is signed with the sender's, and let no proxy rewrite the body.",
            )
        return None if self.time is None else _age_fault(self.time, timestamp, now)

    def _holds(self, given: str, message: bytes) -> bool:
        """Compare every key with every signature given, without leaving early, so that time tells nothing."""
        candidates = [part.encode("utf-8", "replace") for part in _parts(given, self.prefix)]
        if self.encoding is Encoding.HEX:
            candidates = [candidate.lower() for candidate in candidates]
        held = False
        for key in self.keys:
            digest = hmac.digest(key, message, "sha256")
            # the expected text is compared, not the decoded one: nothing lenient in a decoder can widen what passes
            expected = digest.hex().encode() if self.encoding is Encoding.HEX else base64.b64encode(digest)
            for candidate in candidates:
                held |= hmac.compare_digest(expected, candidate)
        return held


def instant(text: str) -> datetime:
    """Read an ISO 8601 time as aware UTC; ValueError when it is none, has no zone, or lies outside the calendar."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("the time has no zone")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the calendar") from None


def _parts(value: str, prefix: str) -> Iterator[str]:
    """Yield what follows `prefix` in each comma-separated part; neither hex, base64 nor a time holds a comma."""
    for part in value.split(","):
        text = part.strip(" \t")
        if text.startswith(prefix) and len(text) > len(prefix):
            yield text[len(prefix) :]


def _age_fault(rule: SignedTime, timestamp: str, now: datetime) -> Fault | None:
    try:
        age = now - _signed_at(rule.clock, timestamp)
    except (ValueError, OverflowError):
        return Fault(Refusal.STALE, f"The signed time is not written as {rule.clock}: correct timestamp_format.")
    if abs(age) <= rule.tolerance:
        return None
    side = "behind" if age > timedelta(0) else "ahead of"
    return Fault(
        Refusal.STALE,
        f"The signed time is {abs(age).total_seconds():.0f} s {side} our clock, more than the tolerance of "
        f"{rule.tolerance.total_seconds():.0f} s: an old request sent again, or a clock that is wrong.",
    )


def _signed_at(clock: Clock, text: str) -> datetime:
    if clock is Clock.ISO8601:
        return instant(text)
    if not UNIX_DIGITS.fullmatch(text):
        raise ValueError("not a Unix time")
    return EPOCH + (timedelta(milliseconds=int(text)) if clock is Clock.UNIX_MS else timedelta(seconds=int(text)))
