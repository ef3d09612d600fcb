"""A code that is sent into a group and typed back: it shows that who vouches for the group's members sits in it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.contract import Draft, Fact
from pipelines.language import Phrase, say

DIGITS = 6
TRIES = 3
LIVES = timedelta(minutes=10)

TITLE = Phrase("dingbridge: a code")
CODE = Phrase("Code: {code}")
# Translators: {classes} are the names of sorts of data, such as finance
VOUCHES = Phrase("{who} is about to vouch that everybody in this group may see: {classes}.")
UNEXPECTED = Phrase("If you did not expect this, tell them. The code ends in ten minutes.")


class Said(StrEnum):
    """What a typed code came to."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    ENDED = "ended"


class Challenge:
    """One code. Only its hash is kept, so that nothing that is left of this process tells it."""

    def __init__(self, code: str, now: datetime) -> None:
        """Expect `code` within ten minutes of `now`, in three tries."""
        self._salt = secrets.token_bytes(16)
        self._hash = self._hashed(code)
        self._until = now + LIVES
        self._left = TRIES

    def answer(self, typed: str, now: datetime) -> Said:
        """Judge what was typed; a code that was right once, or wrong three times, is over."""
        if now >= self._until:
            return Said.EXPIRED
        if self._left <= 0:
            return Said.ENDED
        self._left -= 1
        if hmac.compare_digest(self._hashed(typed.strip()), self._hash):
            self._left = 0
            return Said.RIGHT
        return Said.WRONG if self._left else Said.ENDED

    def _hashed(self, code: str) -> bytes:
        return hashlib.scrypt(code.encode(), salt=self._salt, n=2**14, r=8, p=1)


def new_code() -> str:
    """Return a fresh code."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def message(code: str, admin: str, classes: Sequence[str], locale: str) -> Draft:
    """Return what the group reads in its language: the code, who asked for it, and what is going to be shown here."""
    notes = (
        say(CODE, locale, code=code),
        say(VOUCHES, locale, who=admin, classes=", ".join(classes)),
        say(UNEXPECTED, locale),
    )
    return Draft(preview=say(TITLE, locale), facts=(Fact("dingbridge", notes=notes),))
