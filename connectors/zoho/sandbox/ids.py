"""Record ids: 18 digits, written as text because they are greater than 2^53. They ascend."""

from __future__ import annotations

_ORG = 554_023_000_000_000_000
ORG = _ORG + 1
MODULES = _ORG + 125
FIELDS = _ORG + 2_000
PICKS = _ORG + 5_000
LAYOUTS = _ORG + 9_000
CURRENCIES = _ORG + 20_000
PEOPLE = _ORG + 300_000
ROLES = _ORG + 310_000
PROFILES = _ORG + 320_000
TRANSITIONS = _ORG + 400_000
RECORDS = _ORG + 1_000_000


def parse(text: object) -> int | None:
    """Return the number of an id, or None when it is none."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 19:
        return int(text)
    return None
