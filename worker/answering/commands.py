"""What the robot answers, command by command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from connectors.contract import Draft, Fact, Line, Words
from pipelines.language import Phrase, say
from pipelines.words import asked
from worker.answering import phrases
from worker.answering.readership import Readership
from worker.answering.why import Why
from worker.ledger.tables import AnswerForm
from worker.ledger.told import Reading


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a question was asked: `reading` is that of which its answer may speak, `locale` is the asker's."""

    connection: Connection
    speaker: Speaker
    words: Words
    reading: Reading
    locale: str
    now: datetime

    def say(self, phrase: Phrase, **given: str | int) -> str:
        """Return a phrase in the asker's language."""
        return say(phrase, self.locale, **given)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what it does, and what answers it; that gets what stands behind the command."""

    usage: str
    does: Phrase
    answer: Callable[[Chat, str], Draft]


def why(chat: Chat, number: str) -> Draft:
    """Answer why something was told. What was told to others, and what does not exist, get the same words."""
    alone = not chat.words.in_group
    told = chat.speaker.why.about(chat.connection, number, chat.reading, chat.now, alone=alone)
    if told is not None:
        return told
    days = max(chat.speaker.kept.days, 1)
    if not number:
        nothing = phrases.NOTHING_AT_ALL if alone else phrases.NOTHING_AT_ALL_HERE
        return Draft(chat.say(nothing, count=days), ())
    nothing = phrases.NOTHING if alone else phrases.NOTHING_HERE
    return Draft(chat.say(nothing, count=days, what=number), ())


def usage(chat: Chat, _about: str = "") -> Draft:
    """List the commands."""
    lines = tuple(Line(command.usage, chat.say(command.does)) for command in COMMANDS.values())
    heading = chat.say(phrases.COMMANDS)
    return Draft(heading, (Fact(heading, lines=lines),))


COMMANDS: Mapping[str, Command] = {
    "why": Command("/why SO-1042", phrases.WHY, why),
    "help": Command("/help", phrases.HELP, usage),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says what is answered in the name of one application. `kept` is how long it is remembered what was told."""

    why: Why
    readership: Readership
    locale: str
    kept: timedelta

    def answer(self, connection: Connection, words: Words, form: AnswerForm, now: datetime) -> Draft:
        """Return the answer to `words` at `now` (aware)."""
        reading = self.readership.of(connection, words)
        known = self.why.plan.destinations
        locale = next((known[name].locale for name in reading.since if name in known), self.locale)
        chat = Chat(connection, self, words, reading, locale, now)
        if form is AnswerForm.TOO_MANY:
            return Draft(chat.say(phrases.TOO_MANY), ())
        found = asked(words.text, COMMANDS)
        return usage(chat) if found is None else COMMANDS[found.command].answer(chat, found.about)
