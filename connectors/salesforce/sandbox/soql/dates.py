"""Relative dates such as TODAY and LAST_N_DAYS:7, as ranges of days.

See https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
The twin's users live in UTC and their week begins on Sunday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]
"""First day, and the first day after."""

UNKNOWN = frozenset(
    f"{when}_{what}" for when in ("LAST", "THIS", "NEXT") for what in ("QUARTER", "FISCAL_QUARTER", "FISCAL_YEAR")
)
"""Literals that the vendor has and the twin has not."""


def _days(first: date, count: int) -> Range:
    return first, first + timedelta(days=count)


def _week(today: date, step: int) -> Range:
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return _days(sunday + timedelta(weeks=step), 7)


def _month_start(today: date, step: int) -> date:
    months = today.year * 12 + today.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def _month(today: date, step: int) -> Range:
    return _month_start(today, step), _month_start(today, step + 1)


def _year(today: date, step: int) -> Range:
    return date(today.year + step, 1, 1), date(today.year + step + 1, 1, 1)


def _last_days(today: date, count: int) -> Range:
    return today - timedelta(days=count), today + timedelta(days=1)


def _next_days(today: date, count: int) -> Range:
    return _days(today + timedelta(days=1), count)


_FIXED: dict[str, Callable[[date], Range]] = {
    "YESTERDAY": lambda today: _days(today - timedelta(days=1), 1),
    "TODAY": lambda today: _days(today, 1),
    "TOMORROW": lambda today: _days(today + timedelta(days=1), 1),
    "LAST_WEEK": lambda today: _week(today, -1),
    "THIS_WEEK": lambda today: _week(today, 0),
    "NEXT_WEEK": lambda today: _week(today, 1),
    "LAST_MONTH": lambda today: _month(today, -1),
    "THIS_MONTH": lambda today: _month(today, 0),
    "NEXT_MONTH": lambda today: _month(today, 1),
    "LAST_YEAR": lambda today: _year(today, -1),
    "THIS_YEAR": lambda today: _year(today, 0),
    "NEXT_YEAR": lambda today: _year(today, 1),
    "LAST_90_DAYS": lambda today: _last_days(today, 90),
    "NEXT_90_DAYS": lambda today: _next_days(today, 90),
}

_COUNTED: dict[str, Callable[[date, int], Range]] = {
    "LAST_N_DAYS": _last_days,
    "NEXT_N_DAYS": _next_days,
    "N_DAYS_AGO": lambda today, count: _days(today - timedelta(days=count), 1),
    "LAST_N_MONTHS": lambda today, count: (_month_start(today, -count), _month_start(today, 0)),
    "NEXT_N_MONTHS": lambda today, count: (_month_start(today, 1), _month_start(today, count + 1)),
}


def fixed(name: str, today: date) -> Range | None:
    """Return the days of a literal without a number, or None when it is none."""
    find = _FIXED.get(name.upper())
    return find(today) if find else None


def counted(text: str, today: date) -> Range | None:
    """Return the days of a literal such as LAST_N_DAYS:7, or None when it is none that the twin knows."""
    name, _, count = text.partition(":")
    find = _COUNTED.get(name.upper())
    return find(today, int(count)) if find else None
