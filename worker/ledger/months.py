"""Allowances of a calendar month: metered here, because the count must outlive every process and every wipe of Redis.

What is about to be sent is counted in the transaction that sends it off, and taken back in the one that writes an
answer that the vendor does not count. So a worker that dies leaves its calls counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from connectors.contract import Month, Purpose
from worker.ledger.decisions import Contested
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import MessageState, message, meter, month, spent

_MINUTE = 60 * MICROSECONDS

RATE_DAYS = 7
"""From how many days the rate of a forecast is taken."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls of a budget's month, made at `at` (microseconds); fewer than 0: taken back."""

    budget: str
    month: Month
    purpose: Purpose
    at: int
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How a month stands that has not ended: `used` of `allowed` calls, by purpose, and the last days' calls."""

    budget: str
    allowed: int
    used: int
    zone: str
    purposes: Mapping[str, int]
    days: Mapping[date, int]

    @property
    def month(self) -> Month:
        """The month's allowance."""
        return Month(self.allowed, self.zone)


def spend(ledger: Ledger, connection: Connection, calls: Iterable[Spent], drawn: frozenset[str] = frozenset()) -> None:
    """Count calls. Raises `Contested` when a month of `drawn` (keys) has fewer calls left than are counted here.

    To be called last in a transaction: all who use a budget wait for one another from here to the commit.
    """
    bounds: dict[str, Month] = {}
    months: Counter[tuple[str, str]] = Counter()
    days: Counter[tuple[str, str, Purpose]] = Counter()
    for one in calls:
        day = _day(one.at // _MINUTE, one.month.zone)
        bounds[one.budget] = one.month
        months[one.budget, day[:7]] += one.calls
        days[one.budget, day, one.purpose] += one.calls
    overdrawn = False
    for (key, name), count in sorted(months.items()):
        if _add(ledger, connection, {"budget": key, "month": name, "used": count}, bounds[key]) > bounds[key].limit:
            overdrawn |= key in drawn
    if overdrawn:
        raise Contested
    rows = [
        {"budget": key, "day": day, "purpose": str(purpose), "calls": count}
        for (key, day, purpose), count in sorted(days.items())
        if count
    ]
    if rows:
        fresh = ledger.insert(spent)
        more = fresh.on_conflict_do_update(
            index_elements=["budget", "day", "purpose"], set_={"calls": spent.c.calls + fresh.excluded.calls}
        )
        connection.execute(more, rows)


def _add(ledger: Ledger, connection: Connection, row: Mapping[str, str | int], bounds: Month) -> int:
    """Add to a month and return what is used of it."""
    values = {"zone": bounds.zone, "allowed": bounds.limit}
    fresh = ledger.insert(month).values({**row, **values})
    more = fresh.on_conflict_do_update(
        index_elements=["budget", "month"], set_={"used": month.c.used + fresh.excluded.used, **values}
    )
    used: int = connection.execute(more.returning(month.c.used)).scalar_one()
    return used


def used(connection: Connection, key: str, bounds: Month, at: int) -> int:
    """Return how many calls of the month at `at` (microseconds) are used: our count, or the vendor's where it has more."""
    begins, _ = bounds.around(_moment(at, bounds.zone))
    ours = select(month.c.used).where(month.c.budget == key, month.c.month == f"{begins:%Y-%m}")
    row = connection.execute(select(ours.scalar_subquery(), _told(key, begins).scalar_subquery())).one()
    return max(row[0] or 0, row[1] or 0)


def _told(key: str, begins: datetime) -> Any:
    """Select what the vendor said of a month since it began."""
    return select(meter.c.used).where(
        meter.c.budget == key, meter.c.observed_at >= int(begins.timestamp() * MICROSECONDS)
    )


def standing(connection: Connection, at: int) -> list[Standing]:
    """Return every month that is under way at `at` (microseconds) and of which something was used, by budget."""
    found = []
    for row in connection.execute(select(month).order_by(month.c.budget, month.c.month)):
        here = _moment(at, row.zone)
        if row.month == f"{here:%Y-%m}":
            begins, _ = Month(row.allowed, row.zone).around(here)
            told = connection.execute(_told(row.budget, begins)).scalar() or 0
            by_purpose, by_day = _counts(connection, row.budget, here.date())
            use = max(row.used, told)
            found.append(Standing(row.budget, row.allowed, use, row.zone, by_purpose, by_day))
    return found


def _counts(connection: Connection, key: str, today: date) -> tuple[dict[str, int], dict[date, int]]:
    """Return the calls of this month by purpose, and those of the last days by day."""
    since = min(today.replace(day=1), today - timedelta(days=RATE_DAYS - 1))
    query = select(spent.c.day, spent.c.purpose, spent.c.calls).where(
        spent.c.budget == key, spent.c.day >= since.isoformat()
    )
    by_purpose: Counter[str] = Counter()
    by_day: Counter[date] = Counter()
    for row in connection.execute(query):
        day = date.fromisoformat(row.day)
        if (day.year, day.month) == (today.year, today.month):
            by_purpose[row.purpose] += row.calls
        if day > today - timedelta(days=RATE_DAYS):
            by_day[day] += row.calls
    return dict(sorted(by_purpose.items())), dict(sorted(by_day.items()))


def delivered(connection: Connection, destinations: Sequence[str], since: datetime) -> int:
    """Return how many messages these destinations took since a time (aware)."""
    query = select(func.count()).where(
        message.c.state == MessageState.DELIVERED,
        message.c.settled_at >= int(since.timestamp() * MICROSECONDS),
        message.c.destination.in_(destinations),
    )
    return connection.execute(query).scalar_one()


@lru_cache(maxsize=256)
def _day(minute: int, zone: str) -> str:
    """Return the day of a minute since the epoch: zones are whole minutes apart."""
    return _moment(minute * _MINUTE, zone).date().isoformat()


def _moment(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / MICROSECONDS, ZoneInfo(zone))
