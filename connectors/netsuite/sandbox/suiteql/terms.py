"""Bound expressions: SQL with its values and the type of what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.errors import ApiError, bad_query
from connectors.netsuite.sandbox.schema import Column, Type

LARGEST = 2**63
NUMERIC = frozenset({Type.ID, Type.INTEGER, Type.NUMBER, Type.REFERENCE})


@dataclass(frozen=True, slots=True)
class Term:
    """An expression over rows. `column` and `alias` are set where it is a bare column."""

    sql: str
    values: tuple[Any, ...]
    type: Type
    column: Column | None = None
    alias: str = ""
    aggregate: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that is known before the query runs; times are aware."""

    value: str | Decimal | datetime | None


Bound = Term | Fixed


@dataclass(frozen=True, slots=True)
class Custom:
    """How the account writes things: the zone of times, the format of dates, the order of ids."""

    zone: tzinfo
    date_format: str
    text_ids: bool


def fit(fixed: Fixed, other: Type, custom: Custom) -> Any:
    """Return a value as a column of this type stores it. Raises `ApiError` 400 when it is none of the kind."""
    value = fixed.value
    if value is None:
        return None
    if other in {Type.DATE, Type.DATETIME}:
        return _fit_time(value, other, custom)
    if isinstance(value, datetime):
        raise mismatch()
    if other in NUMERIC:
        if other is Type.ID and custom.text_ids:
            return str(value)
        return _number(value)
    return str(value)


def _fit_time(value: str | Decimal | datetime, other: Type, custom: Custom) -> Any:
    if isinstance(value, Decimal):
        raise mismatch()
    moment = value if isinstance(value, datetime) else _user_date(value, custom)
    if other is Type.DATETIME:
        return moments.of(moment)
    local = moment.astimezone(custom.zone)
    midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    # a day compares as its midnight: text that goes on is later
    return f"{local:%Y-%m-%d}" if midnight else f"{local:%Y-%m-%d %H:%M:%S}"


def _user_date(text: str, custom: Custom) -> datetime:
    """Read a bare text as the user writes dates (A-NETSUITE-26)."""
    try:
        return moments.read(text, custom.date_format, custom.zone)
    except ValueError as error:
        raise bad_query(f"Search error occurred: Invalid date value '{text}'.") from error


def _number(value: str | Decimal) -> float | int:
    try:
        exact = Decimal(value)
    except InvalidOperation as error:
        raise bad_query(f"Search error occurred: Invalid number '{value}'.") from error
    whole = abs(exact) < LARGEST and exact == exact.to_integral_value()
    return int(exact) if whole else float(exact)


def mismatch() -> ApiError:
    """Return the error for two things that cannot be compared."""
    return bad_query("Search error occurred: Invalid or unsupported search.")


def joined(terms: Sequence[Term], glue: str) -> Term:
    """Return SQL parts joined into a condition."""
    values = tuple(value for term in terms for value in term.values)
    return Term(glue.join(term.sql for term in terms), values, Type.BOOLEAN)
