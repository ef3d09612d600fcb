"""A question in its chat, and what is said to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from connectors.contract import Draft
from pipelines.language import Phrase, say
from worker.ledger.answers import Question
from worker.ledger.mutes import Mute
from worker.ledger.told import Reading

if TYPE_CHECKING:
    from worker.answering.commands import Speaker


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: what it changes, and by which words its rest is asked for; empty: it is whole."""

    draft: Draft
    mute: Mute | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a question was asked: `reading` is that of which its answer may speak; `locale` and `zone` are the asker's."""

    connection: Connection
    speaker: Speaker
    question: Question
    reading: Reading
    locale: str
    zone: str
    now: datetime

    @property
    def alone(self) -> bool:
        """Whether nobody else reads the answer."""
        return not self.question.words.in_group

    def say(self, phrase: Phrase, **given: str | int) -> str:
        """Return a phrase in the asker's language."""
        return say(phrase, self.locale, **given)

    def plain(self, phrase: Phrase, **given: str | int) -> Said:
        """Return an answer of one phrase."""
        return Said(Draft(self.say(phrase, **given), ()))
