"""How many messages? One for each fact while the quota carries them; what it cannot carry shares messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.contract import Delivers, Draft, Fact, Format
from pipelines.approval import buttons
from pipelines.decisions import WAITING
from pipelines.language import Phrase, say
from pipelines.plan import Lane, Merge, Route

# Translators: the caption of a link or button that opens the record in its system
OPEN = Phrase("Open")
# Translators: the heading of a message about several facts; {first} is the title and number of the first of them
SEVERAL = Phrase("{count} update: {first}", "{count} updates: {first}")


@dataclass(frozen=True, slots=True)
class Ready:
    """A fact that may go: its notice's id and lane, the route that it came by, who decides where it asks for that.

    `waited`: it shares a message with the others that waited.
    """

    id: int
    route: Route
    lane: Lane
    fact: Fact
    deciders: tuple[str, ...] = ()
    waited: bool = False


@dataclass(frozen=True, slots=True)
class Assembled:
    """A message before it is frozen: the part of a draft, and the notices that it carries.

    `route` is that of a message that asks for a decision.
    """

    draft: Draft
    notices: tuple[int, ...]
    lane: Lane
    route: Route | None = None


def merge(ready: Sequence[Ready], free: int, channel: Delivers, locale: str) -> list[Assembled]:
    """Return at most `free` messages for readers of `locale`, what has waited longest first; the rest waits.

    A fact that is too large for one message goes on in the next, and people beyond what one message may mention are
    mentioned in further ones; then there may be more than `free`.
    """
    messages: list[Assembled] = []
    for together in _units(ready, free):
        if len(messages) >= free:
            break
        messages += _fitted(together, free - len(messages), channel, locale)
    return messages


def _units(ready: Sequence[Ready], free: int) -> list[list[Ready]]:
    """Part the facts by message: what waited is one, in the place of its first, and with little room all that may merge."""
    shared: list[Ready] = []
    units: list[list[Ready]] = []
    waited = sum(one.waited and one.route.merge is not Merge.NEVER for one in ready)
    crowded = len(ready) - max(0, waited - 1) > free
    for one in ready:
        if one.route.merge is Merge.NEVER or not (crowded or one.waited):
            units.append([one])
            continue
        if not shared:
            units.append(shared)
        shared.append(one)
    return units


def _fitted(together: list[Ready], room: int, channel: Delivers, locale: str) -> list[Assembled]:
    """Pack as many of these facts as `room` messages carry to their ends, and the first one in any case."""
    parts = _pack(together, channel, locale)
    later = {id_ for part in parts[room:] for id_ in part.notices}
    whole = [one for one in together if one.id not in later] or together[:1]
    # packed again without the others, so that the message counts and mentions only what is in it
    return parts if len(whole) == len(together) else _fitted(whole, room, channel, locale)


def _pack(ready: Sequence[Ready], channel: Delivers, locale: str) -> list[Assembled]:
    first = ready[0]
    single = len(ready) == 1
    headline = f"{first.fact.title} {first.fact.number}".strip()
    draft = Draft(
        preview=headline if single else say(SEVERAL, locale, count=len(ready), first=headline),
        facts=tuple(one.fact for one in ready),
        format=first.route.format if single else Format.MARKDOWN,
        mentions=tuple(dict.fromkeys(user for one in ready for user in one.route.mentions)),
        open_label=say(OPEN, locale),
    )
    lane = min((one.lane for one in ready), key=list(Lane).index)
    parts = [Assembled(part, tuple(ready[i].id for i in carried), lane) for part, carried in channel.pack(draft)]
    return _asking(parts, first, locale) if single and first.deciders else parts


def _asking(parts: list[Assembled], one: Ready, locale: str) -> list[Assembled]:
    """Put the buttons of one fact on the last of its messages, where everything has been read."""
    if one.route.decide is None:
        return parts
    asked = buttons(one.route.decide, locale)
    draft = replace(parts[-1].draft, buttons=asked, deciders=one.deciders, standing=say(WAITING, locale))
    return [*parts[:-1], replace(parts[-1], draft=draft, route=one.route)]
