"""What the robot answers, command by command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from connectors.contract import Draft, Fact, Line
from pipelines.language import Phrase
from pipelines.plan import destination_of
from pipelines.words import asked
from worker.answering import phrases
from worker.answering.alone import Alone
from worker.answering.chat import Chat, Said
from worker.answering.muting import missed, mute, unmute
from worker.answering.readership import Readership
from worker.answering.why import Why
from worker.ledger.answers import Question
from worker.ledger.engine import Ledger
from worker.ledger.tables import AnswerForm


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what it does, and what answers it; that gets what stands behind the command."""

    usage: str
    does: Phrase
    answer: Callable[[Chat, str], Said]


def why(chat: Chat, number: str) -> Said:
    """Answer why something was told. What was told to others, and what does not exist, get the same words."""
    told = chat.speaker.why.about(chat.connection, number, chat.reading, chat.now, alone=chat.alone)
    if told is not None:
        return Said(told)
    days = max(chat.speaker.kept.days, 1)
    if not number:
        return chat.plain(phrases.NOTHING_AT_ALL if chat.alone else phrases.NOTHING_AT_ALL_HERE, count=days)
    return chat.plain(phrases.NOTHING if chat.alone else phrases.NOTHING_HERE, count=days, what=number)


def usage(chat: Chat, _about: str = "") -> Said:
    """List the commands."""
    lines = tuple(Line(command.usage, chat.say(command.does)) for command in COMMANDS.values())
    heading = chat.say(phrases.COMMANDS)
    return Said(Draft(heading, (Fact(heading, lines=lines),)))


COMMANDS: Mapping[str, Command] = {
    "why": Command("/why SO-1042", phrases.WHY, why),
    "mute": Command("/mute deals 2h", phrases.MUTE, mute),
    "unmute": Command("/unmute deals", phrases.UNMUTE, unmute),
    "missed": Command("/missed 2h", phrases.MISSED, missed),
    "help": Command("/help", phrases.HELP, usage),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says what is answered in the name of one application. `kept` is how long it is remembered what was told."""

    why: Why
    readership: Readership
    alone: Alone
    locale: str
    kept: timedelta

    @property
    def ledger(self) -> Ledger:
        """Where it looks."""
        return self.why.ledger

    def answer(self, connection: Connection, question: Question, now: datetime) -> Said:
        """Return the answer to a question at `now` (aware)."""
        reading = self.readership.of(connection, question.words)
        known = self.why.plan.destinations
        places = [known[name] for name in map(destination_of, reading.since) if name in known]
        locale = places[0].locale if places else self.locale
        zone = places[0].zone if places else "UTC"
        chat = Chat(connection, self, question, reading, locale, zone, now)
        if question.form is AnswerForm.TOO_MANY:
            return chat.plain(phrases.TOO_MANY)
        found = asked(question.words.text, COMMANDS)
        return usage(chat) if found is None else COMMANDS[found.command].answer(chat, found.about)
