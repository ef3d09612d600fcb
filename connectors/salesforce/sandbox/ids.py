"""Record ids: 15 characters that are case-sensitive, and 3 more that repair the case."""

from __future__ import annotations

import string

CHECKSUM = string.ascii_uppercase + "012345"
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
POD = "5g0"


def with_checksum(id15: str) -> str:
    """Return the 18-character form: one checksum character per five, a bit for each capital letter.

    See https://help.salesforce.com/s/articleView?id=000385008&type=1
    """
    blocks = (id15[start : start + 5] for start in (0, 5, 10))
    return id15 + "".join(CHECKSUM[sum(1 << i for i, c in enumerate(block) if c.isupper())] for block in blocks)


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`th record of the object with this key prefix; ids ascend."""
    text = ""
    for _ in range(9):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return with_checksum(prefix + POD + text)


def canonical(text: str) -> str | None:
    """Return the 18-character form of an id given in 15 or 18 characters, or None when it is no id.

    The 18-character form may come in any case: its last three characters say which letters are capitals.
    """
    if not (text.isascii() and text.isalnum()):
        return None
    if len(text) == 15:
        return with_checksum(text)
    if len(text) != 18 or any(c not in CHECKSUM for c in text[15:].upper()):
        return None
    bits = [CHECKSUM.index(c) >> i & 1 for c in text[15:].upper() for i in range(5)]
    repaired = "".join(c.upper() if bit else c.lower() for c, bit in zip(text[:15], bits, strict=True))
    full = with_checksum(repaired)
    return full if full[15:] == text[15:].upper() else None
