"""Which of the facts that wait for a recipient go now, and which wait on so that it is left in peace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pipelines.plan import Lane
from pipelines.quiet import Allowance, Quiet
from pipelines.stages.supersede import Waiting

Subject = tuple[str, str, str]

SPARED = frozenset({Lane.NORMAL, Lane.BULK})
"""The lanes whose facts wait and count; the others never do."""

LATE = timedelta(minutes=10)
MANY = 3
"""When more than so many facts have waited for so long, nothing could be sent meanwhile: they go as one summary."""


class Why(StrEnum):
    """What facts wait for."""

    HOURS = "hours"
    """The end of quiet hours or days off."""
    BUDGET = "budget"
    """The destination's."""
    PERSON = "person"
    """The budget of the one person who reads it, over all groups and robots."""


@dataclass(frozen=True, slots=True)
class Count:
    """A budget, and when the messages came that count towards it (aware); one on its way counts as coming now."""

    allowance: Allowance
    came: Sequence[datetime]
    why: Why = Why.BUDGET


@dataclass(frozen=True, slots=True)
class Lately:
    """What a recipient got: how much of its budgets is used, and when it was last told `about` records (aware)."""

    counts: Sequence[Count] = ()
    about: Mapping[Subject, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spared:
    """The facts that go now, in at most `most` messages (None: any number).

    `shut` is until when none goes, whatever else may come, and `why`; None: only what is gathered waits.
    """

    go: Sequence[Waiting]
    most: int | None = None
    shut: datetime | None = None
    why: Why | None = None


def late(waiting: Sequence[Waiting], now: datetime) -> Sequence[Waiting]:
    """Mark what waited long because nothing could be sent, so that it shares a message; `now` is aware."""
    bound = now - LATE
    old = {(one.notice.route, one.notice.subject) for one in waiting if one.since is not None and one.since <= bound}
    if len(old) <= MANY:
        return waiting
    return [_marked(one, waited=(one.notice.route, one.notice.subject) in old) for one in waiting]


def spare(quiet: Quiet | None, lately: Lately, waiting: Sequence[Waiting], now: datetime) -> Spared:
    """Return which facts go now; those that had waited for it are marked to share a message. `now` is aware."""
    if quiet is not None and (opens := quiet.opens(now)) > now:
        return Spared((), 0, opens, Why.HOURS)
    rooms = [(*count.allowance.room(count.came, now), count.why) for count in lately.counts]
    if used := [(free_at, why) for left, free_at, why in rooms if left <= 0]:
        return Spared((), 0, *max(used))
    most = min((left for left, *_ in rooms), default=None)
    if quiet is None:
        return Spared(waiting, most)
    gathered = {subject for subject, at in lately.about.items() if at + quiet.gather > now}
    return Spared(_waited(quiet, lately, [one for one in waiting if one.notice.subject not in gathered]), most)


def _waited(quiet: Quiet, lately: Lately, go: Sequence[Waiting]) -> list[Waiting]:
    """Mark what came while nothing could go, what had come before that and still waits, and what was gathered."""
    closed = max((one.since for one in go if one.since and quiet.rests(one.since)), default=None)

    def waited(one: Waiting) -> bool:
        if one.since is None:
            return False
        told = lately.about.get(one.notice.subject)
        gathered = told is not None and one.since < told + quiet.gather
        return gathered or (closed is not None and one.since <= closed)

    return [_marked(one, waited=waited(one)) for one in go]


def _marked(one: Waiting, *, waited: bool) -> Waiting:
    return replace(one, waited=True) if waited and not one.waited else one
