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
from pipelines.plan import Style

EMPTY = "–"


@lru_cache(maxsize=64)
def _separators(locale: str) -> tuple[str, str]:
    symbols = Locale.parse(locale).number_symbols
    latin = symbols.get("latn", symbols)
    return str(latin["group"]), str(latin["decimal"])


def number(value: Decimal, locale: str, least: int | None = None, *, grouped: bool = True) -> str:
    """Return every digit that `value` has, grouped as the locale groups; nothing is rounded.

    With `least` it has so many decimals: zeros are added, and such beyond taken away.
    """
    text = f"{value:,f}" if grouped else f"{value:f}"
    return _localised(text if least is None else _padded(text, least), locale)


def _padded(text: str, least: int) -> str:
    whole, _, decimals = text.partition(".")
    decimals = (decimals[:least] + decimals[least:].rstrip("0")).ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def _localised(text: str, locale: str) -> str:
    group, point = _separators(locale)
    return text if (group, point) == (",", ".") else text.translate({ord(","): group, ord("."): point})


def amount(value: Money, locale: str) -> str:
    """Return an amount with its ISO code and at least the decimals that its currency has: 310000.0 is HKD 310,000.00.

    Zeros are added, and such beyond the currency's decimals taken away; no other digit changes.
    """
    return f"{value.currency} {number(value.amount, locale, get_currency_precision(value.currency))}"


def quantity(value: Quantity, locale: str) -> str:
    """Return a number with its unit, and what it is in the base unit where the vendor gives it: 2 Case (= 24 Each)."""
    shown = f"{number(value.value, locale)} {value.unit}"
    if value.base is None or value.base.unit == value.unit:
        return shown
    return f"{shown} (= {number(value.base.value, locale)} {value.base.unit})"


@lru_cache(maxsize=4096)
def day(value: date, locale: str, style: Style | None = None) -> str:
    """Return a calendar day, which has no time zone and is never shifted."""
    if style is Style.ISO:
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    return format_date(value, "medium" if style is None else str(style), locale=locale)


@lru_cache(maxsize=4096)
def _clock(value: time, locale: str) -> str:
    return format_time(value, "short", locale=locale)


def moment(value: datetime, zone: str, locale: str, style: Style | None = None) -> str:
    """Return an instant as day and time of the reader's zone."""
    try:
        local = value.astimezone(ZoneInfo(zone))
    except OverflowError:
        # what sources write for "never", such as the end of 9999, has no date in every zone
        local = value
    # equal instants of two zones are one key of a cache; times of day without a zone are not
    clock = f"{local:%H:%M}" if style is Style.ISO else _clock(time(local.hour, local.minute), locale)
    return f"{day(local.date(), locale, style)} {clock}"


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
    return "; ".join(_row(each, zone, locale) for each in values if isinstance(each, Mapping))


def _row(cells: Row, zone: str, locale: str) -> str:
    shown = [text(value, zone, locale) for place, value in enumerate(cells.values()) if not place or value is not None]
    return " · ".join(shown) or EMPTY
