"""A month's allowance: what a lane may use of it, how much is gone, and when it ends at this rate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from connectors.contract import Month
from pipelines.language import Phrase
from pipelines.plan import Lane
from pipelines.sentence import Sentence, sentence

STEPS = (50, 80, 95)
"""Percent of a month's allowance at which operators are told."""

KEPT = 5
"""Percent of a month's allowance that is left to approvals and urgent messages."""

# Translators: a vendor's allowance of calls in a month
USED_UP = Phrase("the allowance is used up, and messages wait until {day}")
LASTS = Phrase("at this rate the allowance lasts until the month ends")
ENDS = Phrase("at this rate the allowance ends on {day}")

_FIRST = frozenset({Lane.APPROVAL, Lane.URGENT})
_DAY = timedelta(days=1)


def left(limit: int, used: int, lane: Lane) -> int:
    """Return how many calls a lane may still make in a month of `limit`."""
    kept = 0 if lane in _FIRST else limit * KEPT // 100
    return max(0, limit - kept - used)


def step(limit: int, used: int) -> int:
    """Return the highest of `STEPS` that is reached, 0 below the first."""
    return max((each for each in STEPS if used * 100 >= limit * each), default=0)


def ends(days: Mapping[date, int], remaining: int, now: datetime) -> datetime | None:
    """Return when `remaining` calls are used up at the rate of these days' calls; None: never.

    `now` is a time of the zone in which the days are counted; the days are the last ones, today among them.
    """
    used = sum(days.values())
    if used <= 0:
        return None
    begun = datetime.combine(min(days), time(), now.tzinfo)
    # on the first day a few calls in a few minutes are no rate
    span = max(now - begun, _DAY)
    # more than a year is never, and more than a datetime holds
    return now + remaining / used * span if remaining / used * (span / _DAY) < 366 else None


def outlook(month: Month, used: int, days: Mapping[date, int], now: datetime) -> Sentence:
    """Say when the allowance ends at this rate. `now` is aware; the days are of the month's zone."""
    begins, over = month.around(now)
    if used >= month.limit:
        return sentence(USED_UP, day=over.date())
    end = ends(days, month.limit - used, now.astimezone(begins.tzinfo))
    if end is None or end >= over:
        return sentence(LASTS)
    return sentence(ENDS, day=end.date())
