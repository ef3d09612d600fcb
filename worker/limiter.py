"""The limiter: exact windows, slots and penalties that all processes of an installation share, in Redis or Valkey.

A call counts against a window from its grant until one window after its answer, or after the end of its lease when no
answer was told. So at the vendor, by time of arrival, never more than `limit` calls fall into any `seconds`, however
long a call took to get there, as long as the call is over before its lease is. The clock is the server's: set back, it
makes the limiter slower; set forward, it forgets calls by as much.

Lanes: approval, urgent and bulk own 10 % of each window and of the slots, normal 40 %, rounded down; the rest is for
whoever comes first, and a lane may use more than its share where others leave it. A lane's unused share is kept free
of others

* always, for approval and urgent: they find room at once, however rarely they come;
* for normal and bulk while they are awake: asked within two of the budget's longest windows, at least 10 s. What was
  spent while they slept comes back as it leaves the window, and meanwhile delays nobody who is within an own share.

Of 20 a minute, 2 are approval's, 2 urgent's, 8 normal's and 2 bulk's: normal traffic alone uses 16, approvals alone 18.
Below 10 calls a share of 10 % is nothing, below 3 there are no shares: keeping one call of five for approvals would
cost everybody else a fifth of the rate to save an approval one short wait.

Lost state: a budget is marked as known together with the server's run id. A server that was wiped, restarted or took
over from another may miss calls, so each of its budgets is `LOST` until `revive` tells when the last call was.

Windows of an hour or more and months belong to the ledger and are ignored here. Needs Valkey or Redis 6.2 (A-REDIS-1),
`maxmemory-policy noeviction` and a user that may call INFO (A-REDIS-2); all keys share one hash tag. Every method raises `redis.RedisError` when the
server does not answer; a request that the client repeats by itself counts nothing twice.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

import redis

from connectors.contract import Budget, Window
from pipelines.plan import Lane

LONGEST_WINDOW_S = 3600.0
"""Windows from here on are the ledger's."""

UNBOUNDED = 2_147_483_647
"""Stands for no limit, here and in the script."""

SHARES: Mapping[Lane, int] = {Lane.APPROVAL: 10, Lane.URGENT: 10, Lane.NORMAL: 40, Lane.BULK: 10}
"""Percent of each window that a lane owns."""

_LANES = tuple(Lane)
_AWAKE_S = 10.0
_KEEP_S = 86400.0
"""How long a budget stays known beyond its windows. What is forgotten costs one question to the ledger, no call."""


class Reason(StrEnum):
    """Why not everything was granted; `FREE`: everything was."""

    FREE = "free"
    WINDOW = "window"
    SLOTS = "slots"
    BLOCKED = "blocked"
    LOST = "lost"


_REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Call:
    """Permission for one call. It is to be over when the lease ends, counted from before `acquire`."""

    id: str
    lane: Lane
    budgets: tuple[Budget, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What `acquire` gave: as many `calls` as every budget carries, and what stops the rest.

    `budget` is the key of the budget that stops it longest. `wait_s` is None when all was granted, otherwise the
    seconds until one more call fits. For it, calls in flight are taken as answered now; for `SLOTS` as lasting until
    their leases end, so that any answer makes it sooner. `LOST` waits for `revive` (0 s).
    `free` is how many more calls of this lane the windows would carry now, slots aside; `UNBOUNDED` without windows.
    """

    calls: tuple[Call, ...]
    reason: Reason
    budget: str
    wait_s: float | None
    free: int


@dataclass(frozen=True, slots=True)
class Use:
    """How many calls count in one window now, by lane. A window of 0 seconds stands for the slots.

    `frees_s` is how long normal traffic waits for one more call, in seconds; 0.0: not at all.
    """

    window: Window
    lanes: Mapping[Lane, int]
    frees_s: float = 0.0

    @property
    def used(self) -> int:
        """All lanes together."""
        return sum(self.lanes.values())


@dataclass(frozen=True, slots=True)
class Look:
    """A budget as it stands. `known` is false when its state was lost or it was never used."""

    known: bool
    blocked_s: float
    """Seconds that the penalty lasts; 0.0 without one."""
    windows: tuple[Use, ...]
    in_flight: int


class Limiter:
    """Grants calls against budgets. One for each process; threads may share it."""

    def __init__(self, client: redis.Redis, *, prefix: str = "dingbridge") -> None:
        self._prefix = f"{{{prefix}}}"
        self._script = client.register_script(files("worker").joinpath("limiter.lua").read_text("utf-8"))

    def acquire(self, budgets: Sequence[Budget], lane: Lane, want: int, *, lease_s: float) -> Grant:
        """Grant up to `want` calls, each counted against all `budgets`, or against none.

        Args:
            budgets: Of different keys.
            lane: The traffic class that asks.
            want: At least 1.
            lease_s: Seconds after which an unanswered call is taken as over; longer than the request's total deadline.
        """
        if want < 1 or lease_s <= 0 or len({budget.key for budget in budgets}) < len(budgets):
            raise ValueError("acquire needs want >= 1, lease_s > 0 and budgets of different keys")
        nonce = secrets.token_hex(6) + "."
        keep_ms = _milliseconds(lease_s + _KEEP_S + LONGEST_WINDOW_S)
        arguments: list[int | str] = [
            _LANES.index(lane) + 1,
            want,
            _microseconds(lease_s),
            nonce,
            keep_ms,
            len(budgets),
        ]
        for budget in budgets:
            arguments += _terms(budget)
        keys = [key for budget in budgets for key in self._keys(budget)]
        granted, reason, stopper, wait_us, free = self._run("acquire", keys, arguments)
        shared = tuple(budgets)
        return Grant(
            calls=tuple(Call(f"{nonce}{number}", lane, shared) for number in range(1, granted + 1)),
            reason=_REASONS[reason],
            budget=budgets[stopper - 1].key if stopper else "",
            wait_s=wait_us / 1e6 if granted < want else None,
            free=free,
        )

    def settle(self, calls: Iterable[Call]) -> None:
        """Tell that these calls were answered: each now counts one full window, and its slot is free.

        Calls of any grants, lanes and budgets go in one request.
        """
        self._tell("settle", calls)

    def cancel(self, calls: Iterable[Call]) -> None:
        """Tell that these calls were certainly not sent: they stop counting at once."""
        self._tell("cancel", calls)

    def block(self, budget_key: str, seconds: float) -> None:
        """Stop a budget for `seconds`, because its vendor said so. Never shortens a longer stop."""
        if seconds > 0:
            self._run("block", [self._key("blocked", budget_key)], [_milliseconds(seconds)])

    def revive(self, budget: Budget, idle_s: float | None) -> None:
        """Make a `LOST` budget known again; one that is known stays as it is.

        Args:
            budget: What `Grant.budget` named.
            idle_s: Seconds since the last call may have been answered, by the ledger: negative while a call may be
                under way until then, None when there never was one. The budget is stopped until its longest window
                has passed since. Penalties that the ledger knows are put back with `block` before this.
        """
        penalty_s = 0.0 if idle_s is None else _longest(budget) - idle_s
        keys = [self._key("known", budget.key), self._key("blocked", budget.key)]
        self._run("revive", keys, [_milliseconds(_KEEP_S + LONGEST_WINDOW_S), max(0, _milliseconds(penalty_s))])

    def look(self, budget: Budget) -> Look:
        """Read how a budget stands, changing nothing."""
        terms = (*_terms(budget), _LANES.index(Lane.NORMAL) + 1)
        known, blocked_ms, *counts = self._run("look", self._keys(budget), terms)
        size = len(_LANES) + 1
        seen = (counts[start : start + size] for start in range(0, len(counts), size))
        uses = tuple(
            Use(window, dict(zip(_LANES, used, strict=True)), wait_us / 1e6)
            for window, (*used, wait_us) in zip(_bounds(budget), seen, strict=True)
        )
        return Look(bool(known), blocked_ms / 1000, uses[1:], uses[0].used)

    def _tell(self, operation: str, calls: Iterable[Call]) -> None:
        entries: dict[str, tuple[Budget, list[str]]] = {}
        for call in calls:
            for budget in call.budgets:
                entries.setdefault(self._calls(budget, call.lane), (budget, []))[1].append(call.id)
        arguments: list[int | str] = []
        for budget, ids in entries.values():
            arguments += [_milliseconds(_longest(budget)), len(ids), *ids]
        if entries:
            self._run(operation, list(entries), arguments)

    def _run(self, operation: str, keys: Sequence[str], arguments: Sequence[int | str]) -> list[int]:
        answer: list[int] = self._script(keys=keys, args=[operation, *arguments])
        return answer

    def _key(self, name: str, budget_key: str) -> str:
        return f"{self._prefix}:{name}:{budget_key}"

    def _calls(self, budget: Budget, lane: Lane) -> str:
        return self._key(f"calls:{lane}", budget.key)

    def _keys(self, budget: Budget) -> list[str]:
        shared = [self._key("known", budget.key), self._key("blocked", budget.key)]
        return shared + [self._calls(budget, lane) for lane in _LANES]


def floors(limit: int) -> tuple[int, ...]:
    """How many calls of a window of `limit` each lane owns, in the order of `Lane`."""
    return tuple(limit * SHARES[lane] // 100 for lane in _LANES)


def _bounds(budget: Budget) -> list[Window]:
    """The slots as a window of no length, then the windows kept here."""
    return [
        Window(budget.slots or UNBOUNDED, 0.0),
        *(window for window in budget.windows if window.seconds < LONGEST_WINDOW_S),
    ]


@lru_cache(maxsize=4096)
def _terms(budget: Budget) -> tuple[int, ...]:
    """The budget as the script reads it."""
    bounds = _bounds(budget)
    longest_s = _longest(budget)
    terms = [_microseconds(longest_s), _microseconds(max(_AWAKE_S, 2 * longest_s)), len(bounds)]
    for window in bounds:
        terms += [window.limit, _microseconds(window.seconds), *floors(window.limit)]
    return tuple(terms)


def _longest(budget: Budget) -> float:
    return max(window.seconds for window in _bounds(budget))


def _microseconds(seconds: float) -> int:
    return math.ceil(seconds * 1e6)


def _milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1e3)
