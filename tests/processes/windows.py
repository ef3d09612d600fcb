"""How many of some moments lie within one window."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def most_in_a_window(moments: Sequence[float], seconds: float) -> int:
    """The most of these moments (in order, in seconds) that any window of this length holds, both of its ends in it."""
    return max((bisect_right(moments, at + seconds) - n for n, at in enumerate(moments)), default=0)
