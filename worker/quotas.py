"""What destinations may send now: windows and stops by the limiter, months by the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from connectors.contract import Budget, Month
from pipelines.plan import Lane
from pipelines.quota import left
from worker.channels import channel_of
from worker.ledger import months, standing, stops
from worker.ledger.engine import MICROSECONDS
from worker.limiter import Call, Grant, Limiter, Reason

LEAST_S = 0.02
"""Of a rest without room: a wide quota then lets several messages through in one turn."""

LOST_S = 0.05
"""Before it is looked again whether what was on its way to a quota that Redis forgot has been answered."""

LOOK_AGAIN_S = 60.0
"""A month that is used up is looked at so often: somebody may have bought more."""

WIDE, WIDE_S = 1_000, 10.0
"""A window from here on is not worth the stop that its loss would cost: what the ledger sent in it is counted instead."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a lane of a destination may send. Without `calls` it rests for `rest_s`, because of `waits_for`.

    `free_at` is when there is room again as far as is known, in microseconds.
    """

    calls: tuple[Call, ...] = ()
    rest_s: float = 0.0
    waits_for: str = ""
    free_at: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for how many calls, at `at` (microseconds)."""

    destination: str
    lane: Lane
    want: int
    at: int


class Quotas:
    """The quotas of one worker's destinations."""

    def __init__(self, limiter: Limiter, lease_s: float, budgets: Mapping[str, Sequence[Budget]]) -> None:
        """Take each destination's budgets by its name."""
        self._limiter = limiter
        self._lease_s = lease_s
        # how many run at once is kept by the senders; a slot held while a job is queued would only slow them down
        self._short = {
            name: tuple(replace(one, slots=0) for one in given if one.month is None) for name, given in budgets.items()
        }
        self._months = {name: {one.key: one.month for one in given if one.month} for name, given in budgets.items()}
        self._sharers: dict[str, list[str]] = {}
        for name, given in self._short.items():
            for one in given:
                self._sharers.setdefault(one.key, []).append(name)

    def months(self, destination: str) -> Mapping[str, Month]:
        """Return the months that a destination's messages count towards, by their budgets' keys."""
        return self._months[channel_of(destination)]

    def own(self, destination: str) -> str:
        """Return the key of a destination's own budget."""
        return self._short[channel_of(destination)][0].key

    def room(
        self, connection: Connection, ask: Ask, used: dict[str, int], busy: Callable[[Sequence[str]], bool]
    ) -> Room:
        """Ask for calls against all budgets of a destination.

        `used` holds what is used of months, by budget, and what this adds; empty: nothing was asked yet in this turn.
        `busy` tells whether requests to some destinations may be under way: then nothing is known of what was lost.
        """
        ask = replace(ask, destination=channel_of(ask.destination))
        want = ask.want
        for key, month in self._months[ask.destination].items():
            if key not in used:
                used[key] = months.used(connection, key, month, ask.at)
            want = min(want, left(month.limit, used[key], ask.lane))
            if not want:
                return _until_end(month, ask.at)
        grant = self._acquire(connection, replace(ask, want=want), busy)
        if grant is None:
            return Room(rest_s=LOST_S)
        if not grant.calls:
            wait = max(grant.wait_s or 0.0, LEAST_S)
            return Room((), wait, str(grant.reason), ask.at + int(wait * MICROSECONDS))
        for key in self._months[ask.destination]:
            used[key] += len(grant.calls)
        return Room(grant.calls)

    def _acquire(self, connection: Connection, ask: Ask, busy: Callable[[Sequence[str]], bool]) -> Grant | None:
        budgets = self._short[ask.destination]
        grant = self._limiter.acquire(budgets, ask.lane, ask.want, lease_s=self._lease_s)
        while grant.reason is Reason.LOST:
            lost = next(one for one in budgets if one.key == grant.budget)
            if lost.windows and not _is_wide(lost) and busy(self._sharers[lost.key]):
                # what is on its way is not counted any more: wait for its answer, then count from there
                return None
            self._revive(connection, lost, ask.at)
            grant = self._limiter.acquire(budgets, ask.lane, ask.want, lease_s=self._lease_s)
        return grant

    def _revive(self, connection: Connection, budget: Budget, at: int) -> None:
        """Tell the limiter, which lost its state, what the ledger knows of this budget."""
        self._limiter.block(budget.key, (stops.stopped_until(connection, budget.key) - at) / MICROSECONDS)
        if _is_wide(budget):
            self._limiter.revive(budget, None)
            self._count_anew(connection, budget, at)
            return
        called_at = stops.called_at(connection, self._sharers[budget.key])
        self._limiter.revive(budget, None if called_at is None else (at - called_at) / MICROSECONDS)

    def _count_anew(self, connection: Connection, budget: Budget, at: int) -> None:
        """Count what was sent in the last window as if it were answered now."""
        widest = max(budget.windows, key=lambda window: window.seconds)
        sent = stops.framed_since(connection, at - int(widest.seconds * MICROSECONDS), widest.limit)
        if sent:
            self._limiter.settle(self._limiter.acquire([budget], Lane.NORMAL, sent, lease_s=self._lease_s).calls)


def _is_wide(budget: Budget) -> bool:
    return bool(budget.windows) and all(one.limit >= WIDE and one.seconds >= WIDE_S for one in budget.windows)


def _until_end(month: Month, at: int) -> Room:
    _, ends = month.around(datetime.fromtimestamp(at / MICROSECONDS, UTC))
    free_at = int(ends.timestamp() * MICROSECONDS)
    return Room((), min(LOOK_AGAIN_S, (free_at - at) / MICROSECONDS), standing.MONTH, free_at)
