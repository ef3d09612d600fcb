"""Typed values as text for a reader. Only here does a locale enter; money always prints its ISO code."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from connectors.contract import Choice, Money, Quantity, Ref, Scalar

EMPTY = "–"


@lru_cache(maxsize=64)
def _separators(locale: str) -> tuple[str, str]:
    symbols = Locale.parse(locale).number_symbols
    latin = symbols.get("latn", symbols)
    return str(latin["group"]), str(latin["decimal"])


def number(value: Decimal, locale: str) -> str:
    """Return every digit that `value` has, grouped as the locale groups; nothing is rounded."""
    group, point = _separators(locale)
    text = f"{value:,f}"
    if (group, point) == (",", "."):
        return text
    return text.translate({ord(","): group, ord("."): point})


@lru_cache(maxsize=4096)
def day(value: date, locale: str) -> str:
    """Return a calendar day, which has no time zone and is never shifted."""
    return format_date(value, "medium", locale=locale)


@lru_cache(maxsize=4096)
def _clock(value: datetime, locale: str) -> str:
    return format_time(value, "short", locale=locale)


def moment(value: datetime, zone: str, locale: str) -> str:
    """Return an instant as day and time of the reader's zone."""
    local = value.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    return f"{day(local.date(), locale)} {_clock(local, locale)}"


def text(value: Scalar, zone: str, locale: str) -> str:
    """Return a value as a reader of `locale` in `zone` should see it; an empty one is a dash."""
    match value:
        case None | "":
            return EMPTY
        case bool():
            return "✓" if value else "✗"
        case str():
            return value
        case Decimal():
            return number(value, locale)
        case Money():
            return f"{value.currency} {number(value.amount, locale)}"
        case Quantity():
            return f"{number(value.value, locale)} {value.unit}"
        case Choice() | Ref():
            return value.label or (value.code if isinstance(value, Choice) else value.id)
        case datetime():
            return moment(value, zone, locale)
        case date():
            return day(value, locale)
        case tuple():
            return ", ".join(value) or EMPTY
        case _:
            return EMPTY
