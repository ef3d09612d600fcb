"""How every quota stands: what is used of it and for what, when there is room again, when a month's allowance ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import redis
from sqlalchemy import Connection

from connectors.contract import Budget
from pipelines.plan import Plan
from pipelines.quiet import Allowance
from pipelines.quota import outlook
from worker.ledger import months, peace, standing, stops
from worker.ledger.arrivals import micros, moment
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.peace import Meter
from worker.limiter import Limiter, Look


@dataclass(frozen=True, slots=True)
class WindowState:
    """`used` of `limit` calls in `seconds`, by lane; `frees_at` is when normal traffic has room, None: now."""

    limit: int
    seconds: float
    used: int
    lanes: Mapping[str, int]
    frees_at: int | None


@dataclass(frozen=True, slots=True)
class MonthState:
    """`used` of `allowed` calls, by purpose, until `ends_at`, and what becomes of the rest at this rate.

    `a_message` is how many calls one delivered message took, those of all purposes counted in; None: none was delivered.
    """

    budget: str
    month: str
    allowed: int
    used: int
    purposes: Mapping[str, int]
    ends_at: int
    outlook: str
    delivered: int | None = None
    a_message: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a vendor said of a quota at `at`."""

    used: int
    allowed: int
    at: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A quota and who uses it. `windows` is None when Redis does not answer; times are in microseconds, 0: never."""

    budget: str
    users: tuple[str, ...]
    windows: tuple[WindowState, ...] | None
    blocked_until: int
    month: MonthState | None
    told: Told | None


def months_now(connection: Connection, at: int) -> list[MonthState]:
    """Return the months that are under way at `at` (microseconds) and of which something was used."""
    return [_month(one, at) for one in months.standing(connection, at)]


def quotas(ledger: Ledger, limiter: Limiter, users: Mapping[str, Sequence[Budget]]) -> list[BudgetState]:
    """Return every quota of these destinations and sources, then what else was counted or told. Raises what the ledger does.

    A month that nothing was used of yet stands with 0.
    """
    with ledger.read() as connection:
        return list(_states(connection, limiter, users, ledger.now(connection)))


def budgets(ledger: Ledger, plan: Plan) -> list[BudgetState]:
    """Return the budgets by which destinations are left in peace, like quotas. Raises what the ledger does."""
    with ledger.read() as connection:
        at = ledger.now(connection)
        return [
            _budget(connection, name, one.quiet.budget, at)
            for name, one in plan.destinations.items()
            if one.quiet is not None and one.quiet.budget is not None
        ]


def _budget(connection: Connection, name: str, of: Allowance, at: int) -> BudgetState:
    came = peace.came(connection, Meter((name,)), at - int(of.per.total_seconds() * MICROSECONDS), of.most, at)
    left, free_at = of.room([moment(one) for one in came], moment(at))
    window = WindowState(of.most, of.per.total_seconds(), of.most - left, {}, None if left else micros(free_at))
    return BudgetState(f"quiet {name}", (name,), (window,), 0, None, None)


def _states(
    connection: Connection, limiter: Limiter, users: Mapping[str, Sequence[Budget]], at: int
) -> Iterator[BudgetState]:
    told = {one.budget: Told(one.used, one.allowed, one.observed_at) for one in standing.meters(connection)}
    counted = {one.budget: one for one in months.standing(connection, at)}
    budgets = {one.key: one for given in users.values() for one in given}
    for key, budget in budgets.items():
        names = tuple(name for name, given in users.items() if any(one.key == key for one in given))
        found = None
        if budget.month is not None:
            stands = counted.get(key) or months.Standing(key, budget.month.limit, 0, budget.month.zone, {}, {})
            found = _delivered(connection, stands, names, at)
        look = _look(limiter, budget)
        until = max(stops.stopped_until(connection, key), at + int(look.blocked_s * MICROSECONDS) if look else 0)
        windows = None if look is None else tuple(_windows(look, at))
        yield BudgetState(key, names, windows, until if until > at else 0, found, told.get(key))
    for key in sorted((told.keys() | counted.keys()) - budgets.keys()):
        month = _month(counted[key], at) if key in counted else None
        yield BudgetState(key, (), (), 0, month, told.get(key))


def _look(limiter: Limiter, budget: Budget) -> Look | None:
    try:
        return limiter.look(budget)
    except redis.RedisError:
        return None


def _windows(look: Look, at: int) -> Iterator[WindowState]:
    for use in look.windows:
        frees_at = at + int(use.frees_s * MICROSECONDS) if use.frees_s > 0 else None
        lanes = {str(lane): count for lane, count in use.lanes.items() if count}
        yield WindowState(use.window.limit, use.window.seconds, use.used, lanes, frees_at)


def _month(of: months.Standing, at: int) -> MonthState:
    now = datetime.fromtimestamp(at / MICROSECONDS, UTC)
    begins, ends = of.month.around(now)
    said = outlook(of.month, of.used, of.days, now).said(of.zone, "en")
    ends_at = int(ends.timestamp() * MICROSECONDS)
    return MonthState(of.budget, f"{begins:%Y-%m}", of.allowed, of.used, of.purposes, ends_at, said)


def _delivered(connection: Connection, of: months.Standing, names: Sequence[str], at: int) -> MonthState:
    begins, _ = of.month.around(datetime.fromtimestamp(at / MICROSECONDS, UTC))
    count = months.delivered(connection, names, begins)
    one = _month(of, at)
    a_message = round(one.used / count, 2) if count else None
    return MonthState(
        one.budget, one.month, one.allowed, one.used, one.purposes, one.ends_at, one.outlook, count, a_message
    )
