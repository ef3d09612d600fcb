"""The answers to `/mute`, `/unmute` and `/missed`: what somebody does not want to hear for a while, and what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.contract import Draft, Fact, Line
from connectors.settings_types import duration, duration_text
from pipelines.audience import Audience
from pipelines.outgoing import told_now
from pipelines.plan import Destination, Route
from pipelines.stages.merge import OPEN
from pipelines.stages.muted import mutable
from pipelines.texts import moment
from worker.answering import phrases
from worker.answering.chat import Chat, Said
from worker.answering.lateness import span
from worker.ledger import mutes
from worker.ledger.engine import MICROSECONDS
from worker.ledger.mutes import Kept, Mute

PAGE = 20
"""Facts in one message."""
PAGE_BYTES = 6_000
"""Bytes of text in one message: escaped, they are still less than a robot's message may have."""

DAY = timedelta(days=1)


def mute(chat: Chat, about: str) -> Said:
    """Mute a route for a while; without one, tell what can be muted and what is."""
    if not chat.alone:
        return chat.plain(phrases.ALONE, command="/mute")
    if not about:
        return _list(chat)
    name, _, given = about.partition(" ")
    routes, length = _routes(chat), _duration(given)
    route = routes.get(name.casefold())
    if route is None:
        return chat.plain(phrases.NOT_ALONE, route=name)
    if not mutable(route):
        return chat.plain(phrases.PRESSING, route=name.casefold())
    if length is None:
        return chat.plain(phrases.HOW_LONG, route=name.casefold())
    longest = chat.speaker.alone.longest
    said = phrases.MUTED if length <= longest else phrases.MUTED_SHORTER
    one = _word(chat, name.casefold(), min(length, longest))
    most = span(longest // timedelta(microseconds=1), chat.locale)
    until = moment(_instant(one.until), chat.zone, chat.locale)
    return replace(chat.plain(said, route=one.route, until=until, span=most), mute=one)


def unmute(chat: Chat, about: str) -> Said:
    """End a mute."""
    if not chat.alone:
        return chat.plain(phrases.ALONE, command="/unmute")
    if not about:
        return _list(chat)
    name = about.casefold()
    if name not in _routes(chat):
        return chat.plain(phrases.NOT_ALONE, route=about)
    if name not in _muted(chat):
        return chat.plain(phrases.NOT_MUTED, route=name)
    return replace(chat.plain(phrases.UNMUTED, route=name), mute=_word(chat, name, timedelta(0)))


def missed(chat: Chat, about: str) -> Said:
    """Tell what somebody was not told because they muted it: the newest state of each record, newest first.

    What does not fit one message is asked for by `/missed` with the number of the last fact that did.
    """
    if not chat.alone:
        return chat.plain(phrases.ALONE, command="/missed")
    given, _, last = about.partition(" ")
    length = _duration(given) or (None if given else DAY)
    if length is None or (last and not last.isdecimal()):
        return chat.plain(phrases.HOW_FAR)
    at = chat.speaker.ledger.now(chat.connection)
    since = at - min(length, chat.speaker.kept) // timedelta(microseconds=1)
    theirs = chat.speaker.alone.recipients(chat.question.words.by)
    known = {name: max(at, since) for name, at in chat.reading.since.items() if name in theirs}
    ids = mutes.kept(chat.connection, known)
    found, rest = _page(chat, [id_ for id_ in ids if not last or id_ < int(last)], at)
    if not found:
        nothing = phrases.NOTHING_ELSE_MISSED if last else phrases.NOTHING_MISSED
        return chat.plain(nothing, span=span(length // timedelta(microseconds=1), chat.locale))
    facts = tuple(_fact(chat, one) for one in found)
    draft = Draft(chat.say(phrases.MISSED_HEADING), facts, open_label=chat.say(OPEN))
    return Said(draft, rest=f"/missed {duration_text(length)} {found[-1].id}" if rest else "")


def _list(chat: Chat) -> Said:
    muted = _muted(chat)
    lines = []
    for name, route in sorted(_routes(chat).items()):
        if mutable(route):
            until = muted.get(name)
            ends = chat.say(phrases.UNTIL, until=moment(until, chat.zone, chat.locale)) if until else ""
            lines.append(Line(name, ": ".join(filter(None, (route.title, ends)))))
    if not lines:
        return chat.plain(phrases.NOTHING_TO_MUTE)
    heading = chat.say(phrases.CAN_MUTE)
    return Said(Draft(heading, (Fact(heading, lines=tuple(lines)),)))


def _routes(chat: Chat) -> Mapping[str, Route]:
    return chat.speaker.alone.routes(chat.connection, chat.question.words.by)


def _muted(chat: Chat) -> Mapping[str, datetime]:
    """Return what is muted now, each with its end."""
    known = mutes.of(chat.connection, chat.speaker.alone.application, chat.question.words.by)
    now = _instant(chat.speaker.ledger.now(chat.connection))
    return {name: until for name, until in known.items() if now < until}


def _word(chat: Chat, route: str, length: timedelta) -> Mute:
    """Return a mute from when it was asked for: answered twice, it does not last longer."""
    said_at = chat.question.asked_at
    until = said_at + length // timedelta(microseconds=1)
    return Mute(chat.speaker.alone.application, chat.question.words.by, route, until, said_at)


def _page(chat: Chat, ids: Sequence[int], at: int) -> tuple[list[Kept], bool]:
    """Return what fits one message of what may be told today, and whether there is more."""
    alone, user = chat.speaker.alone, chat.question.words.by
    found: list[Kept] = []
    size = 0
    for start in range(0, len(ids), PAGE):
        for one in mutes.opened(chat.speaker.ledger, chat.connection, ids[start : start + PAGE]):
            reader = _as_now(chat, alone.plan.reader(one.notice.destination), user, at)
            if not told_now(alone.plan, reader, one.notice, chat.now):
                continue
            size += len(f"{_title(chat, one)}{one.notice.number}{one.notice.url}".encode())
            if found and (len(found) == PAGE or size > PAGE_BYTES):
                return found, True
            found.append(one)
    return found, False


def _as_now(chat: Chat, reader: Destination, user: str, at: int) -> Destination:
    """Return a destination with what its one reader is cleared for now."""
    clearing = chat.speaker.why.clearing
    cleared = clearing.people(chat.connection, reader.application, [user], at)
    return replace(reader, audience=Audience(read=True, cleared=cleared, ruled=clearing.clearances.ruled))


def _fact(chat: Chat, one: Kept) -> Fact:
    at = moment(one.notice.occurred_at, chat.zone, chat.locale)
    return Fact(_title(chat, one), one.notice.number, one.notice.url, at)


def _title(chat: Chat, one: Kept) -> str:
    return next((route.title for route in chat.speaker.alone.plan.routes if route.name == one.notice.route), "")


def _duration(given: str) -> timedelta | None:
    try:
        length = duration(given.casefold())
    except (ValueError, OverflowError):
        return None
    return length if length > timedelta(0) else None


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at / MICROSECONDS, UTC)
