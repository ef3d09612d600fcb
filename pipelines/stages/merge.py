"""How many messages? One for each fact while the quota carries them; what it cannot carry shares messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.contract import Delivers, Draft, Fact, Format
from pipelines.plan import Lane, Merge, Route

OPEN_LABEL = "Open"
PREVIEW = "{count} updates: {first}"


@dataclass(frozen=True, slots=True)
class Ready:
    """A fact that may go: its notice's id and lane, and the route that it came by."""

    id: int
    route: Route
    lane: Lane
    fact: Fact


@dataclass(frozen=True, slots=True)
class Assembled:
    """A message before it is frozen: the part of a draft, and the notices that it carries."""

    draft: Draft
    notices: tuple[int, ...]
    lane: Lane


def merge(ready: Sequence[Ready], free: int, channel: Delivers) -> list[Assembled]:
    """Return at most about `free` messages; what does not fit in them is left out and waits.

    A fact that is too large for one message goes on in the next; then there may be more than `free`.
    """
    if len(ready) <= free:
        return [part for one in ready for part in _pack([one], channel)]
    apart = [one for one in ready if one.route.merge is Merge.NEVER]
    together = [one for one in ready if one.route.merge is not Merge.NEVER]
    room = free - 1 if together else free
    messages = [part for one in apart[: max(room, 0)] for part in _pack([one], channel)]
    if together and free > 0:
        messages += _pack(together, channel)
    return _whole(messages, free)


def _whole(messages: list[Assembled], free: int) -> list[Assembled]:
    """Keep the first `free` messages, and those that go on with a fact which the last of them began."""
    kept = messages[:free]
    for message in messages[free:]:
        if not kept or kept[-1].notices[-1] != message.notices[0]:
            break
        kept.append(message)
    return kept


def _pack(ready: Sequence[Ready], channel: Delivers) -> list[Assembled]:
    first = ready[0]
    single = len(ready) == 1
    headline = f"{first.fact.title} {first.fact.number}".strip()
    draft = Draft(
        preview=headline if single else PREVIEW.format(count=len(ready), first=headline),
        facts=tuple(one.fact for one in ready),
        format=first.route.format if single else Format.MARKDOWN,
        mentions=tuple(dict.fromkeys(user for one in ready for user in one.route.mentions)),
        open_label=OPEN_LABEL,
    )
    lane = min((one.lane for one in ready), key=list(Lane).index)
    return [Assembled(part, tuple(ready[i].id for i in carried), lane) for part, carried in channel.pack(draft)]
