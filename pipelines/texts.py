"""Typed values as text for a reader. Only here does a locale enter; money always prints its ISO code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import get_currency_precision

from connectors.contract import Choice, Money, Quantity, Ref, Row, Value

EMPTY = "–"


@lru_cache(maxsize=64)
def _separators(locale: str) -> tuple[str, str]:
    symbols = Locale.parse(locale).number_symbols
    latin = symbols.get("latn", symbols)
    return str(latin["group"]), str(latin["decimal"])


def number(value: Decimal, locale: str) -> str:
    """Return every digit that `value` has, grouped as the locale groups; nothing is rounded."""
    return _localised(f"{value:,f}", locale)


def _localised(text: str, locale: str) -> str:
    group, point = _separators(locale)
    return text if (group, point) == (",", ".") else text.translate({ord(","): group, ord("."): point})


def amount(value: Money, locale: str) -> str:
    """Return an amount with its ISO code and at least the decimals that its currency has: 310000.0 is HKD 310,000.00.

    Zeros are added, and such beyond the currency's decimals taken away; no other digit changes.
    """
    digits = get_currency_precision(value.currency)
    whole, _, decimals = f"{value.amount:,f}".partition(".")
    while len(decimals) > digits and decimals.endswith("0"):
        decimals = decimals[:-1]
    decimals = decimals.ljust(digits, "0")
    return f"{value.currency} {_localised(whole + ('.' + decimals if decimals else ''), locale)}"


def quantity(value: Quantity, locale: str) -> str:
    """Return a number with its unit, and what it is in the base unit where the vendor gives it: 2 Case (= 24 Each)."""
    shown = f"{number(value.value, locale)} {value.unit}"
    if value.base is None or value.base.unit == value.unit:
        return shown
    return f"{shown} (= {number(value.base.value, locale)} {value.base.unit})"


@lru_cache(maxsize=4096)
def day(value: date, locale: str) -> str:
    """Return a calendar day, which has no time zone and is never shifted."""
    return format_date(value, "medium", locale=locale)


@lru_cache(maxsize=4096)
def _clock(value: time, locale: str) -> str:
    return format_time(value, "short", locale=locale)


def moment(value: datetime, zone: str, locale: str) -> str:
    """Return an instant as day and time of the reader's zone."""
    try:
        local = value.astimezone(ZoneInfo(zone))
    except OverflowError:
        # what sources write for "never", such as the end of 9999, has no date in every zone
        local = value
    # equal instants of two zones are one key of a cache; times of day without a zone are not
    return f"{day(local.date(), locale)} {_clock(time(local.hour, local.minute), locale)}"


def due(value: datetime, now: datetime, zone: str, locale: str) -> str:
    """Return an instant as hours and minutes of the reader's zone, with its day unless `now` is of the same."""
    local = value.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    same = local.date() == now.astimezone(ZoneInfo(zone)).date()
    return clock if same else f"{day(local.date(), locale)} {clock}"


_TEXT: dict[type, Callable[[Any, str, str], str]] = {
    str: lambda v, _zone, _locale: v or EMPTY,
    bool: lambda v, _zone, _locale: "✓" if v else "✗",
    Decimal: lambda v, _zone, locale: number(v, locale),
    Money: lambda v, _zone, locale: amount(v, locale),
    Quantity: lambda v, _zone, locale: quantity(v, locale),
    Choice: lambda v, _zone, _locale: v.label or v.code or EMPTY,
    Ref: lambda v, _zone, _locale: v.label or v.id or EMPTY,
    datetime: moment,
    date: lambda v, _zone, locale: day(v, locale),
    tuple: lambda v, zone, locale: _several(v, zone, locale) or EMPTY,
}


def text(value: Value, zone: str, locale: str) -> str:
    """Return a value as a reader of `locale` in `zone` should see it; an empty one is a dash."""
    show = _TEXT.get(type(value))
    return EMPTY if show is None else show(value, zone, locale)


def _several(values: tuple[str, ...] | tuple[Row, ...], zone: str, locale: str) -> str:
    if all(isinstance(each, str) for each in values):
        return ", ".join(map(str, values))
    return "; ".join(row(each, {}, zone, locale) for each in values if isinstance(each, Mapping))


def row(cells: Row, labels: Mapping[str, str], zone: str, locale: str) -> str:
    """Return one row of a table on one line: its first cell, and after it each one that is not empty by its label."""
    shown = []
    for place, (name, value) in enumerate(cells.items()):
        if place and value is None:
            continue
        label = labels.get(name, "") if place else ""
        shown.append(f"{label}: {text(value, zone, locale)}" if label else text(value, zone, locale))
    return " · ".join(shown) or EMPTY
