"""How long a fact took from the source's clock to the chat, and where that time went."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.language import Phrase, say
from worker.answering import phrases
from worker.answering.reasons import listed
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS
from worker.ledger.tables import Step
from worker.ledger.told import CAME, Told

LATE_S = 120
"""What came sooner is not late."""
NAMED_S = 30
"""A part of the way that took less is not named."""

SIZES = ((86_400, phrases.DAYS), (3_600, phrases.HOURS), (60, phrases.MINUTES))


def lateness(one: Told, locale: str) -> str:
    """Return how late a fact was and why, nothing where it was not, or was told again later on purpose."""
    total = one.at - micros(one.notice.occurred_at)
    if one.telling.again or total < LATE_S * MICROSECONDS:
        return ""
    tries = sum(attempt.step is Step.ATTEMPT for attempt in one.message.tries)
    named = [
        say(phrase, locale, span=span(part, locale), **({"count": tries} if phrase.many else {}))
        for phrase, part in _parts(one)
        if part >= NAMED_S * MICROSECONDS
    ]
    return say(phrases.LATE, locale, span=span(total, locale), parts=listed(named, locale)) if named else ""


def span(part: int, locale: str) -> str:
    """Return a time in microseconds in its largest unit of which there are two."""
    seconds = round(part / MICROSECONDS)
    for size, phrase in SIZES:
        if seconds >= 2 * size:
            return say(phrase, locale, count=round(seconds / size))
    return say(phrases.SECONDS, locale, count=seconds)


def _parts(one: Told) -> Iterator[tuple[Phrase, int]]:
    """Give the parts of the way in their order, in microseconds; together they are the whole."""
    made, framed, held = one.telling.created_at, one.message.framed_at, _held(one)
    yield phrases.SOURCE_LATE, one.received_at - micros(one.notice.occurred_at)
    yield phrases.DECIDED_LATE, made - one.received_at
    yield phrases.HELD, held
    yield phrases.IN_LINE, framed - made - held
    if any(attempt.reason not in CAME for attempt in one.message.tries if attempt.step is Step.ATTEMPT):
        yield phrases.REFUSED, one.at - framed


def _held(one: Told) -> int:
    """Return how long a person had to decide, in all."""
    total, since = 0, None
    for entry in one.telling.entries:
        if entry.step is Step.HELD:
            since = entry.at
        elif entry.step is Step.RELEASED and since is not None:
            total, since = total + entry.at - since, None
    return total
