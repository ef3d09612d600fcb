"""A story: what became of a record, sentence by sentence, for people and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pipelines.texts import text
from worker.explain.sentences import Key, sentence
from worker.ledger.engine import MICROSECONDS

LOCALE = "en"
"""The sentences are English, and so are the numbers and dates in them."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence: when it happened, what it is about (a reason, an outcome or another key), and the words."""

    at: datetime | None
    about: str
    words: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of one arrival."""

    seq: int
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One record."""

    source: str
    kind: str
    record_id: str
    number: str
    url: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The answer to one question. `silence` tells of the sources when nothing was found. Times are in `zone`."""

    asked: str
    zone: str
    chapters: tuple[Chapter, ...]
    silence: tuple[Said, ...] = ()

    def said(self) -> tuple[Said, ...]:
        """Return all sentences in order."""
        told = tuple(one for chapter in self.chapters for passage in chapter.passages for one in passage.said)
        return told + self.silence

    def to_plain(self) -> dict[str, Any]:
        """Return the story as values that JSON can hold."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


@dataclass(frozen=True, slots=True)
class Voice:
    """Tells times as the reader's zone has them. `now` is aware."""

    now: datetime
    zone: str

    def instant(self, at: int) -> datetime:
        """Return microseconds since the epoch as an aware datetime of the zone."""
        return datetime.fromtimestamp(at / MICROSECONDS, UTC).astimezone(ZoneInfo(self.zone))

    def clock(self, at: int | datetime) -> str:
        """Return hours and minutes, with the day unless it is today."""
        local = at.astimezone(ZoneInfo(self.zone)) if isinstance(at, datetime) else self.instant(at)
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"

    def value(self, value: Any) -> str:
        """Return a field's value as a reader sees it."""
        return text(value, self.zone, LOCALE)

    def say(self, key: Key, at: int | None = None, **facts: object) -> Said:
        """Return the sentence of `key`; `at` in microseconds is both its time and, told as a time, a fact of it."""
        named = {name: str(fact) for name, fact in facts.items()}
        if at is None:
            return Said(None, str(key), sentence(key, **named), named)
        named["at"] = self.clock(at)
        return Said(self.instant(at), str(key), sentence(key, **named), named)


def span(seconds: float) -> str:
    """Return a duration in the largest unit that keeps it readable."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def say(story: Story) -> str:
    """Return the story as text: a heading for each record, a line for each sentence, times in the story's zone."""
    lines = []
    for chapter in story.chapters:
        name = f"{chapter.source}.{chapter.kind}/{chapter.record_id}"
        lines.append(" ".join(filter(None, (chapter.number, f"({name})", chapter.url))))
        for passage in chapter.passages:
            lines.append(f"  #{passage.seq}")
            lines += [_line(one) for one in passage.said]
    lines += [one.words for one in story.silence]
    lines.append(f"Times are of {story.zone}.")
    return "\n".join(lines)


def _line(one: Said) -> str:
    when = "" if one.at is None else f"{one.at:%Y-%m-%d %H:%M:%S}"
    return f"    {when:19}  {one.words}"
