"""Takes a signed JSON push: verify the raw bytes first, parse them after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from itertools import accumulate
from typing import Any

import msgspec

from connectors.contract import RawRequest, Received, Refusal, Reply
from connectors.generic.records import Shape, Unusable
from connectors.generic.settings import GenericSettings, duration

MAX_DIGITS = 100
STATUS: Mapping[Refusal, int] = {
    Refusal.UNSIGNED: 401,
    Refusal.BAD_SIGNATURE: 401,
    Refusal.STALE: 401,
    Refusal.TOO_LARGE: 413,
    Refusal.TOO_DEEP: 400,
    Refusal.MALFORMED: 400,
    Refusal.INCOMPLETE: 400,
}
STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class Receiver:
    """A source that pushes: fulfils `Receives`. Nothing is read but the request; its clock is `received_at`."""

    def __init__(self, source: str, settings: GenericSettings) -> None:
        self.max_body: int = settings.max_body
        self._max_depth = settings.max_depth
        self._scheme = settings.signature.scheme()
        self._shape = Shape.of(source, settings)
        self._taken = Reply(settings.reply.status, settings.reply.body.encode())
        after = f"{duration(settings.reply.retry_after).total_seconds():.0f}"
        self._overloaded = Reply(settings.reply.overload, b"overloaded", headers={"retry-after": after})

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and turn it into records, or refuse it; raises nothing whatever the bytes are."""
        if len(request.body) > self.max_body:
            return self._refused(Refusal.TOO_LARGE, f"The body has more than {self.max_body} bytes (max_body).")
        fault = self._scheme.check(request.headers, request.body, request.received_at)
        if fault is not None:
            return self._refused(fault.refusal, fault.reason)
        try:
            document = parse(request.body, self._max_depth)
            records = self._shape.records(document, sha256(request.body).hexdigest(), request.received_at)
        except Unusable as error:
            return self._refused(error.refusal, str(error))
        return Received(self._taken, records)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken; its body is the reason's name."""
        if refusal is Refusal.OVERLOADED:
            return self._overloaded
        return Reply(STATUS[refusal], refusal.encode())

    def _refused(self, refusal: Refusal, reason: str) -> Received:
        return Received(self.refuse(refusal), refusal=refusal, reason=reason)


def parse(body: bytes, max_depth: int) -> Any:
    """Parse JSON with numbers as int and Decimal, never float; of a key that stands twice the last counts.

    Raises Unusable for what is not JSON (https://www.rfc-editor.org/rfc/rfc8259), too deep, or holds a number that
    nobody means.
    """
    if _deeper(body, max_depth):
        raise Unusable(Refusal.TOO_DEEP, f"The body is nested deeper than {max_depth} (max_depth).")
    try:
        return DECODER.decode(body)
    except (ValueError, ArithmeticError):
        # the parser's own message may show a piece of the body
        sentence = (
            f"The body is not JSON in UTF-8, or a number in it has more than {MAX_DIGITS} digits or powers of 10."
        )
        raise Unusable(Refusal.MALFORMED, sentence) from None


def _deeper(body: bytes, limit: int) -> bool:
    """Tell whether arrays and objects nest deeper than `limit`, before a parser recurses into them."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    brackets = STRINGS.sub(b"", body).translate(None, NO_BRACKETS)
    return any(depth > limit for depth in accumulate(map(STEP.__getitem__, brackets)))


def _number(text: str) -> Decimal:
    """Read a number with a fraction or exponent; 1e999999 is a few bytes here and a megabyte wherever it is shown."""
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise ValueError("too many powers of 10")
    return number


DECODER = msgspec.json.Decoder(float_hook=_number)
