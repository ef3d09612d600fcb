"""Telling what the ledger and the chat say of an event, as soon as both are done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.demo.telling import Voice
from worker.demo.watch import Watch
from worker.ledger.decisions import Subject
from worker.ledger.history import Happening, Telling


@dataclass(frozen=True, slots=True)
class Report:
    """Puts what became of an event into words."""

    watch: Watch
    voice: Voice

    def follow(self, subject: Subject, seen: int = 0) -> Happening:
        """Wait for the outcome of the first state after `seen` others, say it and return it."""
        happened = self.watch.outcome(subject, seen)
        self.say(happened)
        return happened

    def say(self, happened: Happening) -> None:
        """Say what became of an event."""
        for sentence in self.watch.sentences(happened):
            self.voice.follows(sentence)

    def brought(self, happened: Happening, who: str) -> None:
        """Say whether a call of somebody brought an event."""
        self.voice.follows(f"brought by a call of {who}" if happened.pushed else "brought by a poll")

    def quote(self, happened: Happening, labels: Sequence[str]) -> None:
        """Say what people read beside these labels in the messages of an event."""
        for message in self.watch.shown(happened.tellings):
            lines = (f"{label}: {value}" for label, value in message.lines if label in labels)
            self.voice.follows(f"people read {', '.join(lines)}")

    def together(self, tellings: Sequence[Telling]) -> None:
        """Say which messages carried these, each with all that it tells of."""
        for message in self.watch.shown(tellings):
            digest = " (a digest)" if len(message.facts) > 1 else ""
            name = self.watch.chat.groups[message.destination]
            self.voice.follows(f"→ {name} is told{digest}: {', '.join(message.facts)}")
